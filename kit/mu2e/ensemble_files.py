"""The files of an ensemble: one tree, as TTree or as RNTuple."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kit.files import FormatError
from kit.mu2e.columns import Column
from kit.mu2e.reading import Lists

__all__ = ["TREE", "Compression", "OutputFormat", "as_array", "field_names", "refuse_nested", "write_tree"]

OutputFormat = Literal["ttree", "rntuple", "virtual"]
Compression = Literal["zstd", "lz4", "zlib", "none"]

TREE = "ntuple"


def refuse_nested(columns: Iterable[Column], output_format: OutputFormat) -> None:
    """Refuse nested columns where the format cannot hold them.

    Raises
    ------
    FormatError
        Naming them.
    """
    nested = [column.name for column in columns if column.kind == "nested"]
    if nested and output_format == "ttree":
        names = ", ".join(nested)
        message = f"a TTree cannot hold the nested columns {names}; output_format: rntuple can, branches selects"
        raise FormatError(message)


def field_names(names: Sequence[str]) -> dict[str, str]:
    """Return what columns are called in an RNTuple, where a dot means a member."""
    used: set[str] = set()
    found = {}
    for name in names:
        plain = name.replace(".", "_")
        while plain in used:
            plain += "_"
        used.add(plain)
        found[name] = plain
    return found


def write_tree(
    path: Path,
    chunks: Iterable[Mapping[str, Any]],
    columns: Sequence[Column],
    output_format: OutputFormat,
    compression: Compression,
    title: str,
) -> int:
    """Write chunks of columns one behind the other, and return the number of rows.

    Parameters
    ----------
    path : Path
        A temporary path: the file is whole only when this returns.
    chunks : iterable of mappings
        Columns by name, all of one length; `Lists` for jagged ones.
    columns : sequence of Column
        Those of them that come from files: jagged ones share their counters as they did there.
    """
    import uproot

    setting = {"zstd": uproot.ZSTD(1), "lz4": uproot.LZ4(1), "zlib": uproot.ZLIB(1), "none": None}[compression]
    rows = 0
    with uproot.recreate(path, compression=setting) as file:
        tree: Any = None
        names: dict[str, str] = {}
        for chunk in chunks:
            if tree is None:
                names = field_names(list(chunk)) if output_format == "rntuple" else {name: name for name in chunk}
                tree = _make(file, chunk, columns, output_format, title, names)
            tree.extend({names[name]: as_array(values) for name, values in chunk.items()})
            rows += len(next(iter(chunk.values())))
            del chunk  # before the next one is made
    return rows


def _make(
    file: Any,
    chunk: Mapping[str, Any],
    columns: Sequence[Column],
    output_format: OutputFormat,
    title: str,
    names: Mapping[str, str],
) -> Any:
    types = {names[name]: _type(values) for name, values in chunk.items()}
    if output_format == "rntuple":
        return file.mkrntuple(TREE, types, description=title)
    counters = {column.name: _counter_name(column.counter, types) for column in columns if column.kind == "jagged"}
    return file.mktree(TREE, types, title=title, counter_name=lambda name: counters.get(name, f"n{name}"))


def _counter_name(counter: str, types: Mapping[str, Any]) -> str:
    """Return the name of a counter: the source's own, or n and the name of the only column that it counts."""
    name = f"n{counter}".replace(".", "_") if counter in types else counter
    while name in types:
        name += "_"
    return name


def _type(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return np.dtype((values.dtype, values.shape[1:])) if values.ndim > 1 else values.dtype
    return as_array(values).type.content


def as_array(values: Any) -> Any:
    """Return a column as uproot writes it."""
    if not isinstance(values, Lists):
        return values
    import awkward as ak

    content = ak.contents.NumpyArray(values.content)
    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(values.offsets), content))
