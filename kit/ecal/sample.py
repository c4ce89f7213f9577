"""Which dumper files a stage reads, what of them, and what becomes of bad ones: for `truth` and `windows`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import ClassVar
from urllib.parse import urlsplit

from kit.ecal.branches import ASSOCIATIONS, FRACTIONS, OPPOSITE_ASSOCIATIONS
from kit.ecal.demo import with_demo
from kit.files import FormatError, is_remote, locate
from kit.parameters import Parameters, parameter

__all__ = ["Piece", "SampleParameters", "ranges", "share"]


class SampleParameters(Parameters):
    """Which simulated events, and which cluster belongs to which particle."""

    inputs: list[str] = parameter(["demo"], "files, patterns and addresses; demo stands for generated ones")
    max_files: int | None = parameter(None, "use only the first so many files, before they are shared", ge=0)
    first_event: int = parameter(0, "number of the first event taken from each file", ge=0)
    events: int = parameter(0, "how many events to take from each file, 0 takes all", ge=0)
    job: int = parameter(1, "which share of the sorted files this job takes", ge=1)
    jobs: int = parameter(1, "number of shares", ge=1)
    workers: int = parameter(1, "files worked on side by side", ge=1, le=64)
    association: str = parameter("sim_fraction", "score between clusters and particles, a branch of the dumper")
    cluster_score_min: float = parameter(1e-4, "score above which a cluster belongs to a particle", ge=0)
    seed_score_min: float = parameter(1e-2, "score of the seed above which a window is matched", ge=0)
    window_version: int = parameter(3, "shape of the windows; 1 is that of the public truth ntuples", ge=1, le=3)
    chunk_events: int = parameter(500, "in memory at once", unit="events", ge=10, le=5000)
    pileup: bool = parameter(False, "read and fill the fields of pileup and noise")
    pileup_limit: float = parameter(1e7, "pileup over signal from which on a cluster is not part of it", gt=0)
    max_failed_fraction: float = parameter(0.0, "share of the files that may fail", ge=0, le=1)
    skip_bad: bool = parameter(False, "leave out events that cannot be used, and count them")

    effort: ClassVar[frozenset[str]] = Parameters.effort | {"chunk_events"}

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        if self.job > self.jobs:
            yield f"job is {self.job}, above jobs, {self.jobs}"
        if self.association in OPPOSITE_ASSOCIATIONS:
            if not self._takes_opposite():
                yield f"association is {self.association}, whose largest value is not the best: choose another"
        elif self.association not in ASSOCIATIONS:
            yield f"association is {self.association}, should be one of {', '.join(ASSOCIATIONS)}"
        for name in ("cluster_score_min", "seed_score_min"):
            if self.association in FRACTIONS and getattr(self, name) > 1:
                yield f"{name} is {getattr(self, name)}, above 1, for a fraction"

    def _takes_opposite(self) -> bool:
        return False


class Piece(tuple[int, str]):
    """A file and its number among all, from 1 on: (number, path)."""

    __slots__ = ()

    @property
    def number(self) -> int:
        """Its place among all files of all jobs."""
        return self[0]

    @property
    def path(self) -> str:
        """Where it is."""
        return self[1]

    @property
    def name(self) -> str:
        """What files made of it are called after their kind: number and stem."""
        path = urlsplit(self.path).path if is_remote(self.path) else self.path
        return f"{self.number}_{PurePosixPath(path).stem}"


def share(p: SampleParameters) -> list[Piece]:
    """Return this job's share of the files: contiguous parts of the sorted list that differ by one at most.

    Raises
    ------
    FormatError
        If a file is named twice.
    """
    paths = sorted(locate(with_demo(p.inputs)))
    twice = sorted({path for path in paths if paths.count(path) > 1}) if len(set(paths)) < len(paths) else []
    if twice:
        message = "\n  ".join(["inputs name files twice, the same events would count twice:", *twice])
        raise FormatError(message)
    pieces = [Piece((number, path)) for number, path in enumerate(paths[: p.max_files], 1)]
    first, last = (len(pieces) * job // p.jobs for job in (p.job - 1, p.job))
    return pieces[first:last]


def ranges(p: SampleParameters, entries: int) -> list[tuple[int, int]]:
    """Return first and last entry, that one excluded, of each chunk of a file; an empty chunk if there is none."""
    last = min(entries, p.first_event + p.events) if p.events else entries
    chunks = [(first, min(first + p.chunk_events, last)) for first in range(p.first_event, last, p.chunk_events)]
    return chunks or [(0, 0)]
