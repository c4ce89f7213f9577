"""The ledger: which events of which file went into which ensemble, so that none is used twice.

One SQLite file that outlives the runs, on a local or NFS disk. An ensemble reserves its ranges in one transaction
when it is planned, and marks them used when it is built; whoever comes at the same time waits. Ranges are half
open and count items, entries or whole events, in the order in which a file is consumed: its first use fixes that.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kit.files import FormatError
from kit.manifest import now
from kit.mu2e.checksums import identity
from kit.mu2e.ledger_queries import (
    TABLES,
    drawn_with,
    files_left,
    held_by_file,
    held_by_others,
    note_places,
    refuse_overlap,
    register,
    taken,
)
from kit.mu2e.shelves import Chooser, Shelf, gaps
from kit.run import RunError

__all__ = ["Ledger", "used_entries"]

PATIENCE = 60.0  # s that a process waits for another one's transaction


class Ledger:
    """The ledger in one file, which is made where it does not exist.

    Raises
    ------
    RunError
        If the path is on EOS, whose files cannot be locked.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        if str(path).startswith("/eos/"):
            message = f"ledger is {path}: files on EOS cannot be locked; should be on a local or NFS disk"
            raise RunError(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.patience = path, patience

    def reserve(
        self,
        ensemble: str,
        configuration: str,
        shelves: Iterable[Shelf],
        choose: Chooser,
        places: Sequence[Path] = (),
    ) -> tuple[str, bool]:
        """Reserve ranges for an ensemble and return its plan, and whether it had reserved them before.

        Parameters
        ----------
        ensemble, configuration : str
            Its name, and a checksum of all that decides what it takes.
        shelves : iterable of Shelf
            The files that it may take from.
        choose : callable
            Gets the free ranges of each file and returns the ranges to reserve and the plan, a text that is kept
            with them; what it raises leaves the ledger as it was.
        places : sequence of Path
            Directories that files of it will be in.

        Raises
        ------
        RunError
            If the name belongs to an ensemble of another configuration, or the ledger is locked for too long.
        FormatError
            If a file has changed since the ledger saw it, or is counted otherwise.
        """
        shelves = list(shelves)
        with self._transaction(f"ensemble {ensemble}") as base:
            known = base.execute(
                "SELECT configuration, plan, state FROM ensembles WHERE name = ?", [ensemble]
            ).fetchone()
            if known and known[2] != "released":
                if known[0] != configuration:
                    message = (
                        f"ledger {self.path}: ensemble {ensemble} has reserved events with another configuration"
                        f" ({known[0]}, now {configuration}); release it or choose another name"
                    )
                    raise RunError(message)
                note_places(base, ensemble, places)
                return str(known[1]), True
            register(base, shelves)
            free = {shelf.key: gaps(taken(base, shelf.key), shelf.items) for shelf in shelves}
            ranges, plan = choose(free)
            refuse_overlap(base, ranges, ensemble)
            note_places(base, ensemble, places)
            base.execute(
                "INSERT OR REPLACE INTO ensembles VALUES (?, ?, ?, 'reserved', ?)",
                [ensemble, configuration, plan, now()],
            )
            base.executemany(
                "INSERT INTO ranges VALUES (?, ?, ?, ?, ?, 'reserved')",
                [(one.identity, one.tree, one.start, one.stop, ensemble) for one in ranges],
            )
            return plan, False

    def require(self, ensemble: str, configuration: str, plan: str = "") -> None:
        """Refuse to use what is not reserved so; see `confirm`. A ledger that does not exist is not made."""
        if not self.path.is_file():
            message = (
                f"ledger {self.path}: there is no such file; should be the one that {ensemble} was planned with"
            )
            raise RunError(message)
        with self._connected() as base:
            self._refuse_unreserved(base, ensemble, configuration, plan)

    def confirm(self, ensemble: str, configuration: str, plan: str = "", places: Sequence[Path] = ()) -> None:
        """Mark all that an ensemble has reserved as used.

        Parameters
        ----------
        ensemble, configuration : str
            See `reserve`.
        plan : str
            Identity of the plan that it was built from; empty where it was built from the one in the ledger.
        places : sequence of Path
            Directories with its files.

        Raises
        ------
        RunError
            If the ledger has no reservation of this name, configuration and plan.
        """
        with self._transaction(f"ensemble {ensemble}") as base:
            self._refuse_unreserved(base, ensemble, configuration, plan)
            note_places(base, ensemble, places)
            base.execute("UPDATE ensembles SET state = 'used' WHERE name = ?", [ensemble])
            base.execute("UPDATE ranges SET state = 'used' WHERE ensemble = ? AND state = 'reserved'", [ensemble])

    def release(self, ensemble: str) -> int:
        """Give back all that an ensemble holds, because its files are deleted; return how many items that is.

        Raises
        ------
        RunError
            If there is no such ensemble, or files of it are still there: their events would be used twice.
        """
        with self._transaction(f"release of {ensemble}") as base:
            if not base.execute("SELECT 1 FROM ensembles WHERE name = ?", [ensemble]).fetchone():
                message = f"ledger {self.path}: there is no ensemble {ensemble}"
                raise RunError(message)
            if left := files_left(base, ensemble):
                message = f"files of ensemble {ensemble} are still there: delete those in {', '.join(left)} first"
                raise RunError(message)
            query = "SELECT COALESCE(SUM(stop - start), 0) FROM ranges WHERE ensemble = ? AND state != 'released'"
            items = base.execute(query, [ensemble]).fetchone()[0]
            base.execute("UPDATE ensembles SET state = 'released' WHERE name = ?", [ensemble])
            base.execute("UPDATE ranges SET state = 'released' WHERE ensemble = ?", [ensemble])
            base.execute("DELETE FROM places WHERE ensemble = ?", [ensemble])
            return int(items)

    def drawn_with(self, ensemble: str, mode: str, seeds: Sequence[int]) -> list[str]:
        """Return the other ensembles whose numbers were drawn with any of these seeds."""
        with self._connected() as base:
            return drawn_with(base, ensemble, mode, seeds)

    def view(self) -> list[dict[str, Any]]:
        """Return one record a file and ensemble: what it holds of the file, and in which state."""
        with self._connected() as base:
            return held_by_file(base)

    def held_by_others(self, ensemble: str) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """Return what other ensembles hold, by identity and tree."""
        with self._connected() as base:
            return held_by_others(base, ensemble)

    def ensembles(self) -> dict[str, str]:
        """Return the state of each ensemble."""
        with self._connected() as base:
            return dict(base.execute("SELECT name, state FROM ensembles ORDER BY made, name").fetchall())

    def _refuse_unreserved(self, base: sqlite3.Connection, ensemble: str, configuration: str, plan: str) -> None:
        known = base.execute(
            "SELECT configuration, state, plan FROM ensembles WHERE name = ?", [ensemble]
        ).fetchone()
        if not known or known[0] != configuration or known[1] == "released":
            stands = f"is {known[1]} with configuration {known[0]}" if known else "is not there"
            message = f"ledger {self.path}: ensemble {ensemble} {stands}, should be reserved with {configuration}"
            raise RunError(message)
        if plan and (reserved := identity(json.loads(known[2]))) != plan:
            message = (
                f"ledger {self.path}: ensemble {ensemble} has reserved the events of plan {reserved}, but was"
                f" built from plan {plan}: these may be events of another ensemble"
            )
            raise RunError(message)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(self.path, timeout=self.patience, isolation_level=None)
        try:
            base.executescript(TABLES)
            yield base
        except sqlite3.DatabaseError as fault:
            if "locked" in str(fault) or "busy" in str(fault):
                message = f"ledger {self.path} is locked{self._holder()}; wait until that has ended"
                raise RunError(message) from None
            if isinstance(fault, sqlite3.OperationalError):
                message = f"ledger {self.path}: {fault}"
                raise RunError(message) from None
            message = f"ledger {self.path}: {fault}; should be a ledger, an SQLite file"
            raise FormatError(message) from None
        finally:
            base.close()

    @contextlib.contextmanager
    def _transaction(self, purpose: str) -> Iterator[sqlite3.Connection]:
        mark = self.path.with_name(self.path.name + ".holder")
        with self._connected() as base:
            base.execute("BEGIN IMMEDIATE")
            try:
                mark.write_text(
                    f"process {os.getpid()} on {platform.node()} since {now()}, {purpose}", encoding="utf-8"
                )
                yield base
                base.execute("COMMIT")
            except BaseException:
                base.execute("ROLLBACK")
                raise
            finally:
                mark.unlink(missing_ok=True)

    def _holder(self) -> str:
        with contextlib.suppress(OSError):
            return " by " + self.path.with_name(self.path.name + ".holder").read_text(encoding="utf-8")
        return ""


def used_entries(path: Path, identities: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return how many items of files are reserved or used, by identity and tree; none without a ledger."""
    if not path.is_file():
        return {}
    wanted = set(identities)
    with Ledger(path)._connected() as base:  # noqa: SLF001
        rows = base.execute(
            "SELECT identity, tree, SUM(stop - start) FROM ranges WHERE state != 'released'"
            " GROUP BY identity, tree"
        ).fetchall()
    return {(identity, tree): int(items) for identity, tree, items in rows if identity in wanted}
