"""What came back: the result lines of all rounds, read as they are added, kept small.

A point that is done in any round is done; otherwise its latest line counts. Per point only a letter and three
numbers stay in memory, whatever its line says besides.
"""

from __future__ import annotations

import json
import os
import re
from array import array
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.points import read_ids
from kit.batch.rounds import BatchRun

__all__ = ["LETTERS", "Results", "note_damaged", "tar_end"]

LETTERS = {"done": "d", "failed": "f", "timeout": "t", "memory": "m", "died": "x"}
NAMES = {letter: name for name, letter in LETTERS.items()}
NONE = "."
DAMAGED = "damaged.json"  # ids of points whose files are not as their lines say, by result
ELSEWHERE = re.compile(r"\.tar=\w+://")  # in a description: the files of the points go to an address
NEEDED = {"id", "state", "round", "seconds", "rss_mb", "outputs"}  # of a line


class Results:
    """The states of all points, as far as lines tell.

    Attributes
    ----------
    letters : list of str
        The state of each point: a letter of `LETTERS`, ``.`` where it has no line.
    seconds, rss_mb : array of float
        Time and memory of each point's latest line.
    rounds : array of int
        The round of that line.
    errors : dict
        For each kind of failure: how many lines, and the index of the first.
    problems : list of str
        Files and lines that cannot be used.
    """

    def __init__(self, run: BatchRun) -> None:
        self.run = run
        number = run.number_of_points
        self.letters = [NONE] * number
        self.seconds = array("f", bytes(4 * number))
        self.rss_mb = array("f", bytes(4 * number))
        self.rounds = array("h", bytes(2 * number))
        self.failures: dict[int, tuple[str, str, int]] = {}
        self.problems: dict[str, str] = {}
        self.read_up_to: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self.damaged = _damaged(run)
        self._closed: set[str] = set()
        self._elsewhere: dict[str, bool] = {}
        self._indexes: dict[str, int] = {}

    def read(self, ended: Container[str] = ()) -> bool:
        """Read what has been added, and tell whether there was anything.

        Parameters
        ----------
        ended : container of str
            Names, such as ``r001_000120``, whose jobs have ended: read once more, then never looked at again.
        """
        changed = False
        for entry in _lines_files(self.run.results):
            if entry.name in self._closed:
                continue
            if entry.stat().st_size != self.read_up_to.get(entry.name, 0):
                changed |= self._read_file(Path(entry.path))
            if entry.name.removesuffix(".jsonl") in ended:
                self._closed.add(entry.name)
        return changed

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield every line that can be used, the older rounds first."""
        for entry in _lines_files(self.run.results):
            path = Path(entry.path)
            self.problems.pop(path.name, None)  # now told by line
            with path.open("rb") as stream:
                for number, raw in enumerate(stream, 1):
                    if (line := self._usable(path, number, raw, self._tar_bytes(path))) is not None:
                        yield line

    def remembered(self) -> dict[str, Any]:
        """Return what is needed to go on from here another time."""
        return {
            "letters": "".join(self.letters),
            "seconds": [round(value, 3) for value in self.seconds],
            "rss_mb": [round(value, 1) for value in self.rss_mb],
            "rounds": self.rounds.tolist(),
            "failures": [[index, *failure] for index, failure in self.failures.items()],
            "problems": self.problems,
            "read": self.read_up_to,
            "closed": sorted(self._closed),
            "sizes": self.sizes,
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Go on from what was remembered.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError
            If that was not this run, or a file is gone or shorter than it was.
        """
        self.sizes = dict(memory["sizes"])
        for name, size in self.sizes.items():
            if (_size(self.run.results / name) or 0) < size:
                message = f"{name} is not as it was"
                raise ValueError(message)
        self.letters = list(memory["letters"])
        self.seconds, self.rss_mb = array("f", memory["seconds"]), array("f", memory["rss_mb"])
        self.rounds = array("h", memory["rounds"])
        self.failures = {index: tuple(failure) for index, *failure in memory["failures"]}
        self.problems, self.read_up_to = memory["problems"], memory["read"]
        self._closed = set(memory["closed"])
        sizes = {len(column) for column in (self.letters, self.seconds, self.rss_mb, self.rounds)}
        if sizes != {self.run.number_of_points}:
            message = f"{sizes} points are remembered, the run has {self.run.number_of_points}"
            raise ValueError(message)

    def _read_file(self, path: Path) -> bool:
        """Read the whole lines that have been added to one file.

        A job's lines come home before its tar: those whose files are not there yet are read again the next time.
        """
        start = self.read_up_to.get(path.name, 0)
        tar = path.with_suffix(".tar")
        self.problems.pop(tar.name, None)
        tar_bytes, waiting = self._tar_bytes(path), None
        changed = False
        with path.open("rb") as stream:
            if stream.seek(0, os.SEEK_END) < start:
                start = 0
            stream.seek(start)
            for raw in stream:
                if not raw.endswith(b"\n"):
                    break  # still being written, or cut: the report tells
                if (line := self._usable(path, 0, raw, tar_bytes)) is not None:
                    self._take(line)
                    changed = True
                elif tar.name in self.problems and waiting is None:
                    waiting = start
                start += len(raw)
        self.sizes[path.name] = start
        if tar_bytes:
            self.sizes[tar.name] = tar_bytes
        self.read_up_to[path.name] = start if waiting is None else waiting
        return changed

    def _usable(self, path: Path, number: int, raw: bytes, tar_bytes: int | None) -> dict[str, Any] | None:
        """Return a line, None where it is no line of a point of this run or its files are not whole."""
        spot = f"{path.name}:{number}" if number else path.name
        try:
            line: dict[str, Any] = json.loads(raw)
            name, known = str(line["id"]), line["state"] in LETTERS and line.keys() >= NEEDED
        except (ValueError, KeyError, TypeError, AttributeError):
            known = False
        if not known:
            self.problems[spot] = "a line is cut or is no JSON; its point is missing"
            return None
        if (index := self._index(name)) is None:
            self.problems[spot] = f"has a line of {line.get('id')}, which is no point of this run"
            return None
        if tar_bytes is not None and (end := tar_end(line)) > tar_bytes:
            self.problems[path.with_suffix(".tar").name] = (
                f"has {tar_bytes} bytes, should have {end} by its lines; the points behind are missing"
            )
            return None
        if line["id"] in self.damaged.get(path.stem, ()):
            self.problems[spot] = "has a line whose files are damaged in its tar; its point is missing"
            return None
        line["index"] = index  # a job that made its own points counts them by itself
        return line

    def _tar_bytes(self, path: Path) -> int | None:
        """Return the bytes of the tar beside a file of lines, 0 where there is none; None if it went elsewhere."""
        size = _size(path.with_suffix(".tar"))
        if size is not None:
            return size
        number = path.name[1:].partition("_")[0]
        if number not in self._elsewhere:
            folder = self.run.directory / "rounds" / number
            texts = [one.read_text() for name in ("job.sub", "chunk.sub") if (one := folder / name).is_file()]
            self._elsewhere[number] = any(map(ELSEWHERE.search, texts))
        return None if self._elsewhere[number] else 0

    def _take(self, line: dict[str, Any]) -> None:
        index, letter, number = line["index"], LETTERS[line["state"]], int(line["round"])
        before = self.letters[index]
        if before == "d" or (before != NONE and letter != "d" and number < self.rounds[index]):
            return
        self.letters[index], self.rounds[index] = letter, number
        self.seconds[index], self.rss_mb[index] = line["seconds"], line["rss_mb"]
        self.failures.pop(index, None)
        if letter != "d":
            error = line.get("error") or {}
            self.failures[index] = (
                str(error.get("name")),
                str(error.get("value"))[:200],
                int(error.get("cell") or 0),
            )

    def _index(self, name: str) -> int | None:
        if not self._indexes:
            self._indexes = {
                known: index for index, known in enumerate(read_ids(self.run.points, len(self.letters)))
            }
        return self._indexes.get(name)


def tar_end(line: dict[str, Any]) -> int:
    """Return up to which byte the tar must reach for the files of a line to be whole."""
    return max((int(output["offset"]) + int(output["bytes"]) for output in line["outputs"]), default=0)


def note_damaged(run: BatchRun, found: set[tuple[str, str]]) -> None:
    """Note points whose files are not as their lines say, by the name of their result files and their id."""
    names = _damaged(run)
    for name, point in found:
        names.setdefault(name, []).append(point)
    files.write_json(run.results / DAMAGED, names)


def _damaged(run: BatchRun) -> dict[str, list[str]]:
    path = run.results / DAMAGED
    return dict(files.read_json(path)) if path.is_file() else {}


def _lines_files(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if entry.name.endswith(".jsonl")), key=lambda entry: entry.name)


def _size(path: Path) -> int | None:
    """Return the bytes of a file; None where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
