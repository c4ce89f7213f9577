"""What decides about each window of a dataset, read before anything is written: is it kept, where does it go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.ecal import selection
from kit.ecal.access import Part, WindowFile
from kit.ecal.collecting import Source
from kit.ecal.dataset_inputs import Input
from kit.ecal.events import AnyArray, BoolArray, FloatArray, IntArray
from kit.ecal.splitting import event_keys, shares_of
from kit.files import FormatError
from kit.run import Run

__all__ = ["Index", "flavoured", "read_index"]


@dataclass(frozen=True)
class Index:
    """What decides about each window of the inputs.

    Attributes
    ----------
    kept : ndarray of bool
        Whether it is kept.
    share : ndarray of int
        Which part it goes to.
    columns : dict
        Fields by name; see `selection.INDEX`.
    """

    kept: BoolArray
    share: IntArray
    columns: Mapping[str, AnyArray]

    def training(self) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
        """Return flavour, ET, η and number of clusters of the windows in the first part."""
        own = self.kept & (self.share == 0)
        flavour, et, eta, ncls = (self.columns[name][own] for name in ("flavour", "et_seed", "seed_eta", "ncls"))
        return flavour.astype(np.int64), et, eta, ncls


def read_index(
    inputs: Sequence[Input], run: Run, select: Mapping[str, Any], fractions: Sequence[float], seed: int
) -> Index:
    """Return what decides about each window: whether `select` keeps it, and where its event goes.

    Raises
    ------
    FormatError
        If two files hold windows of the same event.
    """
    held: list[Mapping[str, AnyArray]] = []
    kept: list[AnyArray] = [np.zeros(0, np.bool_)]
    keys: list[AnyArray] = []
    owners: list[Source] = []
    for given in run.progress(inputs, "file", label="index"):
        own = [np.zeros(0, np.uint64)]
        with WindowFile(given.path) as file:
            for group in range(len(file.rows)):
                part = flavoured(file.read(group, selection.INDEX), given.flavour)
                kept.append(selection.chosen(part, select))
                held.append(part.window)
                ids = [part.window[name] for name in ("flavour", "run_id", "lumi_id", "event_id")]
                own.append(event_keys(ids, seed))
        keys.append(np.concatenate(own))
        owners.append(given.source)
    _refuse_overlaps(keys, owners)
    columns = {name: np.concatenate([np.zeros(0), *(part[name] for part in held)]) for name in selection.INDEX}
    share = shares_of(np.concatenate([np.zeros(0, np.uint64), *keys]), fractions)
    return Index(np.concatenate(kept), share, columns)


def flavoured(part: Part, flavour: int | None) -> Part:
    """Return windows with another flavour, where one is given."""
    if flavour is not None:
        part.window["flavour"] = np.full(len(part), flavour, np.float64)
    return part


def _refuse_overlaps(keys: list[AnyArray], owners: list[Source]) -> None:
    """Raise a FormatError if two files hold windows of the same event of the same flavour."""
    unique = [np.unique(own) for own in keys]
    everything = np.concatenate([np.zeros(0, np.uint64), *unique])
    owner = np.repeat(np.arange(len(unique)), [len(own) for own in unique])
    order = np.argsort(everything, kind="stable")
    same = np.flatnonzero(everything[order][1:] == everything[order][:-1])
    if len(same):
        first, second = (owners[owner[order[same[0] + k]]] for k in (0, 1))
        message = (
            f"{first.path} and {second.path} hold windows of {len(same)} events with the same flavour, run, lumi "
            "and number: they would count twice"
        )
        raise FormatError(message)
