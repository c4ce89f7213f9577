"""Event ids that occur again in an ensemble: a second track of an event, in the same tree of a file or another."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.mu2e.plans import Plan

__all__ = ["Repeats"]

IntArray = npt.NDArray[np.integer[Any]]
IDS = ("src_run", "src_subrun", "src_event")


class Repeats:
    """How many rows of an ensemble have the event id of another row from the same file of primaries.

    Where a file has one tree that is consumed in its order, tracks of an event follow each other, and nothing is
    kept. Of other files all ids are.

    Parameters
    ----------
    plan : Plan
        The ensemble.

    Attributes
    ----------
    columns : tuple of str
        What it needs of the files of the ensemble.
    """

    columns = ("src_file", *IDS)

    def __init__(self, plan: Plan) -> None:
        files = [source.identity for source in plan.sources]
        trees = Counter(files)
        self._files = files
        self._ordered = [plan.order == "sequential" and trees[file] == 1 for file in files]
        self._last: dict[int, tuple[int, ...]] = {}
        self._seen: dict[str, list[IntArray]] = {}
        self._again = 0
        self._known = True

    def count(self, values: Mapping[str, IntArray]) -> None:
        """Count those of the next rows; without their `columns` no number is known."""
        if not set(self.columns) <= values.keys():
            self._known = False
            return
        source = values["src_file"]
        order = np.argsort(source, kind="stable")
        ids = [values[name][order] for name in IDS]
        edges = [*np.flatnonzero(np.diff(source[order], prepend=-1)), len(order)]
        for start, stop in itertools.pairwise(edges):
            self._add(int(source[order[start]]), [values[start:stop] for values in ids])

    @property
    def rows(self) -> int | None:
        """So many rows; None where the files do not have the ids."""
        if not self._known:
            return None
        every = [np.concatenate(blocks, axis=1) for blocks in self._seen.values()]
        return self._again + sum(int(ids.shape[1]) - int(np.unique(ids, axis=1).shape[1]) for ids in every)

    def _add(self, source: int, ids: list[IntArray]) -> None:
        if not self._ordered[source]:
            self._seen.setdefault(self._files[source], []).append(np.array(ids, np.int64))
            return
        same = np.logical_and.reduce([values[1:] == values[:-1] for values in ids])
        first, last = (tuple(int(values[at]) for values in ids) for at in (0, -1))
        self._again += int(np.count_nonzero(same)) + (first == self._last.get(source))
        self._last[source] = last
