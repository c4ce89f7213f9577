"""The tables of the ledger, and what is asked of them; transactions and locks are the ledger's own affair."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kit.files import FormatError
from kit.mu2e.shelves import Range, Shelf, changed
from kit.run import RunError

__all__ = [
    "TABLES", "drawn_with", "files_left", "held_by_file", "held_by_others", "note_places", "refuse_overlap",
    "register", "taken",
]  # fmt: skip

TABLES = """
CREATE TABLE IF NOT EXISTS files (identity TEXT, tree TEXT, path TEXT, bytes INTEGER, items INTEGER, unit TEXT,
  consumed TEXT, PRIMARY KEY (identity, tree));
CREATE TABLE IF NOT EXISTS ensembles (name TEXT PRIMARY KEY, configuration TEXT, plan TEXT, state TEXT, made TEXT);
CREATE TABLE IF NOT EXISTS ranges (identity TEXT, tree TEXT, start INTEGER, stop INTEGER, ensemble TEXT,
  state TEXT);
CREATE TABLE IF NOT EXISTS places (ensemble TEXT, directory TEXT, PRIMARY KEY (ensemble, directory));
CREATE INDEX IF NOT EXISTS by_file ON ranges (identity, tree);
"""
BUILT = ("nts.*.root", "pseudo_*/nts.*.root")


def register(base: sqlite3.Connection, shelves: Iterable[Shelf]) -> None:
    """Note files of primaries.

    Raises
    ------
    FormatError
        Naming those that are not what they were when the ledger saw them first.
    """
    faults = []
    for shelf in shelves:
        rows = base.execute(
            "SELECT identity, tree, path, bytes, 0, unit, consumed FROM files WHERE identity = ? OR path = ?",
            [shelf.identity, shelf.path],
        )
        faults += [fault for row in rows if (fault := changed(Shelf(*row), shelf))]
    if faults:
        raise FormatError("\n".join(dict.fromkeys(faults)))
    base.executemany(
        "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(s.identity, s.tree, s.path, s.bytes, s.items, s.unit, s.order) for s in shelves],
    )


def taken(base: sqlite3.Connection, key: tuple[str, str]) -> list[tuple[int, int]]:
    """Return the ranges of a tree that ensembles hold."""
    query = "SELECT start, stop FROM ranges WHERE identity = ? AND tree = ? AND state != 'released' ORDER BY start"
    return list(base.execute(query, key).fetchall())


def held_by_file(base: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return one record a file and ensemble: what it holds of the file, and in which state."""
    rows = base.execute(
        "SELECT f.path, f.tree, f.items, r.ensemble, r.state, SUM(r.stop - r.start) FROM files f"
        " LEFT JOIN ranges r"
        " ON r.identity = f.identity AND r.tree = f.tree GROUP BY f.identity, f.tree, r.ensemble, r.state"
        " ORDER BY f.path, f.tree, MIN(r.start)"
    ).fetchall()
    names = ("path", "tree", "items", "ensemble", "state", "taken")
    return [dict(zip(names, row, strict=True)) | {"taken": row[5] or 0} for row in rows]


def held_by_others(base: sqlite3.Connection, ensemble: str) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return what other ensembles hold, by identity and tree."""
    held: dict[tuple[str, str], list[tuple[int, int]]] = {}
    query = (
        "SELECT identity, tree, start, stop FROM ranges WHERE state != 'released' AND ensemble != ? ORDER BY start"
    )
    for file, tree, start, stop in base.execute(query, [ensemble]):
        held.setdefault((file, tree), []).append((start, stop))
    return held


def refuse_overlap(base: sqlite3.Connection, ranges: Iterable[Range], ensemble: str) -> None:
    """Refuse ranges of which another ensemble holds something.

    Raises
    ------
    RunError
        Naming both, and what they would share.
    """
    for one in ranges:
        other = base.execute(
            "SELECT ensemble, start, stop FROM ranges WHERE identity = ? AND tree = ? AND state != 'released'"
            " AND start < ? AND stop > ?",
            [one.identity, one.tree, one.stop, one.start],
        ).fetchone()
        if other:
            message = (
                f"ensembles {other[0]} and {ensemble} would share items {max(one.start, other[1])} to"
                f" {min(one.stop, other[2])} of {one.identity} {one.tree}"
            )
            raise RunError(message)


def note_places(base: sqlite3.Connection, ensemble: str, directories: Iterable[Path]) -> None:
    """Note where files of an ensemble are."""
    rows = [(ensemble, str(directory)) for directory in directories]
    base.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", rows)


def files_left(base: sqlite3.Connection, ensemble: str) -> list[str]:
    """Return the noted directories that still hold files of an ensemble."""
    rows = base.execute(
        "SELECT directory FROM places WHERE ensemble = ? ORDER BY directory", [ensemble]
    ).fetchall()
    return [place for (place,) in rows if any(True for built in BUILT for _ in Path(place).glob(built))]


def drawn_with(base: sqlite3.Connection, ensemble: str, mode: str, seeds: Sequence[int]) -> list[str]:
    """Return the other ensembles whose numbers were drawn with any of these seeds; what is sealed does not tell.

    Parameters
    ----------
    mode, seeds
        `poisson` with the seed, or `art` with the seeds of all jobs, which count up from the first.
    """
    rows = base.execute(
        "WITH drawn AS (SELECT name, CASE json_type(plan) WHEN 'array' THEN json_extract(plan, '$[0]') ELSE plan"
        " END AS plan FROM ensembles WHERE name != ? AND state != 'released' AND json_valid(plan))"
        " SELECT name, COALESCE(json_extract(plan, '$.seeds[0]'), json_extract(plan, '$.seed')),"
        " COALESCE(json_extract(plan, '$.seeds[#-1]'), json_extract(plan, '$.seed'))"
        " FROM drawn WHERE json_extract(plan, '$.mode') = ?",
        [ensemble, mode],
    ).fetchall()
    return [name for name, first, last in rows if seeds[0] <= last and first <= seeds[-1]]
