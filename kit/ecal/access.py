"""Reads windows back from parquet, of this kit or the public original: some fields of many, or all of one.

Nothing is loaded but what is asked for: of a file the footer, of a row group the columns named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from kit.ecal.events import AnyArray, IntArray, Lists, expand
from kit.ecal.features import CALOS, CLUSTER_GROUPS, HITS, WINDOW_GROUPS
from kit.ecal.tables import ABOUT
from kit.files import FormatError

__all__ = ["Part", "WindowFile", "part_of"]


@dataclass(frozen=True)
class Part:
    """Some fields of some windows, by name.

    Attributes
    ----------
    window, cluster : dict
        Fields of windows, and of the clusters in them.
    offsets : ndarray of int
        Where the clusters of each window begin.
    calos : Lists or None
        For each window its particles.
    hits : Lists or None
        For each cluster its hits: ieta, iphi, iz, share.
    """

    window: dict[str, AnyArray]
    cluster: dict[str, AnyArray]
    offsets: IntArray
    calos: Lists | None = None
    hits: Lists | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, chosen: IntArray) -> Part:
        """Return the chosen windows, in that order."""
        places, offsets = expand(self.offsets, chosen)
        return Part(
            {name: values[chosen] for name, values in self.window.items()},
            {name: values[places] for name, values in self.cluster.items()},
            offsets,
            self.calos.take(chosen) if self.calos else None,
            self.hits.take(places) if self.hits else None,
        )


class WindowFile:
    """One parquet file of windows, open for reading; a context manager.

    Raises
    ------
    FormatError
        If it is no parquet file of windows.
    """

    def __init__(self, path: Path | str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path = Path(path)
        try:
            self._file = pq.ParquetFile(self.path, page_checksum_verification=True)
        except FileNotFoundError as fault:
            message = f"there is no {self.path}"
            raise FileNotFoundError(message) from fault
        except (pa.ArrowInvalid, OSError) as fault:
            if isinstance(fault, OSError) and fault.errno is not None:
                raise
            message = f"{self.path}: is no whole parquet file: {str(fault).splitlines()[0]}"
            raise FormatError(message) from None
        self.schema = self._file.schema_arrow
        if missing := [g for g in ("cl_features", "window_metadata") if g not in self.schema.names]:
            self.close()
            message = f"{self.path}: holds no windows: lacks {', '.join(missing)}"
            raise FormatError(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @cached_property
    def about(self) -> dict[str, Any]:
        """What the file says of where its windows come from; empty for the original's."""
        told = (self.schema.metadata or {}).get(ABOUT)
        content: dict[str, Any] = json.loads(told) if told else {}
        return content

    @cached_property
    def rows(self) -> list[int]:
        """How many windows each row group has."""
        told = self._file.metadata
        return [told.row_group(group).num_rows for group in range(told.num_row_groups)]

    @cached_property
    def groups(self) -> dict[str, str]:
        """The group of each field."""
        found: dict[str, str] = {}
        for group in self.schema:
            kind: Any = group.type if group.name in WINDOW_GROUPS else getattr(group.type, "value_type", None)
            if group.name in (*CLUSTER_GROUPS, *WINDOW_GROUPS):
                found |= {field.name: group.name for field in kind}
        return found

    def read(self, group: int, fields: Sequence[str] = (), *, calos: bool = False, hits: bool = False) -> Part:
        """Return fields of the windows in a row group; all fields where none is named.

        Raises
        ------
        FormatError
            Naming the fields that the file does not have.
        """
        names = list(fields) or list(self.groups)
        if missing := [name for name in names if name not in self.groups]:
            message = f"{self.path}: lacks the fields {', '.join(missing)}"
            raise FormatError(message)
        wanted = {f"{self.groups[name]}.{name}" for name in names}
        wanted |= {CALOS} if calos and CALOS in self.schema.names else set()
        wanted |= {HITS} if hits else set()
        if not any(name.split(".")[0] in CLUSTER_GROUPS for name in wanted):
            wanted.add("cl_labels.is_seed")  # tells how many clusters each window has
        return part_of(self.table(group, [self._paths[name] for name in wanted]))

    def table(self, group: int, columns: list[str] | None = None) -> Any:
        """Return a row group as an arrow table.

        Raises
        ------
        FormatError
            If its bytes are damaged.
        """
        try:
            return self._file.read_row_group(group, columns=columns)
        except (OSError, ValueError) as fault:
            message = f"{self.path}: row group {group} is damaged: {str(fault).splitlines()[0]}"
            raise FormatError(message) from fault

    @cached_property
    def _paths(self) -> dict[str, str]:
        """What parquet calls each field, by group and name; a group that is read as a whole by its name."""
        paths = {}
        first = self._file.metadata.row_group(0)  # ParquetFile.schema would keep six megabytes a file for ever
        for place in range(first.num_columns):
            path = first.column(place).path_in_schema
            pieces = path.split(".")
            paths[f"{pieces[0]}.{pieces[-1]}"] = path
            paths[pieces[0]] = pieces[0]
        return paths


def part_of(table: Any) -> Part:
    """Return the fields that are in an arrow table of windows."""
    window: dict[str, AnyArray] = {}
    cluster: dict[str, AnyArray] = {}
    offsets = np.zeros(len(table) + 1, np.int64)
    calos = hits = None
    for name in table.schema.names:
        column = table[name].combine_chunks()
        column = column.chunk(0) if hasattr(column, "chunk") else column
        if name in WINDOW_GROUPS:
            window |= _fields(column)
            continue
        if name == HITS:
            hits = _hits(column)
            continue
        lists, item = _unlist(column)
        if name == CALOS:
            calos = Lists(lists, _fields(item))
        else:
            offsets, cluster = lists, cluster | _fields(item)
    return Part(window, cluster, offsets, calos, hits)


def _unlist(column: Any) -> tuple[IntArray, Any]:
    """Return the offsets of lists and what is in them, from 0 on."""
    offsets = np.asarray(column.offsets, np.int64)
    return offsets - offsets[0], column.flatten()


def _fields(column: Any) -> dict[str, AnyArray]:
    return {
        field.name: column.field(place).to_numpy(zero_copy_only=False) for place, field in enumerate(column.type)
    }


def _hits(column: Any) -> Lists:
    _, clusters = _unlist(column)
    offsets, quartets = _unlist(clusters)
    numbers = quartets.flatten().to_numpy().reshape(-1, 4)
    return Lists(offsets, dict(zip(("ieta", "iphi", "iz", "share"), numbers.T, strict=True)))
