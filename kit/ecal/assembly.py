"""Puts the branches of a chunk of events together, and refuses those that do not fit to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.ecal.branches import Branch
from kit.ecal.events import AnyArray, Events, IntArray, Lists, starts
from kit.files import FormatError

__all__ = ["FLAT_COUNTS", "Assembly"]

FLAT_COUNTS = {"hit": "pfClusterHit_n", "member": "superCluster_pfClustersIndex_n"}


@dataclass(frozen=True)
class Assembly:
    """Puts the columns of a chunk together, and refuses those that do not fit."""

    path: str
    first: int
    number: int
    branches: Sequence[Branch]
    columns: dict[str, tuple[list[IntArray], AnyArray]]
    flat: bool

    def events(self) -> Events:
        """Return the chunk."""
        clusters, calos, superclusters = (self._lists(group) for group in ("cluster", "calo", "supercluster"))
        return Events(
            path=self.path,
            first=self.first,
            event={branch.short: self.columns[branch.name][1] for branch in self._group("event")},
            clusters=clusters,
            calos=calos,
            superclusters=superclusters,
            hits=self._nested("hit", clusters),
            scores=self._nested("score", clusters, np.repeat(calos.counts, clusters.counts)),
            members=self._nested("member", superclusters),
            entries=np.arange(self.first, self.first + self.number),
        )

    def _group(self, group: str) -> list[Branch]:
        return [branch for branch in self.branches if branch.group == group]

    def _lists(self, group: str) -> Lists:
        """Return a group with one list for each event."""
        branches = self._group(group)
        model = branches[0]
        offsets = self.columns[model.name][0][0]
        for branch in branches[1:]:
            self._refuse_unequal(branch.name, self.columns[branch.name][0][0], model.name, offsets)
        return Lists(offsets, {branch.short: self.columns[branch.name][1] for branch in branches})

    def _nested(self, group: str, outer: Lists, lengths: IntArray | None = None) -> Lists:
        """Return a group with one list for each thing in `outer`, of the given `lengths` where they are known."""
        branches = self._group(group)
        holder = {"hit": "pfCluster_energy", "score": "pfCluster_energy", "member": "superCluster_seedIndex"}[
            group
        ]
        offsets, model = (None, "the particles of the event") if lengths is None else (starts(lengths), "")
        held = {}
        for branch in branches:
            inner, held[branch.short] = self._inner(branch, outer, holder, offsets)
            if offsets is None:
                offsets, model = inner, branch.name
            elif not np.array_equal(inner, offsets):
                self._refuse_inner(branch.name, inner, model or "caloParticle_simEnergy", offsets, outer)
        assert offsets is not None
        return Lists(offsets, held)

    def _inner(
        self, branch: Branch, outer: Lists, holder: str, known: IntArray | None
    ) -> tuple[IntArray, AnyArray]:
        """Return the offsets of a nested branch over all things of `outer`, and its numbers."""
        levels, numbers = self.columns[branch.name]
        if not self.flat:
            self._refuse_unequal(branch.name, levels[0], holder, outer.offsets)
            return levels[1], numbers
        if counter := FLAT_COUNTS.get(branch.group):
            (told,), counts = self.columns[counter]
            self._refuse_unequal(counter, told, holder, outer.offsets)
            inner = starts(counts)
        else:
            assert known is not None
            inner = known
        self._refuse_unequal(branch.name, levels[0], "its own counts", inner[outer.offsets])
        return inner, numbers

    def _refuse_unequal(self, name: str, offsets: IntArray, other: str, expected: IntArray) -> None:
        different = np.flatnonzero(np.diff(offsets) != np.diff(expected))
        if len(different):
            event = int(different[0])
            found, wanted_ = int(np.diff(offsets)[event]), int(np.diff(expected)[event])
            message = (
                f"{self.path}: event {self.first + event}: {name} has {found} entries, {other} has {wanted_}; "
                "should be equal"
            )
            raise FormatError(message)

    def _refuse_inner(self, name: str, inner: IntArray, other: str, expected: IntArray, outer: Lists) -> None:
        thing = int(np.flatnonzero(np.diff(inner) != np.diff(expected))[0])
        event = int(np.searchsorted(outer.offsets, thing, side="right")) - 1
        place = thing - int(outer.offsets[event])
        found, other_has = int(np.diff(inner)[thing]), int(np.diff(expected)[thing])
        message = (
            f"{self.path}: event {self.first + event}: {name}[{place}] has {found} entries, "
            f"{other} has {other_has}; should be equal"
        )
        raise FormatError(message)
