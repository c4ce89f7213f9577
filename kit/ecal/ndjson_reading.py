"""Reads windows from text: plain, gzip, or the tar archives that the public original's jobs leave."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from kit.ecal.access import Part
from kit.ecal.events import AnyArray, Lists, starts
from kit.ecal.features import CALOS, CLUSTER_GROUPS, WINDOW_GROUPS, Features
from kit.files import FormatError

__all__ = ["ENDINGS", "read_lines", "text_features"]

ENDINGS = (".ndjson", ".ndjson.gz", ".ndjson.tar.gz")
WINDOWS_AT_ONCE = 1000
BLANK = "\0 \n"  # lines of nothing else are the end of an archive
EXTRA = "extra_"  # groups of fields that only this kit writes
THINGS = {"clusters": "cluster", CALOS: "particle"}
HIT_PLACES = {"ieta": 0, "iphi": 1, "iz": 2, "share": 4}  # in the six numbers of a hit
KINDS: Mapping[str, Any] = {"int64": np.int64, "bool": np.bool_, "string": object, "float": np.float64}


def text_features(path: Path, features: Features) -> Features:
    """Return the part of a layout that a file fills: without extra groups of which its first window lacks a field.

    What the public original has written lacks them all, a file without a window none.
    """
    extra = _extra(path, features)
    kept = {
        group: names
        for group, names in features.groups.items()
        if not group.startswith(EXTRA) or (extra[group] == list(names))
    }
    return Features(kept, features.vectors, features.types)


def _extra(path: Path, features: Features) -> dict[str, list[str]]:
    """Return the fields of each extra group that the first window of a file has."""
    groups = {group: list(names) for group, names in features.groups.items() if group.startswith(EXTRA)}
    with _lines(path) as lines:
        number, line = next(((n, line) for n, line in enumerate(lines, 1) if line.strip(BLANK)), (0, ""))
    if not line:
        return groups
    window = _window(path, number, line)
    first: dict[str, Any] = next(iter(window["clusters"]), {})
    held = {group: first if group in CLUSTER_GROUPS else window for group in groups}
    return {
        group: names if group == CALOS and CALOS in window else [name for name in names if name in held[group]]
        for group, names in groups.items()
    }


def read_lines(path: Path, features: Features, flavour: int) -> Iterator[Part]:
    """Yield the windows in a file, some at a time.

    Raises
    ------
    FormatError
        With file and line, if one is cut, is no JSON or lacks a key.
    """
    groups = {**features.groups, **_extra(path, features)}
    names = [name for group in WINDOW_GROUPS for name in groups.get(group, ()) if name != "flavour"]
    cluster_names = [name for group in CLUSTER_GROUPS for name in groups.get(group, ())]
    calo_names = groups.get(CALOS, [])
    held: list[dict[str, Any]] = []
    with _lines(path) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip(BLANK):
                held.append(_window(path, number, line, names, cluster_names, calo_names))
            if len(held) >= WINDOWS_AT_ONCE:
                yield _part(path, held, names, cluster_names, calo_names, features, flavour)
                held = []
    if held:
        yield _part(path, held, names, cluster_names, calo_names, features, flavour)


@contextlib.contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    """Yield the lines of a file, whatever it is packed in."""
    from isal import igzip, isal_zlib

    decompressed: Any = igzip.IGzipFile
    fault_of_gzip: Any = isal_zlib.error

    try:
        with contextlib.ExitStack() as stack:
            raw: IO[bytes] = stack.enter_context(path.open("rb"))
            if path.name.endswith("gz"):
                raw = stack.enter_context(decompressed(fileobj=raw))
            if ".tar" in path.suffixes:
                raw = stack.enter_context(_member(path, stack.enter_context(tarfile.open(fileobj=raw, mode="r:"))))
            yield iter(stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8")))
    except (EOFError, fault_of_gzip, zlib.error, tarfile.TarError, UnicodeDecodeError) as fault:
        message = f"{path}: is cut or damaged: {fault}"
        raise FormatError(message) from None
    except OSError as fault:
        if fault.errno is not None:
            raise
        message = f"{path}: is cut or damaged: {fault}"
        raise FormatError(message) from None


def _member(path: Path, archive: tarfile.TarFile) -> IO[bytes]:
    for member in archive:
        if member.isfile() and (found := archive.extractfile(member)):
            return found
    message = f"{path}: the archive holds no file"
    raise FormatError(message)


def _window(
    path: Path,
    number: int,
    line: str,
    names: Sequence[str] = (),
    cluster_names: Sequence[str] = (),
    calo_names: Sequence[str] = (),
) -> dict[str, Any]:
    """Return a line as it is meant, if it has all keys."""
    begin = line.find("{")  # what stands before is left of an archive read as one stream
    try:
        window: Any = json.loads(line[begin:] if begin > 0 else line)
    except json.JSONDecodeError as fault:
        told = fault.msg.removesuffix(" starting at").removesuffix(" at")
        message = f"{path}:{number}: {told} at column {fault.colno}; should be a window as JSON"
        raise FormatError(message) from None
    lists = {"clusters": (*cluster_names, "cl_hits"), **({CALOS: calo_names} if calo_names else {})}
    held: dict[str, Any] = {key: window.get(key, []) for key in lists} if isinstance(window, dict) else {"": None}
    if not all(isinstance(each, list) and all(isinstance(one, dict) for one in each) for each in held.values()):
        message = f"{path}:{number}: should be a window as JSON, with a list of clusters"
        raise FormatError(message)
    missing = [name for name in (*names, *lists) if name not in window]
    for key, wanted in lists.items():
        for place, one in enumerate(held[key]):
            missing += [f"{name} of {THINGS[key]} {place}" for name in wanted if name not in one]
    if missing:
        message = f"{path}:{number}: lacks {', '.join(missing[:5])}{', …' if len(missing) > 5 else ''}"
        raise FormatError(message)
    return dict(window)


def _part(path: Path, held: list[dict[str, Any]], *layout: Any) -> Part:
    try:
        return _columns(held, *layout)
    except (TypeError, ValueError, LookupError, OverflowError) as fault:  # a text or a list for a number
        message = f"{path}: {fault}; should be windows with the numbers that the original writes"
        raise FormatError(message) from fault


def _columns(
    held: list[dict[str, Any]],
    names: Sequence[str],
    cluster_names: Sequence[str],
    calo_names: Sequence[str],
    features: Features,
    flavour: int,
) -> Part:
    clusters = [cluster for window in held for cluster in window["clusters"]]
    window = {name: _column([each[name] for each in held], features, name) for name in names}
    window["flavour"] = np.full(len(held), flavour, np.float64)
    cluster = {name: _column([each[name] for each in clusters], features, name) for name in cluster_names}
    offsets = starts(np.array([len(each["clusters"]) for each in held]))
    hits = [hit for each in clusters for hit in each["cl_hits"]]
    places = {part: np.array([hit[place] for hit in hits], np.float64) for part, place in HIT_PLACES.items()}
    return Part(
        window,
        cluster,
        offsets,
        _particles(held, calo_names, features) if calo_names else None,
        Lists(starts(np.array([len(each["cl_hits"]) for each in clusters])), places),
    )


def _particles(held: list[dict[str, Any]], names: Sequence[str], features: Features) -> Lists:
    particles = [each for window in held for each in window[CALOS]]
    columns = {name: _column([each[name] for each in particles], features, name) for name in names}
    return Lists(starts(np.array([len(window[CALOS]) for window in held])), columns)


def _column(values: list[Any], features: Features, name: str) -> AnyArray:
    return np.array(values, KINDS[features.type_of(name)])
