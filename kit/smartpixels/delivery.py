"""Results brought to where people keep them: a folder, or EOS by root://. A file is there whole or not at all."""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import shutil
from pathlib import Path
from typing import Any

from kit import files
from kit.addresses import filesystem

__all__ = ["deliver", "refuse_unreachable"]

BLOCK = 4 << 20  # bytes sent at once


def refuse_unreachable(folder: str) -> None:
    """Refuse an address that cannot be written from here, before hours of work.

    Raises
    ------
    ModuleNotFoundError
        If it needs XRootD and that is not installed.
    ValueError
        If it is an address of another kind.
    """
    if not files.is_remote(folder):
        return
    if not folder.startswith("root://"):
        message = f"results cannot be copied to {folder}, should be a folder or a root:// address"
        raise ValueError(message)
    if importlib.util.find_spec("fsspec_xrootd") is None:
        message = f"{folder} needs XRootD, which is not installed: pip install 'hep-notebook-kit[xrootd]'"
        raise ModuleNotFoundError(message)


def deliver(path: Path, folder: str, name: str = "") -> str:
    """Copy a file to a folder or address, and return where it is now.

    It is written under a temporary name beside its place, compared, and renamed. What is there already under its
    name is never replaced: the same is left alone, anything else is another run's.

    Parameters
    ----------
    path : Path
        The file.
    folder : str
        A local folder, or a ``root://`` address.
    name : str
        What it is called there, with folders; its own name where empty.

    Raises
    ------
    FileExistsError
        If another file has its name there.
    OSError
        If it did not arrive whole; nothing is left under its name then.
    """
    name = name or path.name
    if not files.is_remote(folder):
        target = files.resolve(folder) / name
        if not target.exists():
            with files.whole(target) as part:
                shutil.copyfile(path, part)
        elif not target.is_file() or files.sha256(target) != files.sha256(path):
            raise _taken(path.name, str(target))
        return str(target)
    address = f"{folder.rstrip('/')}/{name}"
    _send(path, address)
    return address


def _taken(name: str, target: str) -> FileExistsError:
    message = f"cannot copy {name} to {target}: another file is there; move it away, or choose another copy_to"
    return FileExistsError(message)


def _send(path: Path, address: str) -> None:
    system, target = filesystem(address)
    if _is_there(system, target, path):
        return
    try:
        taken = system.exists(target)
    except OSError as fault:
        message = f"cannot copy {path.name} to {address}: {fault}"
        raise OSError(message) from None
    if taken:
        raise _taken(path.name, address)
    parent, _, name = target.rpartition("/")
    part = f"{parent}/.{name}.{secrets.token_hex(4)}.part"
    try:
        system.makedirs(parent, exist_ok=True)
        with path.open("rb") as source, system.open(part, "wb") as sink:
            shutil.copyfileobj(source, sink, BLOCK)
        if not _is_there(system, part, path):
            message = f"{address} did not arrive whole"
            raise OSError(message)
        system.mv(part, target)  # XRootD renames onto nothing that exists
    except OSError as fault:
        with contextlib.suppress(OSError):
            system.rm_file(part)
        message = f"cannot copy {path.name} to {address}: {fault}"
        raise OSError(message) from None


def _is_there(system: Any, target: str, path: Path) -> bool:
    """Tell whether the file at `target` is the one at `path`; the server's checksum saves reading it back."""
    system.invalidate_cache()
    try:
        if system.info(target)["size"] != path.stat().st_size:
            return False
    except OSError:
        return False
    try:
        kind, value = system.checksum(target)
    except (OSError, NotImplementedError, AttributeError, TypeError, ValueError):
        with system.open(target, "rb") as there, path.open("rb") as here:
            while block := here.read(BLOCK):
                if there.read(len(block)) != block:
                    return False
        return True
    return kind != "adler32" or f"adler32:{value.rjust(8, '0')}" == files.adler32(path)
