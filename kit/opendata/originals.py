"""The masses that the original program left: `*_FS_*_IM_*.npy` files and `im_batch_*.sqlite` databases.

Both hold arrays of masses in GeV under a signature ``<parsed file>_FS_<final state>_IM_<combination>``. In its
first form (fae594d) combinations are named by count, e2j1, later (220f66f) by rank, e0e1j0. Its databases may tell
how many events a final state has; else that is the largest number of masses of any of its combinations, as it
counted itself.
"""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kit.files import FormatError
from kit.opendata.combinations import combination_named, final_state_counts, final_state_name
from kit.opendata.pieces import Piece
from kit.opendata.twins import FloatArray

__all__ = ["ENDINGS", "Original", "bundles", "read_original"]

ENDINGS = (".npy", ".sqlite")
SIGNATURE = re.compile(r"(?P<source>.*?)_?FS_(?P<state>(?:\d+[a-z]_?)+?)_IM_(?P<combination>\w+)")
SINGLE = 2  # fewer objects make no mass: the original wrote such arrays where it had lost a type

Pair = tuple[str, str]


@dataclass
class Original:
    """What one bundle of files holds, as one piece: masses by pair, events by final state, what was left out."""

    piece: Piece
    masses: dict[Pair, FloatArray] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def bundles(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the files in bundles: a database alone, all arrays of one parsed file in a folder together.

    Raises
    ------
    FormatError
        If a file is neither.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        if Path(path).suffix not in ENDINGS:
            message = (
                f"{path}: no ending of {' or '.join(ENDINGS)}; masses of the original and events cannot be mixed"
            )
            raise FormatError(message)
        name = path if path.endswith(".sqlite") else _parts(path, Path(path).stem)[0]
        found.setdefault((str(Path(path).parent), name), []).append(path)
    return [tuple(sorted(files)) for files in found.values()]


def read_original(files: Sequence[str]) -> Original:
    """Return what a bundle holds.

    Raises
    ------
    FormatError
        Naming the file and the signature, if it cannot be read as what the original wrote.
    """
    rows = _of_database(files[0]) if files[0].endswith(".sqlite") else _of_arrays(files)
    listed: dict[Pair, list[FloatArray]] = {}
    signatures = []
    for where, signature, masses in rows:
        _, state, combination = _parts(where, signature)
        signatures.append((where, state, combination))
        listed.setdefault((state, combination), []).append(_masses(where, signature, masses))
    by_count = bool(signatures) and not any("0" in combination for _, _, combination in signatures)
    entries = sum(len(some) for arrays in listed.values() for some in arrays)
    found = Original(_piece(files, entries))
    for (state, combination), arrays in listed.items():
        where = f"{files[0]}: {combination}"
        named = _by_rank(combination, where) if by_count else _checked(combination, where)
        if named is None:
            found.left_out.append(f"{combination} in {state}")
        else:
            found.masses[_state(state, files[0]), named] = np.concatenate(arrays)
    found.events = _events(found, files)
    return found


def _events(found: Original, files: Sequence[str]) -> dict[str, int]:
    """Return the events by final state: as a database tells, else the most masses of a combination."""
    events: dict[str, int] = {}
    for (state, _), masses in found.masses.items():
        events[state] = max(events.get(state, 0), len(masses))
    if files[0].endswith(".sqlite"):
        told: dict[str, int] = {}
        for state, number in _query(
            files[0], "SELECT final_state, n_events FROM final_state_counts", missing=True
        ):
            name = _state(str(state).removeprefix("_FS_"), files[0])
            told[name] = told.get(name, 0) + int(number)
        events |= told
    return dict(sorted(events.items()))


def _of_database(path: str) -> Iterator[tuple[str, str, FloatArray]]:
    for signature, number, payload in _query(
        path, "SELECT signature, n_entries, payload FROM array_chunks ORDER BY id"
    ):
        try:
            masses = np.load(io.BytesIO(zlib.decompress(payload)), allow_pickle=False)
        except (zlib.error, ValueError, EOFError, TypeError) as fault:
            message = f"{path}: {signature}: damaged: {fault}; should be a compressed array"
            raise FormatError(message) from None
        if len(masses) != number:
            message = f"{path}: {signature}: {len(masses)} masses, should be {number}"
            raise FormatError(message)
        yield path, str(signature), masses


def _query(path: str, text: str, *, missing: bool = False) -> Iterator[tuple[Any, ...]]:
    try:
        connection = sqlite3.connect(f"file:{Path(path).as_posix()}?mode=ro&immutable=1", uri=True)
        try:
            yield from connection.execute(text)
        finally:
            connection.close()
    except sqlite3.DatabaseError as fault:
        if missing and "no such table" in str(fault):
            return
        message = f"{path}: {fault}; should be a database im_batch_*.sqlite of the original"
        raise FormatError(message) from None


def _of_arrays(files: Sequence[str]) -> Iterator[tuple[str, str, FloatArray]]:
    for path in files:
        try:
            masses = np.load(path, allow_pickle=False)
        except (ValueError, EOFError) as fault:
            message = f"{path}: damaged: {fault}; should be an array of masses"
            raise FormatError(message) from None
        yield path, Path(path).stem, masses


def _masses(where: str, signature: str, masses: FloatArray) -> FloatArray:
    if masses.ndim != 1 or masses.dtype.kind != "f":
        message = (
            f"{where}: {signature}: {masses.ndim} dimensions of {masses.dtype}, should be one of real numbers"
        )
        raise FormatError(message)
    bad = np.flatnonzero(~np.isfinite(masses))
    if len(bad):
        message = f"{where}: {signature}: mass {bad[0]} is {masses[bad[0]]}, should be a number"
        raise FormatError(message)
    return np.maximum(masses.astype(np.float64), 0.0)  # the original gave the root of a negative square a sign


def _parts(where: str, signature: str) -> tuple[str, str, str]:
    match = SIGNATURE.fullmatch(signature)
    if not match:
        message = f"{where}: signature {signature!r}; should be such as data_FS_2e_0m_1j_0g_IM_e0j0"
        raise FormatError(message)
    return match["source"], match["state"], match["combination"]


def _state(name: str, where: str) -> str:
    try:
        return final_state_name(final_state_counts(name))
    except ValueError as fault:
        message = f"{where}: {fault}"
        raise FormatError(message) from None


def _checked(name: str, where: str) -> str | None:
    try:
        return name if combination_named(name).size >= SINGLE else None
    except ValueError as fault:
        message = f"{where}: {fault}"
        raise FormatError(message) from None


def _by_rank(name: str, where: str) -> str | None:
    """Return e0e1j0 for e2j1."""
    parts = re.findall(r"([a-z])(\d+)", name)
    return _checked("".join(f"{letter}{rank}" for letter, count in parts for rank in range(int(count))), where)


def _piece(files: Sequence[str], entries: int) -> Piece:
    """Return the identity of a bundle: by content, so that a copy is recognised."""
    seal, size = hashlib.sha256(), 0
    for path in files:
        content = Path(path).read_bytes()
        seal.update(content)
        size += len(content)
    return Piece(files[0], seal.hexdigest()[:32], size, entries, 0, entries)
