"""The directory of a batch run: its points, its rounds, its results, and where each file of them lies.

A round is one call of submit or resume. It is written into a folder of its own under a temporary name and renamed
when it is whole, so that a killed submission leaves a round or none.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.chunks import Chunk
from kit.batch.faults import SubmissionError
from kit.manifest import MANIFEST

__all__ = ["CAMPAIGN", "LINKED", "BatchRun", "Round", "RoundFiles", "batch_run", "compact", "spread"]

WORKER = Path(__file__).parent / "worker"
CAMPAIGN = "campaign.json"  # the record of a campaign, in a directory of its own
LINKED = "inputs"  # the folder of a round with links to inputs that travel under another name


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
    if (record := directory / CAMPAIGN).is_file():
        raise SubmissionError(_is_campaign(directory, files.read_json(record)["stages"]))
    if not (directory / "submission.json").is_file() or not (directory / "points.jsonl").is_file():
        what = "is a single run" if (directory / MANIFEST).is_file() else "holds no points"
        inside = sorted(directory.glob("*/submission.json"), key=lambda path: path.stat().st_mtime)
        if inside:
            message = (
                f"{files.shown(directory)} is a folder of runs; the latest is {files.shown(inside[-1].parent)}"
            )
            raise SubmissionError(message)
        message = (
            f"{files.shown(directory)} {what}; should be what `kit submit` made (if that was ended, repeat it)"
        )
        raise SubmissionError(message)
    return BatchRun(directory)


def _is_campaign(directory: Path, stages: dict[str, dict[str, Any]]) -> str:
    runs = ", ".join(f"{name}: {about['run']}" for name, about in stages.items()) or "none of them has begun"
    return (
        f"{files.shown(directory)} is a campaign, which status, watch, resume, stop and report take as a whole; "
        f"this command takes the run of a stage ({runs})"
    )


@dataclass(frozen=True)
class RoundFiles:
    """What a round is made of.

    Attributes
    ----------
    chunks : sequence of Chunk
        In the order of the job numbers.
    lines : sequence of bytes
        The line of each point of the run, by its index.
    worker : dict
        What ``worker.json`` tells all workers; `log` names the event log.
    description, script : str
        ``job.sub`` and ``run.sh``.
    carried : dict
        For each chunk that brings inputs of its own: what travels for each of them; below `LINKED` a link to it.
    further : dict
        Other files, by their names: those of a DAG.
    """

    chunks: Sequence[Chunk]
    lines: Sequence[bytes]
    worker: dict[str, Any]
    description: str
    script: str
    carried: dict[str, dict[str, str]]
    further: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path, number: str) -> Round:
        """Write the round `number` into `folder`, whole or not at all."""
        part = folder / f"{number}.part"
        if part.exists():
            shutil.rmtree(part)
        (part / "points").mkdir(parents=True)
        for name in {chunk.folder for chunk in self.chunks}:  # HTCondor makes no directory for what jobs print
            (part / "logs" / name).mkdir(parents=True)
        for chunk in self.chunks:
            if not chunk.label:  # one with a name of its own makes its points itself
                self._write_slice(part / "points" / f"{chunk.name}.jsonl", chunk)
        for path, other in (pair for carried in self.carried.values() for pair in carried.items()):
            if other.startswith(f"{LINKED}/"):
                (part / other).parent.mkdir(parents=True, exist_ok=True)
                (part / other).symlink_to(path)
        listed = [[compact(chunk.indexes), chunk.memory_mb, *filter(None, [chunk.label])] for chunk in self.chunks]
        (part / "chunks.json").write_text(json.dumps(listed), encoding="utf-8")
        (part / "chunks.txt").write_text("".join(self.rows), encoding="utf-8")
        (part / "worker.json").write_text(json.dumps(self.worker, indent=1), encoding="utf-8")
        for name, text in ({"job.sub": self.description} | self.further).items():
            if text:
                (part / name).write_text(text, encoding="utf-8")
        (part / "run.sh").write_text(self.script, encoding="utf-8")
        (part / "run.sh").chmod(0o755)
        shutil.copytree(WORKER, part / "worker", ignore=shutil.ignore_patterns("__pycache__"))
        part.rename(folder / number)
        return Round(folder / number)

    @property
    def rows(self) -> list[str]:
        """The rows of ``chunks.txt``: chunk, log directory, memory, and the files that it brings along."""
        return [self._row(chunk) for chunk in self.chunks]

    def _row(self, chunk: Chunk) -> str:
        columns = [chunk.name, chunk.folder, str(chunk.memory_mb)]
        if self.carried:
            columns.append(", ".join(self.carried[chunk.name].values()))
        return ", ".join(columns) + "\n"

    def _write_slice(self, path: Path, chunk: Chunk) -> None:
        with path.open("wb") as stream:
            for index in chunk.indexes:
                line = self.lines[index]
                if carried := self.carried.get(chunk.name):
                    inputs = json.dumps(
                        {path: Path(other).name for path, other in carried.items()}, ensure_ascii=False
                    )
                    line = line.rstrip()[:-1] + f',"inputs":{inputs}}}\n'.encode()
                stream.write(line)


def compact(indexes: Sequence[int]) -> str:
    """Return indexes as people write them: ``0-99,105``."""
    parts: list[list[int]] = []
    for index in indexes:
        if parts and index == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], index]
        else:
            parts.append([index])
    return ",".join("-".join(map(str, part)) for part in parts)


def spread(text: str) -> Sequence[int]:
    """Return the indexes that `compact` wrote."""
    if not text:
        return []
    ranges = [tuple(map(int, part.split("-"))) for part in text.split(",")]
    if len(ranges) == 1:
        return range(ranges[0][0], ranges[0][-1] + 1)
    return [index for part in ranges for index in range(part[0], part[-1] + 1)]
