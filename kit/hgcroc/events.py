"""Events of a measurement in an array that has a place for each event, chip, half and channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.rawdata import RawData
from kit.hgcroc.summaries import CHANNELS, COMMON_MODES, HALVES

__all__ = ["EVENTS", "MISSING", "event_arrays", "event_columns"]

MISSING = 128  # a bit of corruption: this half was not received
# arrays of an event: type, shape behind event and chip, value where nothing was received
EVENTS: dict[str, tuple[type, tuple[int, ...], int]] = {
    "adc": (np.uint16, (HALVES, CHANNELS), 0),
    "adcm": (np.uint16, (HALVES, CHANNELS), 0),
    "toa": (np.uint16, (HALVES, CHANNELS), 0),
    "tot": (np.uint16, (HALVES, CHANNELS), 0),
    "flags": (np.uint8, (HALVES, CHANNELS), 0),
    "cm": (np.uint16, (HALVES, COMMON_MODES), 0),
    "header": (np.uint32, (HALVES,), 0),
    "corruption": (np.uint8, (HALVES,), MISSING),
}


def event_arrays(raw: RawData, chips: int) -> dict[str, npt.NDArray[Any]]:
    """Return the events of a measurement, in the order of their numbers.

    Returns
    -------
    dict of str to ndarray, shape (events, chips, ...)
        The arrays of `EVENTS`. Of several records of an event and chip the last counts.
    """
    known = (raw.frames.chip >= 0) & (raw.frames.chip < chips)
    numbers, event = np.unique(raw.frames.event[known], return_inverse=True)
    place = (event, raw.frames.chip[known])
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, (kind, shape, missing) in EVENTS.items():
        arrays[name] = np.full((len(numbers), chips, *shape), missing, kind)
        values = raw.frames.words[:, :, 0] if name == "header" else getattr(raw, name)
        arrays[name][place] = values[known]
    return arrays


def event_columns(arrays: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return flat columns, one row for each event, chip, half and channel that was received.

    Channels of a half are 0 to 35, 36 for calibration, 37 and 38 for the common mode; times of the trigger links
    are not measured here and 0.
    """
    events, chips = arrays["adc"].shape[:2]
    shape = (events, chips, HALVES, CHANNELS + COMMON_MODES)
    received = (arrays["corruption"] & MISSING) == 0
    index = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij", sparse=True)
    names = ("event", "chip", "half", "channel")
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.broadcast_to(values, shape)[received].ravel() for name, values in zip(names, index, strict=True)
    }
    for name, source in (("adc", "adc"), ("adcm", "adcm"), ("toa", "toa"), ("tot", "tot"), ("totflag", "flags")):
        values = np.zeros(shape, arrays[source].dtype)
        values[..., :CHANNELS] = arrays[source]
        if name == "adc":
            values[..., CHANNELS:] = arrays["cm"]
        columns[name] = values[received].ravel()
    header = arrays["header"]
    fields = {"corruption": arrays["corruption"], "bxcounter": header >> 16 & 0xFFF}
    fields |= {"eventcounter": header >> 10 & 0x3F, "orbitcounter": header >> 7 & 7}
    columns |= {name: np.zeros(columns["adc"].shape, np.uint32) for name in ("trigtime", "trigwidth")}
    for name, field in fields.items():
        columns[name] = np.broadcast_to(field[..., None], shape)[received].ravel()
    return columns
