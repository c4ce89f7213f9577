"""What a run has made, piece by piece, so that two runs can be compared in what they must agree in."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# how long it took, when and where it was: nothing that a result must have twice
PASSING = re.compile(
    r"(^|[._/ ])(seconds|\w*_seconds|cpu\w*|started|ended|time|times|created|made|at|host|process|pid|rate|"
    r"\w*_rate|\w*per_second|peak_memory_mb|memory\w*|attempts?|code_commit|commit|version|software|kit|output|"
    r"directory|run)($|[._/ \[])"
)
Look = Callable[[Path, Path], dict[str, str]]
EFFORT = ("points/writes",)  # a point that is measured first of an attempt is written whole
LOGS = ("log.jsonl", "events.jsonl")  # they tell what happened, and each attempt adds to them


def pieces(path: Path, home: Path) -> dict[str, str]:
    """Return the digests of the named pieces of a file, in a project at `home`; what holds times is taken apart.

    Raises
    ------
    Exception
        Whatever its reader raises, where the file is not whole.
    """
    readers = {".root": _root, ".h5": _hdf5, ".json": _json, ".sqlite": _sqlite}
    if path.name in LOGS:
        return {}
    if path.suffix in readers:
        return {name: text.replace(repr(str(home))[1:-1], "") for name, text in readers[path.suffix](path)
                if path.suffix == ".root" or not PASSING.search(name)}  # fmt: skip
    return {"": digest(path.read_bytes().replace(bytes(home), b""))}


def values(path: Path, home: Path) -> dict[str, str]:
    """Return the digests of what a file holds, without what it says of where it was made."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        table = pq.read_table(path).replace_schema_metadata(None)
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
        return {"": digest(stream.getvalue().to_pybytes())}
    told = ("hash", "checksum", "sha256", "inputs", "config")  # of paths, too
    return {name: text for name, text in pieces(path, home).items() if not any(word in name for word in told)}


def digest(content: bytes) -> str:
    """Return a short name for some bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def _json(path: Path) -> Iterator[tuple[str, str]]:
    yield from _leaves("", json.loads(path.read_text(encoding="utf-8")))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(f"{name}/{key}", part)
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for number, part in enumerate(value):
            yield from _leaves(f"{name}/{number}", part)
    else:
        yield name, repr(value)


def _root(path: Path) -> Iterator[tuple[str, str]]:
    import uproot

    with uproot.open(path) as file:
        for key, kind in file.classnames(cycle=False).items():
            thing = file[key]
            if kind.startswith(("TTree", "ROOT::RNTuple", "ROOT::Experimental::RNTuple")):
                columns = thing.arrays(library="ak")
                for column in columns.fields:
                    yield f"{key}/{column}", digest(repr(columns[column].to_list()).encode())
            elif hasattr(thing, "values"):
                yield key, digest(thing.values().tobytes())
            elif isinstance(thing, str):
                yield f"{key} text", str(len(thing) > 0)


def _hdf5(path: Path) -> Iterator[tuple[str, str]]:
    import h5py
    import numpy as np

    found: list[tuple[str, str]] = []

    def look(name: str, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset) and name not in EFFORT:
            found.append((name, digest(repr(np.asarray(thing[()]).tolist()).encode())))

    with h5py.File(path) as file:
        file.visititems(look)
    yield from found


def _sqlite(path: Path) -> Iterator[tuple[str, str]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        if (verdict := connection.execute("pragma integrity_check").fetchone()[0]) != "ok":
            message = f"{path}: {verdict}"
            raise sqlite3.DatabaseError(message)
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        for name in sorted(names):
            cursor = connection.execute(f"select * from {name}")
            columns = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
            for number, column in enumerate(columns):
                yield f"{name}/{column}", digest(repr([row[number] for row in rows]).encode())
    finally:
        connection.close()


def outputs(
    directory: Path, home: Path, *, growing: bool = True, look: Look = pieces
) -> dict[str, dict[str, str]]:
    """Return the pieces of every result in a run's directory: what stands there under a final name.

    A scan grows point by point in its own file; of an unfinished run that file is the stage's to open again.
    """
    found = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory)
        hidden = any(part.startswith(".") for part in name.parts)
        made_again = name.parts[0] in ("plots", "manifest.json") or path.suffix == ".ipynb"
        if path.suffix == ".h5" and not growing:
            continue
        if path.is_file() and not hidden and not made_again:
            found[str(name)] = look(path, home)
    return found


def differences(here: dict[str, dict[str, str]], there: dict[str, dict[str, str]]) -> list[str]:
    """Return in words in what the first results differ from the second."""
    faults = [f"{name} is missing" for name in there if name not in here]
    faults += [f"{name} should not be there" for name in here if name not in there]
    for name in here.keys() & there.keys():
        parts = here[name].keys() | there[name].keys()
        if other := sorted(part for part in parts if here[name].get(part) != there[name].get(part)):
            faults.append(
                f"{name} differs in {', '.join(other[:3]) or 'its bytes'} ({len(other)} of {len(parts)})"
            )
    return faults
