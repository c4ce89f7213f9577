"""The files of a record on the CERN Open Data portal, from the portal's own JSON.

Files stand in a record by themselves, or in lists of files (index files), and both come in pages. A page has
five entries unless more are asked for, and the number of all is told beside them: all pages are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.files import FormatError
from kit.opendata.listings import Dataset, Kind, RemoteFile
from kit.opendata.web import Patience, fetch_json

__all__ = ["list_record", "record_name"]

PAGE = 100  # entries asked for at once
KINDS: dict[str, Kind] = {"Collision": "data", "Simulated": "simulation"}
TOLD = ("recid", "title", "experiment", "type", "license")


def record_name(record: int) -> str:
    """Return the name under which a record's files and list are kept."""
    return f"record_{record}"


def list_record(record: int, server: str, patience: Patience) -> Dataset:
    """Return a record as one dataset.

    Raises
    ------
    OSError
        If there is no such record, or the portal cannot be reached.
    FormatError
        If the portal gives other numbers of files than it tells.
    """
    base = server.rstrip("/")
    about = _told(fetch_json(f"{base}/api/records/{record}", patience), "metadata", record)
    files = [_file(entry, record) for entry in _entries(base, record, "files", patience)]
    for index in _entries(base, record, "index_files", patience):
        listed, number = _told(index, "files", record), index.get("number_files")
        if number != len(listed):
            message = (
                f"record {record}: index file {index.get('key')} tells of {number} files and holds {len(listed)}"
            )
            raise FormatError(message)
        files += [_file(entry, record) for entry in listed]
    once = list({file.uri: file for file in files}.values())
    kinds = {KINDS[word] for word in (about.get("type") or {}).get("secondary", []) if word in KINDS}
    metadata = {name: about[name] for name in TOLD if name in about}
    kind: Kind = kinds.pop() if len(kinds) == 1 else "unknown"
    title = str(about.get("title", record))
    return Dataset(record_name(record), str(record), title, kind, metadata, {"noskim": once} if once else {})


def _entries(base: str, record: int, kind: str, patience: Patience) -> Iterator[dict[str, Any]]:
    """Yield the entries of one kind from all pages, as many as the portal tells of."""
    found, page, total = 0, 0, None
    while total is None or found < total:
        page += 1
        content = fetch_json(f"{base}/record/{record}/filepage/{page}?type={kind}&perPage={PAGE}", patience)
        listed, total = _told(content, "files", record), int(_told(content, "total", record))
        if not listed and found < total:
            message = f"record {record}: the portal tells of {total} {kind} and gives {found}"
            raise FormatError(message)
        found += len(listed)
        yield from listed
    if found != total:
        message = f"record {record}: the portal tells of {total} {kind} and gives {found}"
        raise FormatError(message)


def _file(entry: dict[str, Any], record: int) -> RemoteFile:
    size, checksum = entry.get("size"), entry.get("checksum")
    checksum = checksum if isinstance(checksum, str) and checksum.startswith("adler32:") else None
    return RemoteFile(str(_told(entry, "uri", record)), int(size) if size is not None else None, checksum)


def _told(content: Any, name: str, record: int) -> Any:
    if not isinstance(content, dict) or name not in content:
        message = f"record {record}: the portal's answer has no {name!r}: {str(content)[:80]}"
        raise FormatError(message)
    return content[name]
