"""Plain ways of mixing, that the stage is timed against: event by event, with lists, and the floor without mixing.

All take the same plan: sources by index, and for each row the source and the entry.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

from kit.mu2e.sources import Source

COUNTER = "nhits_"
STEP = 10_000  # entries that the lists are read by
WRITTEN = 100_000  # rows written at once


def names_of(source: Source) -> list[str]:
    with uproot.open(source.path) as file:
        return [name for name in file[source.tree].keys() if name != COUNTER]  # noqa: SIM118 - a tree is no dict


def _write(path: Path, groups: Iterator[dict[str, Any]]) -> int:
    rows = 0
    with uproot.recreate(path, compression=uproot.ZSTD(1)) as file:
        tree: Any = None
        for group in groups:
            if tree is None:
                types = {n: v.dtype if isinstance(v, np.ndarray) else v.type.content for n, v in group.items()}
                tree = file.mktree("ntuple", types, counter_name=lambda _: COUNTER)
            tree.extend(group)
            rows += len(group["run"])
    return rows


def per_event(sources: Sequence[Source], rows: Sequence[tuple[int, int]], path: Path) -> int:
    """Mix as one would write it down: one read for each event, in groups of 1000."""
    names = names_of(sources[0])
    trees = [uproot.open(source.path, array_cache=None, object_cache=None)[source.tree] for source in sources]

    def groups() -> Iterator[dict[str, Any]]:
        for first in range(0, len(rows), 1000):
            parts = [
                trees[source].arrays(names, entry_start=entry, entry_stop=entry + 1)
                for source, entry in rows[first : first + 1000]
            ]
            whole = ak.concatenate(parts)
            yield {n: whole[n] if whole[n].ndim > 1 else whole[n].to_numpy() for n in names}

    return _write(path, groups())


def with_lists(sources: Sequence[Source], rows: Sequence[tuple[int, int]], path: Path) -> int:
    """Mix in memory: all that is needed as Python lists, appended in the order of the rows, written at once."""
    names = names_of(sources[0])
    needed = {source: 1 + max(e for s, e in rows if s == source) for source in {s for s, _ in rows}}
    held: dict[int, dict[str, list[Any]]] = {}
    for source, entries in needed.items():
        tree = uproot.open(sources[source].path, array_cache=None, object_cache=None)[sources[source].tree]
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for first in range(0, entries, STEP):
            part = tree.arrays(names, entry_start=first, entry_stop=min(first + STEP, entries))
            for name in names:
                columns[name] += part[name].to_list()
        held[source] = columns
    mixed: dict[str, list[Any]] = {name: [] for name in names}
    for source, entry in rows:
        of = held[source]
        for name in names:
            mixed[name].append(of[name][entry])
    kinds = {name: np.int32 if name in ("run", "subrun", "event") else np.float32 for name in names}
    whole = {
        name: ak.values_astype(ak.Array(values), np.float32)
        if name.startswith("hits_")
        else np.array(values, kinds[name])
        for name, values in mixed.items()
    }
    return _write(path, iter([whole]))


def floor(sources: Sequence[Source], entries: Sequence[int], path: Path) -> int:
    """Read so many entries of each source by whole baskets and write them, without mixing.

    The rows written are those of an ensemble: with new ids and provenance beside what is copied.
    """
    names = names_of(sources[0])

    def groups() -> Iterator[dict[str, Any]]:
        for source, wanted in zip(sources, entries, strict=True):
            tree = uproot.open(source.path, array_cache=None, object_cache=None)[source.tree]
            for first in range(0, wanted, 200_000):
                read = tree.arrays(
                    names, entry_start=first, entry_stop=min(first + 200_000, wanted), how=dict, array_cache=None
                )
                for at in range(0, len(read["run"]), WRITTEN):
                    part = {name: read[name][at : at + WRITTEN] for name in names}
                    flat = {n: v if v.ndim > 1 else v.to_numpy() for n, v in part.items()}
                    yield flat | _own(len(flat["run"]))

    return _write(path, groups())


def _own(rows: int) -> dict[str, Any]:
    """Return columns of the kinds that an ensemble adds."""
    numbers = np.arange(rows, dtype=np.int32)
    small = {"proc": np.zeros(rows, np.uint8), "src_file": np.zeros(rows, np.uint16)}
    return small | dict.fromkeys(("new_run", "new_subrun", "new_event", "src_entry"), numbers)
