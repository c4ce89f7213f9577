"""Portions of a job, worked off one after the other or side by side: whole files, or single pieces.

Opening a file with many branches can take longer than the work on its events. Where there are many files, a
portion is therefore a whole one, which is opened once. Few files are planned first and worked off piece by piece,
so that the pieces can be shared among jobs and workers, and progress is seen.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from kit.files import NO_ROOM, FormatError
from kit.opendata.pieces import Piece, plan, refuse_overlaps, share
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader, Source
from kit.opendata.wishes import Wish
from kit.run import Run, RunError

__all__ = ["DESK", "Desk", "Portion", "Result", "Work", "work_off"]

FEW = 4  # files that are planned before the work begins, at the price of opening them twice

Made = TypeVar("Made")


class Work(Protocol):
    """What is done with pieces; picklable, where workers are processes of their own."""

    def wish(self, path: str) -> Wish:
        """Return what is read of a file besides its objects."""

    def has(self, piece: Piece) -> bool:
        """Tell whether the piece was done before."""

    def do(self, reader: Reader, piece: Piece, events: int) -> None:
        """Do a piece and keep its result; `events` is how many this process has had, this piece included."""


@dataclass
class Desk:
    """What a process keeps between two portions: the file that is open, and how many events it has had."""

    reader: Reader | None = None
    asked: tuple[Any, ...] = ()
    events: int = 0

    def open(self, path: str, p: Selection, wish: Wish) -> Reader:
        """Return a reader of the file, the one in use if it is of this file."""
        asked = (path, p.schema, p.unit, p.objects, wish)
        if self.reader is None or asked != self.asked:
            self.close()
            self.reader, self.asked = Reader.of(*asked), asked
        return self.reader

    def close(self) -> None:
        """Close the file that is open."""
        if self.reader:
            self.reader.__exit__()
        self.reader = None

    def clear(self) -> None:
        """Close the file and forget the events: the work is over."""
        self.close()
        self.events = 0


DESK = Desk()


@dataclass(frozen=True)
class Portion:
    """A piece of a file; or all of it, whose pieces are known only when it is open."""

    path: str
    piece: Piece | None = None


@dataclass(frozen=True)
class Done:
    """The pieces of a portion, those of them that this attempt did, and what the file lacks, with the reason."""

    pieces: list[Piece]
    new: list[Piece]
    missing: dict[str, str]


@dataclass
class Result:
    """What came of a job.

    files : this job's, in order
    planned : all its pieces, as far as they are known
    done : the portions that were done, by path and first entry
    failed : for each file that failed, why
    """

    files: list[str]
    planned: list[Piece] = field(default_factory=list)
    done: dict[tuple[str, int], Done] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def pieces(self) -> list[Piece]:
        """The pieces that count, in the order of the inputs: a file with a fault has none."""
        place = {path: number for number, path in enumerate(self.files)}
        pieces = [piece for done in self.done.values() for piece in done.pieces if piece.path not in self.failed]
        return sorted(pieces, key=lambda piece: (place[piece.path], piece.first))

    @property
    def earlier(self) -> int:
        """The number of pieces that an earlier attempt had done."""
        return sum(len(done.pieces) - len(done.new) for done in self.done.values())

    def effort(self, seconds: float) -> dict[str, float]:
        """Return what a summary tells of this attempt: MB, seconds, events per second of what it did itself."""
        new = [piece for done in self.done.values() for piece in done.new]
        return {
            "mb": round(sum(piece.megabytes for piece in new), 3),
            "seconds": round(seconds, 3),
            "events_per_second": round(sum(piece.events for piece in new) / seconds, 1),
        }

    def lacking(self) -> dict[tuple[str, str], list[str]]:
        """Return the files that lack a type of object, by its letter and the reason."""
        files: dict[tuple[str, str], list[str]] = {}
        for (path, _), done in self.done.items():
            for lack in done.missing.items():
                files.setdefault(lack, []).append(path)
        return files


def work_off(
    paths: Sequence[str], p: Selection, work: Work, run: Run, *, chunk_events: int, retries: int
) -> Result:
    """Do this job's share of the files; what fails is tried again after the others, up to `retries` times.

    Raises
    ------
    FormatError
        If a file is named twice, or a copy of it.
    RunError
        If there are fewer files than jobs and one cannot be opened: then no job knows its share.
    """
    _refuse_repeats(paths)
    whole_files = len(paths) >= p.jobs
    result = Result(share(paths, p.job, p.jobs) if whole_files else list(paths))
    portions = [Portion(path) for path in result.files]
    trials = _Trials(run, retries, result.failed)
    try:
        if not whole_files or len(portions) <= max(FEW, p.workers - 1):
            sources = [source for _, source in trials(functools.partial(_open, work, p), portions, "file")]
            if result.failed and not whole_files:
                raise RunError(_unknown_share(result.failed))
            pieces = plan(sorted(sources, key=lambda source: result.files.index(source.path)), chunk_events)
            result.planned = pieces if whole_files else share(pieces, p.job, p.jobs)
            portions = [Portion(piece.path, piece) for piece in result.planned]
            if not whole_files:
                result.files = list(dict.fromkeys(piece.path for piece in result.planned))
        _do_all(portions, functools.partial(_do, work, p, chunk_events), trials, _workers(p, run), result)
    finally:
        DESK.clear()
    return result


def _refuse_repeats(paths: Sequence[str]) -> None:
    twice = [path for path, number in Counter(paths).items() if number > 1]
    if twice:
        raise FormatError(
            "\n  ".join(["inputs name files twice, the same events would be counted twice:", *twice])
        )


def _workers(p: Selection, run: Run) -> int:
    cores = os.cpu_count() or 1
    if p.workers > cores:
        run.notice(f"workers is {p.workers}, this machine has {cores} cores: so many are used")
    return min(p.workers, cores)


def _unknown_share(failed: dict[str, str]) -> str:
    what = "with fewer files than jobs a job must open all of them to know its share of the pieces; it cannot:"
    return "\n  ".join([what, *failed.values()])


def _do_all(
    portions: list[Portion], do: Callable[[Portion], Done], trials: _Trials, workers: int, result: Result
) -> None:
    first_of: dict[tuple[str, int, int], Piece] = {}
    unit = "piece" if portions and portions[0].piece else "file"
    for portion, done in trials(do, portions, unit, workers):
        result.done[portion.path, portion.piece.first if portion.piece else 0] = done
        if not portion.piece:
            result.planned += done.pieces
            known = first_of.setdefault(done.pieces[0].identity, done.pieces[0])
            refuse_overlaps({known, done.pieces[0]})


@dataclass(frozen=True)
class _Trials:
    """Maps a function over portions, and again over those that failed; `failed` receives what fails at last."""

    run: Run
    retries: int
    failed: dict[str, str]

    def __call__(
        self, function: Callable[[Portion], Made], portions: list[Portion], unit: str, workers: int = 1
    ) -> Iterator[tuple[Portion, Made]]:
        """Yield each portion that succeeds with its result."""
        faults: dict[Portion, Exception] = {}
        for attempt in range(1 + self.retries):
            todo = list(faults) if attempt else portions
            faults = {}
            for portion, made in self.run.map(function, todo, unit, workers):
                if isinstance(made, OSError) and made.errno in NO_ROOM:
                    raise made  # no fault of the input, and no other file would fare better
                if isinstance(made, Exception):
                    faults[portion] = made
                else:
                    yield portion, made
            if not faults:
                break
        self.failed.update((portion.path, str(fault)) for portion, fault in faults.items())


def _open(work: Work, p: Selection, portion: Portion) -> Source:
    return DESK.open(portion.path, p, work.wish(portion.path)).source


def _do(work: Work, p: Selection, chunk_events: int, portion: Portion) -> Done:
    if portion.piece and work.has(portion.piece):
        return Done([portion.piece], [], {})
    try:
        reader = DESK.open(portion.path, p, work.wish(portion.path))
        source = reader.source
        pieces = [portion.piece] if portion.piece else plan([source], chunk_events)
        if source.identity != pieces[0].identity:
            message = (
                f"{source.path}: was changed since it was planned: is {source.identity}, was {pieces[0].identity}"
            )
            raise FormatError(message)
        todo = [piece for piece in pieces if not work.has(piece)]
        for piece in todo:
            DESK.events += piece.events
            work.do(reader, piece, DESK.events)
    except BaseException:
        DESK.close()
        raise
    return Done(pieces, todo, dict(source.missing))
