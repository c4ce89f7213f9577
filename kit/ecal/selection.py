"""Which windows of its inputs a dataset keeps, and what it must know of each to decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kit.ecal.access import Part
from kit.ecal.events import AnyArray, BoolArray

__all__ = ["INDEX", "chosen", "faults"]

INDEX = (
    *("flavour", "run_id", "lumi_id", "event_id", "et_seed", "seed_eta", "ncls"),
    *("is_seed_calo_matched", "is_seed_calo_seed"),
)
FLAGS = {"matched": "is_seed_calo_matched", "calo_seed": "is_seed_calo_seed"}
RANGES = {"et": "et_seed", "eta": "seed_eta", "ncls": "ncls"}


def faults(select: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a selection."""
    for name, value in select.items():
        if name in FLAGS:
            if not isinstance(value, bool):
                yield f"select: {name} is {value}, should be true or false"
        elif name in RANGES:
            if not (isinstance(value, list) and len(value) == 2 and value[0] <= value[1]):
                yield f"select: {name} is {value}, should be two numbers, the lower one first"
        else:
            yield f"select: {name} is not known, should be one of {', '.join((*FLAGS, *RANGES))}"


def chosen(part: Part, select: Mapping[str, Any]) -> BoolArray:
    """Tell which windows are kept; |η| is compared, and both ends of a range belong to it."""
    kept = np.ones(len(part), np.bool_)
    for name, value in select.items():
        if name in FLAGS:
            kept &= part.window[FLAGS[name]] == value
        else:
            values: AnyArray = np.abs(part.window[RANGES[name]])
            kept &= (values >= value[0]) & (values <= value[1])
    return kept
