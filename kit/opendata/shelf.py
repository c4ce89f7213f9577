"""The folder that keeps fetched files, for all runs: what is on it, and how the rest comes there.

A file stands below its release or record at the place that it has below the portal's public folder. It is there
under its name only when it is whole and checked, so that its size alone tells that it is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kit.files import NO_ROOM, FormatError, adler32
from kit.opendata.downloads import download
from kit.opendata.listings import Dataset, RemoteFile, http_address, place
from kit.opendata.web import Patience

__all__ = ["Entry", "Shelf"]


@dataclass
class Entry:
    """A file of the catalogue: where it is, and what became of it.

    `state` is ``listed`` or ``here``, `reason` tells why it could not be fetched; `came` and `left` are the bytes
    that were fetched now, and those that an earlier attempt had left.
    """

    file: RemoteFile
    http: str
    path: Path
    protocol: str
    state: Literal["listed", "here"] = "listed"
    reason: str = ""
    came: int = 0
    left: int = 0

    @property
    def shown_state(self) -> str:
        """Its state in words: without a checksum to compare, a file is downloaded but not verified."""
        if self.state == "here":
            return "verified" if self.file.checksum else "downloaded"
        return "failed" if self.reason else "listed"

    @property
    def bytes(self) -> int | None:
        """Its size, as the services tell or as it is here."""
        return self.path.stat().st_size if self.state == "here" else self.file.size

    @property
    def readable(self) -> str:
        """Where a stage reads it: here, else on the servers."""
        if self.state == "here":
            return str(self.path)
        return self.file.uri if self.protocol == "root" else self.http

    def told(self) -> dict[str, Any]:
        """Return the entry of ``catalogue.json``."""
        entry = {
            "uri": self.file.uri,
            "http": self.http,
            "size": self.bytes,
            "checksum": self.file.checksum,
            "path": str(self.path) if self.state == "here" else None,
            "state": self.shown_state,
        }
        return entry | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True)
class Shelf:
    """The folder; `server` is where files are fetched from, `named` what stands for it in addresses."""

    folder: Path
    server: str
    named: str
    protocol: str
    patience: Patience

    def entry(self, dataset: Dataset, file: RemoteFile, *, refresh: bool = False) -> Entry:
        """Return how a file stands; one with other bytes than told is thrown away.

        Without `refresh` the size alone is looked at: a file gets its name only after its checksum was right.
        """
        path = self.folder / dataset.source / place(file.uri)
        entry = Entry(file, http_address(file.uri, self.named), path, self.protocol)
        if path.is_file():
            right = file.size in (None, path.stat().st_size)
            if right and refresh and file.checksum:
                right = adler32(path) == file.checksum
            if right:
                entry.state = "here"
            else:
                path.unlink()
        return entry

    def fetch(self, entries: Sequence[Entry], connections: int) -> Iterator[Entry]:
        """Fetch files side by side and yield each as it is done, or has failed at last.

        Raises
        ------
        OSError
            If the disk is full: no other file would fare better.
        """
        pool = ThreadPoolExecutor(connections)
        try:
            for future in as_completed([pool.submit(self._fetch, entry) for entry in entries]):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _fetch(self, entry: Entry) -> Entry:
        file = entry.file
        root = self.protocol == "root" and file.uri.startswith("root://")
        url = file.uri if root else http_address(file.uri, self.server)
        try:
            entry.left = download(url, entry.path, self.patience, size=file.size, checksum=file.checksum)
        except (OSError, FormatError) as fault:
            if getattr(fault, "errno", None) in NO_ROOM:
                raise
            entry.reason = str(fault)
        else:
            entry.state = "here"
            entry.came = entry.path.stat().st_size - entry.left
        return entry
