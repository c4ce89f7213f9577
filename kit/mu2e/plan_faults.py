"""What does not fit together in a plan: each fault names its key, the spot, what is there and what should be.

A plan that a job builds from may have come a long way. Whatever makes two rows of one event is a fault here, also
where the checksums of the file agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kit.mu2e.plans import Plan

__all__ = ["plan_faults"]


def plan_faults(plan: Plan) -> list[str]:
    """Return all faults of a plan; of ranges only where everything else fits."""
    return list(_lengths(plan)) or list(_parts(plan)) or [*_ranges(plan), *_overlaps(plan)]


def _lengths(plan: Plan) -> Iterator[str]:
    """Yield lists that are too short or too long."""
    processes, subruns = len(plan.processes), len(plan.counts)
    wanted: list[tuple[str, Sequence[object], int, str]] = [
        ("means", plan.means, processes, "process"),
        ("weights", plan.weights, processes, "process"),
        ("owners", plan.owners, len(plan.sources), "source"),
        ("thinning", plan.thinning, len(plan.parts), "part"),
        ("takes", plan.takes, subruns, "subrun"),
        ("seeds", plan.seeds, subruns if plan.mode == "art" else 0, "subrun"),
    ]
    for name, values, length, each in wanted:
        if len(values) != length:
            yield f"{name} has {len(values)} entries, should have {length}, one for each {each}"
    by_subrun = {"counts": [*map(len, plan.counts)], "takes": [*map(len, plan.takes)]}
    for name, lengths in by_subrun.items():
        for subrun, length in enumerate(lengths):
            if length != processes:
                yield f"{name}: subrun {subrun} has {length} entries, not {processes}: one for each process"


def _parts(plan: Plan) -> Iterator[str]:
    """Yield parts of sources that are not there, are in two parts, or are of two processes."""
    seen: dict[int, int] = {}
    for number, sources in enumerate(plan.parts):
        if not sources or not all(0 <= source < len(plan.sources) for source in sources):
            yield f"parts: part {number} is of sources {sources}, should be some of the {len(plan.sources)}"
            continue
        for source in sources:
            if seen.setdefault(source, number) != number:
                yield f"parts: source {source} is in part {seen[source]} and in part {number}"
        if len({plan.owners[source] for source in sources}) > 1:
            yield f"owners: the sources {sources} of part {number} belong to several processes"


def _ranges(plan: Plan) -> Iterator[str]:
    """Yield ranges beyond their part, of another process, and those that do not hold what is counted."""
    rows = [sum(plan.sources[source].entries for source in sources) for sources in plan.parts]
    owner = [plan.owners[sources[0]] for sources in plan.parts]
    for subrun, takes in enumerate(plan.takes):
        for process, name in enumerate(plan.processes):
            held, thinned = 0, False
            for part, start, stop in takes[process]:
                where = f"takes: subrun {subrun}, {name}: {start} to {stop} of part {part}"
                if not 0 <= part < len(rows):
                    yield f"{where}: there are {len(rows)} parts"
                elif owner[part] != process:
                    yield f"{where}: that is of {plan.processes[owner[part]]}"
                elif not 0 <= start < stop <= rows[part]:
                    yield f"{where}: should be within its 0 to {rows[part]}"
                else:
                    held, thinned = held + stop - start, thinned or bool(plan.thinning[part][0])
            count = plan.counts[subrun][process]
            if not (0 <= count <= held if thinned else count == held):
                yield f"counts: subrun {subrun} has {count} of {name}, but its takes hold {held}"


def _overlaps(plan: Plan) -> Iterator[str]:
    """Yield ranges that share items: these would be used twice."""
    every = [
        (part, start, stop, subrun)
        for subrun, of in enumerate(plan.takes)
        for takes in of
        for part, start, stop in takes
    ]
    if not every:
        return
    table = np.array(sorted(every))
    same = table[1:, 0] == table[:-1, 0]
    for at in np.flatnonzero(same & (table[1:, 1] < table[:-1, 2])):
        part, start, stop, subrun = table[at].tolist()
        _, begin, end, other = table[at + 1].tolist()
        yield (
            f"takes: {start} to {stop} of part {part} in subrun {subrun} and {begin} to {end} in subrun {other}"
            " share items"
        )
