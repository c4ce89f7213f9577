"""Which events each job of a grid may use: those that the ledger leaves to the ensemble, and no others.

A job reads one file of each data set from an event on, in the order of ids. In `art` it does what was planned,
event by event. In the other modes the files built here have numbers that jobs cannot have: jobs then begin behind
all that other ensembles hold, and what they use is not reserved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kit.files import FormatError
from kit.mu2e.consumption import ids_of
from kit.mu2e.fcl import GRID_EVENTS, EventId
from kit.mu2e.plans import Plan
from kit.mu2e.sources import Source

__all__ = ["Held", "Share", "free_shares", "planned_shares"]

Held = Mapping[tuple[str, str], list[tuple[int, int]]]


@dataclass(frozen=True)
class Share:
    """What one job may use.

    Attributes
    ----------
    first : mapping
        By data set, the event that it begins with, where that is not the first of the file.
    most : int
        Events that it makes.
    lacking : tuple of str
        Data sets of whose file nothing is left: without them there is no job.
    """

    first: Mapping[str, EventId] = field(default_factory=dict)
    most: int = GRID_EVENTS
    lacking: tuple[str, ...] = ()


def planned_shares(plan: Plan, files: Mapping[str, Sequence[str]]) -> list[Share]:
    """Return the share of each planned job of an ensemble in mode `art`.

    Raises
    ------
    FormatError
        Naming each job whose events lie where a job cannot go: in several ranges, in another file than its own, or
        behind an event whose id does not come first.
    """
    faults: list[str] = []
    shares = []
    for job, takes in enumerate(plan.takes):
        first: dict[str, EventId] = {}
        for name, here in zip(plan.processes, takes, strict=True):
            sources = [plan.sources[plan.parts[part][0]] for part, _, _ in here]
            if any(source.path != files[name][job] for source in sources):
                faults.append(f"job {job}: {name} is planned from {sources[0].path}, not from {files[name][job]}")
            elif len(here) > 1:
                words = ", ".join(f"{start} to {stop}" for _, start, stop in here)
                faults.append(f"job {job}: entries {words} of {name} are planned: a job reads one range")
            elif here and here[0][1]:
                _begin(first, name, sources[0], here[0][1], faults)
        shares.append(Share(first, sum(plan.counts[job])))
    _refuse(faults)
    return shares


def free_shares(plan: Plan, files: Mapping[str, Sequence[str]], held: Held) -> list[Share]:
    """Return the share of each job, one file of each data set, behind all that other ensembles hold.

    Parameters
    ----------
    plan : Plan
        The ensemble, in a mode other than `art`.
    files : mapping
        By data set, its files.
    held : mapping
        Positions that others hold, by identity and tree.

    Raises
    ------
    FormatError
        If the ids of a file do not say what comes behind.
    """
    faults: list[str] = []
    by_path: dict[str, list[Source]] = {}
    for source in plan.sources:
        by_path.setdefault(source.path, []).append(source)
    shares = []
    for job in range(max(map(len, files.values()), default=0)):
        first: dict[str, EventId] = {}
        lacking = []
        for name, paths in files.items():
            used = _used(plan, by_path[paths[job]], held)
            if used is None or used >= by_path[paths[job]][0].entries:
                lacking.append(name)
            elif used:
                _begin(first, name, by_path[paths[job]][0], used, faults)
        shares.append(Share(first, lacking=tuple(lacking)))
    _refuse(faults)
    return shares


def _used(plan: Plan, sources: Sequence[Source], held: Held) -> int | None:
    """Return behind which entry of a file nobody else has any; None where that is not a matter of entries."""
    identity = sources[0].identity
    ranges = [one for (of, _), every in held.items() if of == identity for one in every]
    if ranges and (plan.order == "random" or plan.unit == "event" or len(sources) > 1):
        return None
    return max((stop for _, stop in ranges), default=0)


def _begin(first: dict[str, EventId], name: str, source: Source, entry: int, faults: list[str]) -> None:
    """Note the id of an entry, from which on a job reads: all before it must have smaller ids."""
    try:
        ids = ids_of(source)
    except FormatError as fault:
        faults.append(str(fault))
        return
    mine = ids[entry]
    below = np.zeros(len(ids), bool)
    for column in (2, 1, 0):  # event, then subrun, then run: what comes later decides
        of = ids[:, column]
        below = (of < mine[column]) | ((of == mine[column]) & below)
    if not below[:entry].all() or below[entry:].any():
        where = ":".join(map(str, mine))
        faults.append(
            f"{source.path}: ids before entry {entry} are not all below {where}: a job cannot begin there"
        )
    first[name] = EventId(*map(int, mine))


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise FormatError("\n".join([*faults[:20], "export_grid: false writes nothing for the grid"]))
