"""Whole files or none, and one door for inputs by path, pattern or address."""

from __future__ import annotations

import base64
import contextlib
import errno
import glob
import hashlib
import importlib.util
import json
import os
import re
import secrets
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kit import addresses

__all__ = [
    "FormatError",
    "adler32",
    "home",
    "is_remote",
    "json_text",
    "link",
    "locate",
    "naming",
    "picture_address",
    "read_json",
    "read_text",
    "resolve",
    "sha256",
    "shown",
    "size",
    "whole",
    "write_json",
]

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BLOCK = 1 << 20  # bytes read at once for a checksum


class FormatError(ValueError):
    """A file that is not what it should be; names the file, the spot, what it is and what it should be."""


def home() -> Path:
    """Return the project's root: the nearest folder upwards with ``notebooks`` and ``parameters``.

    Environment ``KIT_HOME`` overrides; outside a project it is the working directory. Thus relative paths
    mean the same wherever Jupyter, papermill or a job was started.

    Raises
    ------
    NotADirectoryError
        If ``KIT_HOME`` names no folder.
    """
    if named := os.environ.get("KIT_HOME"):
        folder = Path(named).expanduser().resolve()
        if not folder.is_dir():
            message = f"KIT_HOME is {named}, should be a folder that exists"
            raise NotADirectoryError(message)
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "parameters").is_dir():
            return folder
    return here


def resolve(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path; a relative one starts at the project's root."""
    return home() / Path(path).expanduser()


def shown(path: str | os.PathLike[str]) -> str:
    """Return the path as people would type it: relative to the project's root where it lies below."""
    absolute = resolve(path)
    return str(absolute.relative_to(home())) if absolute.is_relative_to(home()) else str(absolute)


def link(path: Path, folder: Path) -> str:
    """Return the address of `path` for a page that lies in `folder`: it holds when both are moved."""
    return urllib.parse.quote(os.path.relpath(path, folder))


def picture_address(path: Path) -> str:
    """Return the content of a PNG as an address that an image can have."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def is_remote(path: str) -> bool:
    """Tell whether `path` is an address (``https://``, ``root://``, ``simplecache::https://``)."""
    return re.match(r"^([a-z][a-z0-9+.-]*::)*[a-z][a-z0-9+.-]*://", path) is not None


def locate(inputs: Iterable[str]) -> list[str]:
    """Return the files that paths, patterns and addresses name, in the order given, patterns sorted.

    Raises
    ------
    FileNotFoundError
        Naming every path that does not exist and every pattern that matches nothing.
    ModuleNotFoundError
        If an address needs XRootD and it is not installed.
    ValueError
        If an address holds a password or a token.
    """
    root = home()
    found: list[str] = []
    missing: list[str] = []
    for entry in inputs:
        if is_remote(entry):
            found += _remote(entry)
            continue
        if "\0" in entry:
            missing.append(f"there is no {entry!r}")
            continue
        path = root / Path(entry).expanduser()
        if path.exists():
            found.append(str(path))
        elif glob.has_magic(entry):
            # hidden files, such as EOS' own copies, do not match; the root's own name is no pattern
            matches = glob.glob(str(Path(entry).expanduser()), root_dir=root, recursive=True)  # noqa: PTH207
            found += sorted(str(root / match) for match in matches)
            if not matches:
                missing.append(f"no file matches {entry}")
        else:
            missing.append(f"there is no {entry}")
    if missing:
        message = "; ".join(missing) + f" (relative paths start at {root})"
        raise FileNotFoundError(message)
    return found


def _remote(address: str) -> list[str]:
    if faults := list(addresses.secrets_in("an address", address)):
        raise ValueError(faults[0])
    if "root://" in address and importlib.util.find_spec("fsspec_xrootd") is None:
        message = f"{address} needs XRootD, which is not installed: pip install -e '.[xrootd]' in the project"
        raise ModuleNotFoundError(message)
    addresses.limit_patience()
    if not glob.has_magic(address) or not address.startswith("root://"):
        return [address]
    system, path = addresses.filesystem(address)
    system.invalidate_cache()  # an earlier look at the folder may be old
    matches = sorted(system.unstrip_protocol(match) for match in system.glob(path))
    if not matches:
        message = f"no file matches {address}"
        raise FileNotFoundError(message)
    return matches


def size(path: str) -> int | None:
    """Return the bytes of a local or remote file, None where the server does not say."""
    if not is_remote(path):
        return Path(path).stat().st_size
    system, remote = addresses.filesystem(path)
    told = system.size(remote)
    return int(told) if told is not None else None


@contextlib.contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends well, and vanishes when it does not.

    A reader sees the old file or the new one, never a part; what is renamed is on the disk before.
    """
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    # the ending stays, since writers choose their format by it
    part = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part{final.suffix}")
    try:
        with naming(final):
            yield part
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            part.replace(final)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let the error of a full disk name `path`: of itself it does not say which file, and so which disk."""
    try:
        yield
    except OSError as fault:
        if fault.errno in NO_ROOM and fault.filename is None:
            fault.filename = str(path)
        raise


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write `content` as readable JSON, whole or not at all; paths become text."""
    with whole(path) as part:
        part.write_text(json_text(content), encoding="utf-8")


def json_text(content: Any) -> str:
    """Return `content` as readable JSON.

    Raises
    ------
    TypeError
        Naming what JSON cannot hold.
    """
    return json.dumps(content, indent=1, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return value.tolist()
    message = f"{value!r} is a {type(value).__name__}, which JSON cannot hold"
    raise TypeError(message)


def read_json(path: str | os.PathLike[str]) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    FormatError
        With file, line and column, where it is not JSON.
    """
    try:
        return json.loads(read_text(path, "JSON"))
    except json.JSONDecodeError as fault:
        message = f"{path}:{fault.lineno}:{fault.colno}: {fault.msg}; should be JSON"
    except RecursionError:
        message = f"{path}: is nested too deeply; should be JSON"
    raise FormatError(message) from None


def read_text(path: str | os.PathLike[str], kind: str = "text") -> str:
    """Return the text in a file; `kind` says in an error what it should be.

    Raises
    ------
    FormatError
        With the byte at which it is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        message = f"{path}: byte {fault.start} is not UTF-8; should be {kind}"
        raise FormatError(message) from None


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def adler32(path: str | os.PathLike[str]) -> str:
    """Return ``adler32:xxxxxxxx``, the form in which EOS and the CERN Open Data portal state it."""
    value = 1
    with Path(path).open("rb") as stream:
        while block := stream.read(BLOCK):
            value = zlib.adler32(block, value)
    return f"adler32:{value:08x}"
