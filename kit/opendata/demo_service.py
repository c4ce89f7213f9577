"""A small stand-in for the catalogue services: the ATLAS metadata service and the CERN Open Data portal in one.

It serves the tables and files of a folder from this computer, in the shapes that the real services have, so that
the demo needs no network. The folder holds `releases.json`, `records.json` and the files below `eos/opendata`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from kit.files import adler32, read_json, write_json

__all__ = ["Answer", "Service", "file_entry", "stock"]

ROOT_SERVER = "root://eospublic.cern.ch"
DEFAULT_PAGE = 5  # entries on a page of the portal where none are asked for


@dataclass(frozen=True)
class Answer:
    """What is sent: bytes `start` to `stop` of `body`, only `sent` of them before the connection closes."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    start: int = 0
    stop: int | None = None
    sent: int | None = None


def file_entry(path: Path, folder: Path) -> dict[str, Any]:
    """Return what the portal tells of a file below `folder`."""
    uri = f"{ROOT_SERVER}//{path.relative_to(folder)}"
    return {"uri": uri, "key": path.name, "size": path.stat().st_size, "checksum": adler32(path)}


def stock(folder: Path, releases: Mapping[str, Any], records: Mapping[str, Any]) -> None:
    """Write the tables of a service: datasets by release, records by number."""
    write_json(folder / "releases.json", dict(releases))
    write_json(folder / "records.json", dict(records))


class Service(ThreadingHTTPServer):
    """Serves a folder on a free port of this computer, as a context manager."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.releases: dict[str, list[dict[str, Any]]] = read_json(folder / "releases.json")
        self.records: dict[str, dict[str, Any]] = read_json(folder / "records.json")

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def answer(self, target: str, span: str) -> Answer:
        """Return the answer to a request for `target`, of the bytes that a header Range names."""
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/eos/"):
            return self._bytes(parts.path, span)
        found = self._table(parts.path, query)
        if found is None:
            return Answer(404, json.dumps({"detail": f"{parts.path} not found"}).encode())
        return Answer(200, json.dumps(found).encode())

    def _bytes(self, path: str, span: str) -> Answer:
        place = (self.folder / path.lstrip("/")).resolve()
        if not place.is_relative_to((self.folder / "eos").resolve()) or not place.is_file():
            return Answer(404, b"not found", (("Content-Type", "text/plain"),))
        body = place.read_bytes()
        kind = (("Content-Type", "application/octet-stream"), ("Accept-Ranges", "bytes"))
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", span)
        if not wanted or not any(wanted.groups()):
            return Answer(200, body, kind)
        first, last = wanted.groups()
        start = int(first) if first else max(0, len(body) - int(last))
        stop = min(len(body), int(last) + 1) if first and last else len(body)
        if start >= stop:
            return Answer(416, b"", (*kind, ("Content-Range", f"bytes */{len(body)}")))
        return Answer(206, body, (*kind, ("Content-Range", f"bytes {start}-{stop - 1}/{len(body)}")), start, stop)

    def _table(self, path: str, query: dict[str, str]) -> Any:
        words = path.strip("/").split("/")
        match words:
            case ["datasets"]:
                first, number = int(query.get("skip", 0)), int(query.get("limit", 100))
                return self.releases.get(query.get("release_name", ""), [])[first : first + number]
            case ["datasets", "count"]:
                return {"count": len(self.releases.get(query.get("release_name", ""), []))}
            case ["metadata", release, key]:
                return next((d for d in self.releases.get(release, []) if key in _names(d)), None)
            case ["api", "records", number] if number in self.records:
                return _record(number, self.records[number])
            case ["record", number] if number in self.records:
                return {"id": number}
            case ["record", number, "filepage", page] if number in self.records:
                return _page(self.records[number], int(page), query)
        return None


def _names(dataset: Mapping[str, Any]) -> set[str]:
    return {str(dataset["dataset_number"]), str(dataset.get("physics_short")).lower()}


def _record(number: str, record: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in record.items() if name not in ("files", "index_files")}
    lists = {"files": record["files"], "_file_indices": record["index_files"]}
    return {"id": number, "metadata": {"recid": number, **told, **lists}}


def _page(record: Mapping[str, Any], page: int, query: Mapping[str, str]) -> dict[str, Any]:
    size = int(query.get("perPage", DEFAULT_PAGE))
    here = slice(size * (page - 1), size * page)
    pages = {kind: {"total": len(record[kind]), "files": record[kind][here]} for kind in ("index_files", "files")}
    return pages[query["type"]] if "type" in query else pages


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        self._send(self.server.answer(self.path, self.headers.get("Range", "")))

    def do_HEAD(self) -> None:
        self._send(self.server.answer(self.path, self.headers.get("Range", "")), with_body=False)

    def _send(self, answer: Answer, *, with_body: bool = True) -> None:
        body = answer.body[answer.start : answer.stop]
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body[: answer.sent])
        if answer.sent is not None:
            self.close_connection = True

    def log_message(self, *words: object) -> None:
        """Say nothing: requests are no news."""
