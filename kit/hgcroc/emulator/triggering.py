"""What the chips send for a stretch of triggers that find the same registers, and what faults make of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kit.hgcroc.emulator import packing
from kit.hgcroc.emulator.chip import respond
from kit.hgcroc.emulator.chip_settings import ChipSettings
from kit.hgcroc.emulator.injected import Faults
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.emulator.truth import Truth
from kit.hgcroc.rawdata import CRC_WORD, checksum

__all__ = ["sent_words"]

OUTLIERS = (855, 1009, 1022)  # codes on the wire, seen in real data
ORBIT = 3564  # bunch crossings


def sent_words(
    truth: Truth,
    settings: ChipSettings,
    faults: Faults,
    plan: RunPlan,
    counters: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[packing.WordArray, npt.NDArray[np.bool_]]:
    """Return the words of all events, and which events arrive.

    Parameters
    ----------
    truth, settings : Truth, ChipSettings
        Of all chips.
    faults : Faults
        Those of the data are made.
    plan : RunPlan
        What the run asks for.
    counters : ndarray of int64, shape (events,)
        The event counter of each.
    rng : Generator
        Of the noise.
    """
    events = len(counters)
    samples = respond(truth, settings, plan.trigger, events, rng)
    if chance := faults.value("tot_outlier"):
        spoil = (samples.tot > 0) & (rng.random(samples.tot.shape) < chance)
        codes = rng.choice(OUTLIERS, size=int(spoil.sum()))
        samples.tot[spoil] = (codes & 511) << 3
    told = plan.bunch_counter
    words = packing.pack(
        samples,
        settings.half("DigitalHalf", "CalibrationSC") == 1,
        np.stack([settings.top("RunL"), settings.top("RunR")], axis=1) == 1,
        settings.half("DigitalHalf", "IdleFrame"),
        rng.integers(ORBIT, size=events) if told is None else np.full(events, told),
        counters,
    )
    _damage(words, faults, rng)
    return words, rng.random(events) >= faults.value("lost_event")


def _damage(words: packing.WordArray, faults: Faults, rng: np.random.Generator) -> None:
    if chance := faults.value("bad_header"):
        hit = rng.random(words.shape[:3]) < chance
        words[hit, 0] ^= 0xF000000F
        words[hit, CRC_WORD] = checksum(words[hit])
    if chance := faults.value("bad_crc"):
        words[rng.random(words.shape[:3]) < chance, CRC_WORD] ^= 0xFFFF
