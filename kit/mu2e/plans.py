"""A plan: everything that decides an ensemble, and thereby the virtual ensemble itself.

It says how many events of each process each subrun has and where in the files they are. Seed and chunk decide the
order of the rows, so that any of them can be made alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.consumption import Order, Part, Thinning, Unit, make_part
from kit.mu2e.interleaving import chunk_counts, shuffled_labels
from kit.mu2e.mixing import Rows
from kit.mu2e.sampler import simulate_job
from kit.mu2e.sources import Source
from kit.mu2e.streams import Shuffled, Stream

__all__ = ["Mode", "Plan", "Take", "rows_of"]

IntArray = npt.NDArray[np.int64]
Mode = Literal["poisson", "art", "asimov"]
Take = tuple[int, int, int]  # part, and positions from, up to without


@dataclass(frozen=True)
class Plan:
    """An ensemble, before it is built.

    Attributes
    ----------
    processes : list of str
        In ASCII order: a label is an index into it.
    means, weights : list of float
        Expected events of each process in all subruns, and its share, in `art` as printed.
    sources : list of Source
        Every tree of every file: `src_file` is an index into it.
    parts : list of list of int
        Sources that are consumed as one.
    thinning : list
        For each part, the branch by which it is thinned and the largest weight.
    owners : list of int
        The process of each source.
    counts : list of list of int
        Items of each subrun and process.
    takes : list
        For each subrun and process, the ranges that its items are in.
    seeds : list of int
        In `art`, the sampling seed of each job.
    stopped_by : list of str
        In `art`, the process that ended each job.
    facts : mapping
        What belongs to the ensemble besides: times, protons, conversion rate, which processes are stand-ins.
    """

    ensemble: str
    tag: str
    mode: Mode
    seed: int
    chunk: int
    unit: Unit
    order: Order
    run_number: int
    first_subrun: int
    processes: list[str]
    means: list[float]
    weights: list[float]
    sources: list[Source]
    parts: list[list[int]]
    thinning: list[Thinning]
    owners: list[int]
    counts: list[list[int]]
    takes: list[list[list[Take]]]
    seeds: list[int] = field(default_factory=list)
    stopped_by: list[str] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    configuration: str = ""

    @property
    def totals(self) -> dict[str, int]:
        """Items of each process in all subruns."""
        return {name: sum(counts[i] for counts in self.counts) for i, name in enumerate(self.processes)}


def rows_of(plan: Plan, subrun: int, store: dict[int, Part]) -> Iterator[Rows]:
    """Yield the rows of one subrun, chunk by chunk.

    Parameters
    ----------
    plan : Plan
        The ensemble.
    subrun : int
        Which subrun, from 0.
    store : dict
        Parts that were made before, by index; filled here.
    """
    counts = plan.counts[subrun]
    streams = [_stream(plan, subrun, process, store) for process in range(len(plan.processes))]
    event = 1
    for labels in _labels(plan, subrun, counts):
        # labels are of items: with whole events an item may have several rows
        items = np.zeros(len(labels), np.int64)
        found = []
        for process, of in enumerate(streams):
            where = np.flatnonzero(labels == process)
            source, entry, item = of.next(len(where))
            items[where] = np.bincount(item, minlength=len(where))
            found.append((where, source, entry, item))
        offsets = np.append(0, np.cumsum(items))
        rows = _empty(int(offsets[-1]))
        for process, (where, source, entry, item) in enumerate(found):
            at = offsets[where][item] + _within(item)
            rows.process[at], rows.source[at], rows.entry[at] = process, source, entry
            rows.event[at] = event + where[item]
        event += len(labels)
        yield rows


def _stream(plan: Plan, subrun: int, process: int, store: dict[int, Part]) -> Stream:
    """Return the items of one process in one subrun.

    Raises
    ------
    FormatError
        If its ranges do not hold as many as are counted; what thinning leaves shows only in the files.
    """
    takes = [(_part(plan, part, store), start, stop) for part, start, stop in plan.takes[subrun][process]]
    held = sum(part.available([(start, stop)]) for part, start, stop in takes if stop <= part.items)
    if held != plan.counts[subrun][process]:
        message = (
            f"plan of ensemble {plan.ensemble}: counts: subrun {subrun} has {plan.counts[subrun][process]} of"
            f" {plan.processes[process]}, but its takes hold {held}"
        )
        raise FormatError(message)
    return Stream(takes) if plan.order == "sequential" else Shuffled(takes, plan.seed, subrun, process)


def _labels(plan: Plan, subrun: int, counts: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
    if plan.mode == "art":
        job = simulate_job(plan.weights, plan.seeds[subrun], counts, sum(counts)) if sum(counts) else None
        labels = np.empty(0, np.uint8) if job is None else job.labels
        for first in range(0, max(len(labels), 1), plan.chunk):
            yield labels[first : first + plan.chunk]
        return
    for number, part in enumerate(chunk_counts(counts, plan.chunk, plan.seed, subrun)):
        yield shuffled_labels(part, plan.seed, subrun, number)


def _empty(rows: int) -> Rows:
    return Rows(
        np.empty(rows, np.uint8), np.empty(rows, np.uint16), np.empty(rows, np.int64), np.empty(rows, np.int64)
    )


def _within(item: IntArray) -> IntArray:
    """Return 0, 1, … within each run of equal numbers."""
    if len(item) == 0 or item[-1] == len(item) - 1:  # one row each
        return np.zeros(len(item), np.int64)
    first = np.flatnonzero(np.append(True, np.diff(item) != 0))
    return np.arange(len(item)) - np.repeat(first, np.diff(np.append(first, len(item))))


def _part(plan: Plan, index: int, store: dict[int, Part]) -> Part:
    if index not in store:
        indices = plan.parts[index]
        sources = [plan.sources[i] for i in indices]
        store[index] = make_part(indices, sources, plan.unit, plan.order, plan.thinning[index], plan.seed)
    return store[index]
