"""Building an ensemble from its plan: subrun by subrun, each file whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kit.mu2e.columns import Layout, common_columns, id_columns
from kit.mu2e.consumption import Part
from kit.mu2e.ensemble_files import refuse_nested, write_tree
from kit.mu2e.mixing import Rows, gather
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plans import Plan, rows_of
from kit.mu2e.reading import HELD, Reader
from kit.mu2e.standins import LABEL

__all__ = ["OWN", "Builder", "file_name"]

OWN = ("run", "subrun", "event", "proc", "src_file", "src_entry", "src_run", "src_subrun", "src_event")
Values = dict[str, Any]


def file_name(p: MixtureParameters, plan: Plan, subrun: int) -> str:
    """Return the name of a subrun's file, as Mu2e names its own."""
    sequencer = f"{plan.run_number:06d}_{plan.first_subrun + subrun:08d}"
    return f"nts.{p.owner}.ensemble{plan.tag}.{p.configuration}.{sequencer}.root"


class Builder:
    """Makes the columns of an ensemble's subruns.

    Parameters
    ----------
    plan : Plan
        The ensemble.
    p : MixtureParameters
        What to copy, and how to write it.

    Raises
    ------
    FormatError
        If columns differ between files, cannot be read, or cannot be written in the format asked for.
    """

    def __init__(self, plan: Plan, p: MixtureParameters) -> None:
        self.plan, self.p = plan, p
        used = sorted({source for part in plan.parts for source in part})
        rule: Any = p.schema
        self.layout: Layout = common_columns([plan.sources[i] for i in used], p.branches, rule, p.unreadable)
        refuse_nested(self.layout.columns, p.output_format)
        self.ids = id_columns(column.name for column in self.layout.columns)
        self._parts: dict[int, Part] = {}
        self._readers: dict[int, Reader] = {}

    @property
    def title(self) -> str:
        """What the tree is called: it says what is no simulation of Mu2e."""
        synthetic = self.plan.facts.get("synthetic") or []
        return f"ensemble {self.plan.tag}" + (f"; {', '.join(synthetic)}: {LABEL}" if synthetic else "")

    def write(self, path: Path, subrun: int) -> int:
        """Write the file of one subrun and return its rows."""
        try:
            return write_tree(
                path,
                self.chunks(subrun),
                self.layout.columns,
                self.p.output_format,
                self.p.compression,
                self.title,
            )
        finally:
            self.close()

    def chunks(self, subrun: int) -> Iterator[Values]:
        """Yield the columns of one subrun, chunk by chunk."""
        for rows in rows_of(self.plan, subrun, self._parts):
            yield self.columns(rows, subrun)

    def columns(self, rows: Rows, subrun: int) -> Values:
        """Return all columns of some rows: the copied ones, then the new ones."""
        copied = gather(rows, self.layout.columns, self._reader)
        return _with_own(copied, rows, self.plan, subrun, self.ids)

    def close(self) -> None:
        """Close all files."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _reader(self, source: int) -> Reader:
        if source not in self._readers:
            of = self.plan.sources[source]
            self._drop_others(source)
            self._readers[source] = Reader(of, self.layout.columns, self._budget(source))
        return self._readers[source]

    def _budget(self, source: int) -> float:
        """Return the bytes that the reader of a source may hold, of what all processes may hold together.

        What costs is unpacking a basket again for each window that cuts it. For windows w and rates r that
        is the sum of r/w, least where the sizes go like the roots of the rates.
        """
        roots = np.sqrt(list(self.plan.totals.values()))
        return HELD * float(roots[self.plan.owners[source]] / roots.sum())

    def _drop_others(self, source: int) -> None:
        """Close what comes before `source` in its process: files are consumed one after the other."""
        owners, path = self.plan.owners, self.plan.sources[source].path
        for other in list(self._readers):
            if owners[other] == owners[source] and self.plan.sources[other].path != path:
                self._readers.pop(other).close()


def _with_own(copied: Values, rows: Rows, plan: Plan, subrun: int, ids: tuple[str, str, str] | None) -> Values:
    """Return the copied columns under names of their own, and the new ones."""
    moved = {(f"src_{name}" if name in OWN else name): values for name, values in copied.items()}
    n = len(rows)
    most = np.iinfo(np.int32).max
    wide = any(source.entries > most for source in plan.sources)
    own: Values = {
        "run": np.full(n, plan.run_number, np.int32),
        "subrun": np.full(n, plan.first_subrun + subrun, np.int32),
        "event": rows.event.astype(np.int64 if sum(plan.counts[subrun]) > most else np.int32),
        "proc": rows.process,
        "src_file": rows.source,
        "src_entry": rows.entry.astype(np.int64 if wide else np.int32),
    }
    if ids and "src_run" not in moved:
        own |= {
            f"src_{name}": copied[column] for name, column in zip(("run", "subrun", "event"), ids, strict=True)
        }
    return own | moved
