"""Channels whose times do not answer: they never fire where others do, or always with the same code."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.tabulation import Table

__all__ = ["FLAT_CHANGE", "FLAT_POINTS", "silent_rows", "stuck_rows"]

BoolArray = npt.NDArray[np.bool_]
Quantity = Literal["toa", "tot"]

FIRED = 0.5
FLAT_POINTS, FLAT_CHANGE = 12, 1.0  # more points than that with less change than that, of the whole curve: an ADC
# that is full, or a time at large charges, stands still at as many points and is as it should be
TYPICAL = 10.0  # counts; where most channels change by less, a still one says nothing


def silent_rows(table: Table, quantity: Quantity) -> BoolArray:
    """Return which rows never fired, though they were injected at many points or most others fired at the same."""
    fed = table.fed
    largest = np.where(table.connected, np.nan_to_num(table[f"{quantity}_efficiency"]), 0).max(axis=0, initial=0.0)
    channels = fed & (table.kind == 0)
    others = bool(channels.any() and (largest[channels] > FIRED).mean() > FIRED)
    many = table.connected.sum(axis=0) > FLAT_POINTS
    return np.asarray(fed & (largest == 0) & (many | others))


def stuck_rows(table: Table, quantity: Quantity) -> BoolArray:
    """Return which rows fired at many points, always with the same code."""
    part = table.connected & (np.nan_to_num(table[f"{quantity}_efficiency"]) > FIRED)
    part &= np.isfinite(table[f"{quantity}_mean_hit"])
    values = table[f"{quantity}_mean_hit"].astype(np.float64)
    change = np.where(part, values, -np.inf).max(axis=0, initial=-np.inf)
    change = change - np.where(part, values, np.inf).min(axis=0, initial=np.inf)
    many = part.sum(axis=0) > FLAT_POINTS
    if not many.any() or np.median(change[many]) < TYPICAL:
        return np.zeros(len(many), bool)
    return np.asarray(many & (change < FLAT_CHANGE))
