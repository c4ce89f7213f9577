"""What leaves a board: the answers of its channels as the words, records and messages of its links."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kit.hgcroc import rawdata
from kit.hgcroc.archive import HEAD, WORDS, write_archive
from kit.hgcroc.emulator.chip import Samples
from kit.hgcroc.emulator.truth import COMMON_MODE

__all__ = ["END_OF_RUN", "RECORD_BYTES", "START_OF_RUN", "WordArray", "pack", "records"]

WordArray = npt.NDArray[np.uint32]

# messages on a data socket before and after the archives of a run
START_OF_RUN = b"START_RUN_HGCROC"
END_OF_RUN = b"END_OF_RUN"
RECORD_BYTES = 392  # two numbers, two vectors of 41 words, five empty ones, each with its length
IDLE_NIBBLE = 0xA << 28  # before the 28 bits of the idle pattern


def pack(
    samples: Samples,
    characterisation: npt.NDArray[np.bool_],
    running: npt.NDArray[np.bool_],
    idle: npt.NDArray[np.int64],
    bunch_counter: npt.NDArray[np.int64],
    event_counter: npt.NDArray[np.int64],
) -> WordArray:
    """Return the words of all halves, shape (event, ROC, half, 41).

    Parameters
    ----------
    samples : Samples
    characterisation, running : ndarray of bool, shape (ROC, half)
        Whether words carry ADC, TOT and TOA; whether the half sends data: one that does not sends idle words.
    idle : ndarray, shape (ROC, half)
        Pattern of the idle word, 28 bits.
    bunch_counter, event_counter : ndarray, shape (event,)
        What the header tells: bunch crossing modulo 4096, number of the trigger modulo 64.
    """
    events, rocs = samples.adc.shape[:2]
    adc, toa, tot, flags, before = (
        part[..., :37].reshape(events * rocs, 2, 37)
        for part in (samples.adc, samples.toa, samples.tot, samples.flags, samples.adc_before)
    )
    words = rawdata.pack(
        adc,
        toa,
        tot,
        flags,
        samples.adc[..., COMMON_MODE].reshape(events * rocs, 2, 2),
        bx=np.repeat(bunch_counter & 0xFFF, rocs)[:, None],
        counter=np.repeat(event_counter & 63, rocs)[:, None],
        idle=np.tile(IDLE_NIBBLE | idle, (events, 1)),
        characterisation=np.tile(characterisation, (events, 1)),
        adcm=before,
    ).reshape(events, rocs, 2, WORDS)
    if not running.all():
        words[:, ~running] = words[:, ~running, -1:]
    return words


def records(words: WordArray, first: int) -> bytes:
    """Return the records of events numbered from `first`, ROCs in turn, without the archive's head."""
    events, rocs = words.shape[:2]
    numbers = np.repeat(first + np.arange(events), rocs)
    whole = write_archive(numbers, np.tile(np.arange(rocs), events), words.reshape(events * rocs, 2, WORDS))
    return whole[len(HEAD) :]
