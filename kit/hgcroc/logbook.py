"""What happened in a scan, one line of JSON for each message and event, and the raw data that are kept."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import IO, Any

from kit import files

__all__ = ["LOG", "Logbook"]

LOG = "log.jsonl"
AT_ONCE = 1.0  # s that a line may wait for the disk


class Logbook:
    """The log of a scan; lines are added to what earlier attempts have left.

    Parameters
    ----------
    folder : Path
        Where the log and ``raw/`` are.
    keep_raw : str
        ``yes`` keeps all raw data, ``auto`` those of points in doubt, ``no`` none.
    """

    def __init__(self, folder: Path, keep_raw: str = "auto") -> None:
        self.folder, self._keep = folder, keep_raw
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / LOG
        self._stream: IO[str] = self._path.open("a", encoding="utf-8")
        self._flushed = time.monotonic()

    def note(self, kind: str, **details: Any) -> None:
        """Add an event."""
        line = {"time": round(time.time(), 6), "kind": kind, **details}
        self._stream.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
        if time.monotonic() - self._flushed > AT_ONCE or kind != "exchange":
            with files.naming(self._path):
                self._stream.flush()
            self._flushed = time.monotonic()

    def exchange(self, exchange: dict[str, Any]) -> None:
        """Add a message and its answer."""
        self.note("exchange", **exchange)

    def raw(self, point: int, attempt: int, archive: bytes, doubtful: bool) -> None:
        """Keep the raw data of a point where that is wished; those of a spoiled try beside those of the last."""
        if self._keep == "no" or (self._keep == "auto" and not doubtful) or not archive:
            return
        name = f"point_{point}.raw.gz" if not attempt else f"point_{point}_try_{attempt}.raw.gz"
        with files.whole(self.folder / "raw" / name) as part:
            part.write_bytes(gzip.compress(archive, 1))

    def close(self) -> None:
        """Bring everything to the disk."""
        with files.naming(self._path):
            self._stream.close()
