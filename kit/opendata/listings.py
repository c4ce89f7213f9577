"""What a release or a record holds, as the services tell it: datasets and their files.

A list is kept in a file, so that the services are asked once. One that cannot be read, or was made with other
settings, is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from kit.files import FormatError, read_json, write_json

__all__ = ["Dataset", "Kind", "RemoteFile", "http_address", "kept", "place"]

Kind = Literal["data", "simulation", "unknown"]
FORMAT = 1
ADDRESS = re.compile(r"^(?:[a-z]+::)*[a-z]+://[^/]+/+(?P<path>.*)$")
PUBLIC = "eos/opendata/"  # below it lie all files of the portal


@dataclass(frozen=True)
class RemoteFile:
    """A file on the servers; bytes and checksum where they are told."""

    uri: str
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Files that belong together: a dataset of an ATLAS release, or a record of the portal.

    `source` is the release, or ``record_N``. `files` are by skim, ``noskim`` being the whole.
    """

    source: str
    key: str
    name: str
    kind: Kind
    metadata: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[RemoteFile]] = field(default_factory=dict)


def _path(uri: str) -> str:
    found = ADDRESS.match(uri)
    if not found:
        message = f"{uri!r} is no address; should be such as root://eospublic.cern.ch//{PUBLIC}…"
        raise FormatError(message)
    return found["path"]


def http_address(uri: str, server: str) -> str:
    """Return where a file is found by http, on this server, whatever host the list names."""
    return f"{server.rstrip('/')}/{_path(uri)}"


def place(uri: str) -> PurePosixPath:
    """Return the path of a file below the folder of all public files; a FormatError where it leads elsewhere."""
    path = PurePosixPath(_path(uri).removeprefix(PUBLIC))
    if path.is_absolute() or ".." in path.parts or not path.name:
        message = f"{uri!r} is no place below {PUBLIC}"
        raise FormatError(message)
    return path


def kept(
    path: Path,
    settings: Mapping[str, str],
    make: Callable[[], list[Dataset]],
    say: Callable[[str], object],
    *,
    refresh: bool = False,
) -> tuple[list[Dataset], bool]:
    """Return the list that a file holds, or one made anew and kept there; and whether it was made.

    Parameters
    ----------
    settings : mapping
        What the list depends on; a file with others is not used.
    say : callable
        Told why a file that exists is not used.
    refresh : bool
        Make it anew in any case.
    """
    if path.is_file() and not refresh:
        try:
            content = read_json(path)
            about = {"format": content["format"], "settings": content["settings"]}
            if about == {"format": FORMAT, "settings": dict(settings)}:
                return [_dataset(entry) for entry in content["datasets"]], False
            say(f"the list in {path.name} was made with {about['settings']}, now {dict(settings)}: made anew")
        except (FormatError, KeyError, TypeError, AttributeError) as fault:
            say(f"the list in {path.name} cannot be used: {fault!r}: made anew")
    datasets = make()
    told = [asdict(dataset) for dataset in datasets]
    write_json(path, {"format": FORMAT, "settings": dict(settings), "datasets": told})
    return datasets, True


def _dataset(entry: dict[str, Any]) -> Dataset:
    files = {skim: [RemoteFile(**file) for file in listed] for skim, listed in entry["files"].items()}
    return Dataset(**{**entry, "files": files})
