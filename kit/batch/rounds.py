"""The directory of a batch run: its points, its rounds, its results, and where each file of them lies.

A round is one call of submit or resume.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.chunks import Chunk, spread
from kit.batch.faults import SubmissionError
from kit.manifest import MANIFEST

__all__ = ["CAMPAIGN", "BatchRun", "Round", "batch_run"]

CAMPAIGN = "campaign.json"  # the record of a campaign, in a directory of its own


@dataclass(frozen=True)
class Round:
    """One round as it lies on the disk."""

    directory: Path

    @property
    def number(self) -> str:
        """Three digits, from 000 (the point that was tried first)."""
        return self.directory.name

    @functools.cached_property
    def chunks(self) -> list[Chunk]:
        """Its chunks, in the order of the job numbers."""
        listed = files.read_json(self.directory / "chunks.json")
        return [Chunk(spread(indexes), memory, *label) for indexes, memory, *label in listed]

    @property
    def rows(self) -> list[str]:
        """The rows of its ``chunks.txt``, without their ends; a name may hold what Python takes for one."""
        return (self.directory / "chunks.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")

    @property
    def submitted(self) -> dict[str, Any] | None:
        """What is known of its submission, None where it has not been submitted."""
        record = self.directory / "submitted.json"
        return dict(files.read_json(record)) if record.is_file() else None

    @functools.cached_property
    def log(self) -> Path:
        """Its event log."""
        about = files.read_json(self.directory / "worker.json")
        return self.directory / str(about["log"])

    @property
    def worker_log(self) -> Path:
        """The folder of what its jobs printed."""
        return self.directory / "logs"

    def printed(self, chunk: Chunk) -> Iterator[Path]:
        """Yield the files with what the job of `chunk` printed, errors first."""
        for ending in ("err", "out"):
            yield self.worker_log / chunk.folder / f"{chunk.name}.{ending}"


@dataclass(frozen=True)
class BatchRun:
    """A batch run as it lies on the disk."""

    directory: Path

    @property
    def points(self) -> Path:
        """All points, one a line, never rewritten."""
        return self.directory / "points.jsonl"

    @property
    def notebook(self) -> Path:
        """The copy that runs."""
        return self.directory / "notebook.ipynb"

    @property
    def results(self) -> Path:
        """The folder of the lines and files that came back."""
        return self.directory / "results"

    @property
    def merged(self) -> Path:
        """The folder of the table and the report."""
        return self.directory / "merged"

    @functools.cached_property
    def submission(self) -> dict[str, Any]:
        """How it was sent."""
        return dict(files.read_json(self.directory / "submission.json"))

    @property
    def options(self) -> dict[str, Any]:
        """The options of the submission."""
        return dict(self.submission["options"])

    @property
    def number_of_points(self) -> int:
        """How many points it has; where jobs make them, as many as the table of points says."""
        known = self.submission["points"]
        return int(known) if known is not None else len(self.points.read_bytes().splitlines())

    @property
    def rounds(self) -> list[Round]:
        """Its rounds, the oldest first."""
        folder = self.directory / "rounds"
        names = sorted(path.name for path in folder.iterdir() if path.name.isdigit()) if folder.is_dir() else []
        return [Round(folder / name) for name in names]

    def note(self, **about: Any) -> None:
        """Write what has changed into ``submission.json``, and the list of rounds."""
        numbers = [round_.number for round_ in self.rounds]
        files.write_json(self.directory / "submission.json", self.submission | about | {"rounds": numbers})
        self.__dict__.pop("submission", None)


def batch_run(path: str | Path) -> BatchRun:
    """Return the batch run at `path`.

    Raises
    ------
    SubmissionError
        If it is none, or its submission never came so far.
    """
    directory = files.resolve(path)
    if not directory.is_dir():
        message = f"there is no directory {files.shown(directory)}; `kit list` shows the runs"
        raise SubmissionError(message)
    if all((directory / name).is_file() for name in ("submission.json", "points.jsonl")):
        return BatchRun(directory)
    message = f"{files.shown(directory)} {_what_else(directory)}"
    raise SubmissionError(message)


def _what_else(directory: Path) -> str:
    """Return in words what is in a directory that is no batch run."""
    if (record := directory / CAMPAIGN).is_file():
        stages = files.read_json(record)["stages"]
        runs = ", ".join(f"{name}: {about['run']}" for name, about in stages.items()) or "none of them has begun"
        return (
            "is a campaign, which status, watch, resume, stop and report take as a whole; "
            f"this command takes the run of a stage ({runs})"
        )
    if inside := sorted(directory.glob("*/submission.json"), key=lambda path: path.stat().st_mtime):
        return f"is a folder of runs; the latest is {files.shown(inside[-1].parent)}"
    what = "is a single run" if (directory / MANIFEST).is_file() else "holds no points"
    return f"{what}; should be what `kit submit` made (if that was ended, repeat it)"
