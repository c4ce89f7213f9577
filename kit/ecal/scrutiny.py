"""What makes an event unusable: numbers that are none, energies that are none, members that are not there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kit.ecal.events import BoolArray, Events, IntArray, Lists
from kit.files import FormatError

__all__ = ["Scrutinised", "scrutinise"]


@dataclass(frozen=True)
class Scrutinised:
    """A chunk without what cannot be used.

    Attributes
    ----------
    events : Events
        What is left.
    bad : list of str
        Why events were left out, one text for each.
    nan_scores : int
        Scores that were no numbers: they count as no association.
    """

    events: Events
    bad: list[str]
    nan_scores: int


def scrutinise(events: Events, *, skip_bad: bool) -> Scrutinised:
    """Return the events that can be used.

    Raises
    ------
    FormatError
        With file, event and cluster, if an event cannot be used and `skip_bad` is false; in any case if a
        supercluster has members outside the event's clusters.
    """
    _refuse_strange_members(events)
    faults = _faults(events)
    if faults and not skip_bad:
        more = f" (and {len(faults) - 1} more events)" if len(faults) > 1 else ""
        raise FormatError(faults[min(faults)] + more)
    kept = events
    if faults:
        kept = events.take(np.setdiff1d(np.arange(len(events)), np.array(list(faults))))
    columns, missing = {}, 0
    for name, values in kept.scores.columns.items():
        nothing = np.isnan(values)
        missing += int(nothing.sum())
        columns[name] = np.where(nothing, 0.0, values) if nothing.any() else values
    return Scrutinised(replace(kept, scores=Lists(kept.scores.offsets, columns)), list(faults.values()), missing)


def _faults(events: Events) -> dict[int, str]:
    """Return for each bad event what is wrong with its first bad cluster, by its place."""
    clusters, faults = events.clusters, dict[int, str]()
    for name in ("energy", "rawEnergy", "eta", "phi"):
        _note(events, faults, ~np.isfinite(clusters[name]), name, "a finite number")
    _note(events, faults, ~(clusters["rawEnergy"] > 0), "rawEnergy", "above 0 GeV")
    return faults


def _note(events: Events, faults: dict[int, str], bad: BoolArray, name: str, wanted: str) -> None:
    for cluster in np.flatnonzero(bad):
        event, place = _spot(int(cluster), events.clusters.offsets)
        value = events.clusters[name][cluster]
        told = f"{events.path}: event {events.entries[event]}: cluster {place}: "
        faults.setdefault(event, f"{told}pfCluster_{name} is {value:g}, should be {wanted}")


def _refuse_strange_members(events: Events) -> None:
    owners = events.superclusters.owners
    sizes = events.clusters.counts[owners]
    for lists, name, holders in (
        (events.superclusters["seedIndex"], "seedIndex", np.arange(len(owners))),
        (events.members["pfClustersIndex"], "pfClustersIndex", events.members.owners),
    ):
        strange = np.flatnonzero((lists < 0) | (lists >= sizes[holders]))
        if len(strange):
            place = holders[strange[0]]
            event, own = _spot(int(place), events.superclusters.offsets)
            message = (
                f"{events.path}: event {events.entries[event]}: superCluster_{name}[{own}] has index "
                f"{lists[strange[0]]}, the event has {sizes[place]} clusters"
            )
            raise FormatError(message)


def _spot(place: int, offsets: IntArray) -> tuple[int, int]:
    """Return list and place in it of the thing at `place`."""
    owner = int(np.searchsorted(offsets, place, side="right")) - 1
    return owner, int(place - offsets[owner])
