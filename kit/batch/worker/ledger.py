"""The two files that a chunk brings home: a line for each finished point, and a tar of what the points left.

A line is a promise: the files that it names are on the disk before it. A chunk that is started again keeps the
lines whose files are whole and goes on behind them.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["Ledger"]

BLOCK = 512  # bytes; what a tar is counted in
PIECE = 1 << 20  # bytes read at once
END = bytes(2 * BLOCK)  # what marks the end of a tar


class Ledger:
    """The result files ``<name>.jsonl`` and ``<name>.tar`` in `folder`, made if absent."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.jsonl"
        self._lines = _opened(self.path)
        self._tar = _opened(folder / f"{name}.tar")
        self.kept: dict[str, dict[str, Any]] = self._take_over()

    def add(self, line: dict[str, Any], directory: Path, without: frozenset[str] = frozenset()) -> None:
        """Append the files below `directory`, except those named in `without`, then the line of the point."""
        line["outputs"] = [
            self._append(path, f"{line['id']}/{path.relative_to(directory)}")
            for path in _files_below(directory)
            if str(path.relative_to(directory)) not in without
        ]
        _settle(self._tar)
        self._lines.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        _settle(self._lines)
        self.kept[line["id"]] = line

    def close(self) -> None:
        """Mark the end of the tar, as its format wants it."""
        self._tar.write(END)
        for stream in (self._tar, self._lines):
            _settle(stream)
            stream.close()

    def _append(self, path: Path, name: str) -> dict[str, Any]:
        """Copy one file into the tar, and return what its line says about it."""
        start = self._tar.tell()
        entry = tarfile.TarInfo(name)
        status = path.stat()
        entry.size, entry.mtime, entry.mode = status.st_size, int(status.st_mtime), 0o644
        self._tar.write(entry.tobuf(tarfile.PAX_FORMAT))
        offset, digest, left = self._tar.tell(), hashlib.sha256(), entry.size
        with path.open("rb") as stream:
            while left and (piece := stream.read(min(PIECE, left))):
                digest.update(piece)
                self._tar.write(piece)
                left -= len(piece)
        if left:
            self._tar.seek(start)
            self._tar.truncate()
            message = f"{path} shrank while it was read"
            raise OSError(message)
        self._tar.write(bytes(-entry.size % BLOCK))
        return {
            "name": name.partition("/")[2],
            "bytes": entry.size,
            "sha256": digest.hexdigest(),
            "offset": offset,
        }

    def _take_over(self) -> dict[str, dict[str, Any]]:
        """Keep the lines of an earlier attempt up to the first that is not whole, and cut what is behind."""
        tar_bytes = os.fstat(self._tar.fileno()).st_size
        kept: dict[str, dict[str, Any]] = {}
        lines_end = tar_end = 0
        for raw in self._lines:
            line = _parsed(raw)
            if line is None:
                break
            end = max((_end_of(output) for output in line["outputs"]), default=tar_end)
            if end > tar_bytes:
                break
            kept[line["id"]] = line
            lines_end += len(raw)
            tar_end = max(tar_end, end)
        for stream, length in ((self._lines, lines_end), (self._tar, tar_end)):
            stream.seek(length)
            stream.truncate()
        return kept


def _opened(path: Path) -> BinaryIO:
    """Open a file for reading and writing, without cutting what it holds."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b")


def _settle(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _end_of(output: dict[str, Any]) -> int:
    size = int(output["bytes"])
    return int(output["offset"]) + size + -size % BLOCK


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """Return a whole line, None for one that was cut."""
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    whole = raw.endswith(b"\n") and isinstance(line, dict) and {"id", "outputs"} <= line.keys()
    return line if whole else None


def _files_below(directory: Path) -> Iterator[Path]:
    """Yield the files of a point in the order of their names; hidden ones are its own business."""
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files_below(path)
        elif path.is_file():
            yield path
