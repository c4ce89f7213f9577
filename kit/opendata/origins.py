"""Where inputs come from: paths, patterns, addresses, the demo, or a catalogue that tells what its files hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kit.files import FormatError, locate, read_json, resolve, write_json
from kit.opendata.demo import with_demo
from kit.opendata.listings import Kind
from kit.opendata.selection import Selection

__all__ = ["UNKNOWN", "Origin", "Origins", "find_inputs"]

RECORD = "origins.json"
ROOT = ".root"


@dataclass(frozen=True)
class Origin:
    """What is known of a file: data or simulation, and what the services tell of datasets, by key."""

    kind: Kind = "unknown"
    metadata: Mapping[str, Mapping[str, Any]] | None = None


UNKNOWN = Origin()


@dataclass(frozen=True)
class Origins:
    """What is known of files, by path; kept in a file, so that workers are not sent all of it with each piece."""

    path: str = ""

    def of(self, path: str) -> Origin:
        """Return what is known of one file."""
        return _read(self.path).get(path, UNKNOWN) if self.path else UNKNOWN


@lru_cache(maxsize=2)
def _read(path: str) -> dict[str, Origin]:
    content = read_json(path)
    return {
        name: Origin(entry["kind"], content["metadata"].get(entry["source"]))
        for name, entry in content["files"].items()
    }


def find_inputs(p: Selection, folder: Path) -> tuple[list[str], Origins]:
    """Return the files that the inputs of `p` stand for, and what is known of them.

    Parameters
    ----------
    folder : Path
        Where that is kept for workers.

    Raises
    ------
    FileNotFoundError
        If a file that is named does not exist.
    FormatError
        If what is named as a catalogue is none.
    """
    paths: list[str] = []
    told: dict[str, dict[str, str]] = {}
    metadata: dict[str, dict[str, Any]] = {}
    for path in locate(with_demo(p.inputs)):
        if not path.endswith(".json"):
            paths.append(path)
            continue
        for names, about in _entries(path, metadata):
            paths.append(names[0])
            told[names[0]] = about
    paths = paths[: p.max_files]
    if p.catalogue:
        wanted = set(paths)
        for names, about in _entries(str(resolve(p.catalogue)), metadata):
            told |= {name: about for name in names if name in wanted}
    if not told:
        return paths, Origins()
    write_json(
        folder / RECORD, {"files": {path: told[path] for path in paths if path in told}, "metadata": metadata}
    )
    _read.cache_clear()
    return paths, Origins(str(folder / RECORD))


def _entries(path: str, metadata: dict[str, dict[str, Any]]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield the names of each ROOT file of a catalogue, the one to read it by first, and what it is."""
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("datasets"), list):
        message = f"{path}: no catalogue; should be catalogue.json of a run of opendata/catalogue"
        raise FormatError(message)
    for dataset in content["datasets"]:
        source = str(dataset.get("release") or f"record_{dataset.get('record')}")
        metadata.setdefault(source, {})[str(dataset["key"])] = dataset.get("metadata") or {}
        about = {"kind": dataset["kind"], "source": source}
        for entry in dataset["files"]:
            if not str(entry["uri"]).endswith(ROOT):
                continue
            here = str(resolve(entry["path"])) if entry["path"] else ""
            remote = (
                [entry["uri"], entry["http"]]
                if content.get("protocol") == "root"
                else [entry["http"], entry["uri"]]
            )
            names = [here, *remote] if here and Path(here).is_file() else [*remote, here]
            yield [*filter(None, names), f"simplecache::{entry['http']}"], about
