"""B-tag scores, tracks, triggers and numbers of events, from the branches that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.opendata.chunks import Chunk, Objects
from kit.opendata.trees import Column
from kit.opendata.wishes import Found

__all__ = ["with_extras"]

FloatArray = npt.NDArray[np.float64]
CHARM = 0.018  # share of c among what is no b, in the score DL1d; ATL-PHYS-PUB-2022-027
BLOCK = 1 << 14  # scores at once: what is computed of them stays in the processor's cache
UNLINKED = 2**32 - 1  # the number of a b-tag object that a jet does not have


def with_extras(chunk: Chunk, found: Found, columns: Mapping[str, Column], path: str) -> Chunk:
    """Return the chunk with what the further branches hold.

    Raises
    ------
    FormatError
        Naming file, branch and entry, if they do not fit to the jets or to the entries.
    """
    jets = chunk.objects.get("j")
    if jets is not None:
        score, tracks = _score(jets, found, columns, path, chunk.first), None
        if found.tracks:
            tracks = _of_jets(jets, found.tracks, columns, path, chunk.first).astype(np.int64)
        chunk = replace(chunk, objects={**chunk.objects, "j": replace(jets, score=score, tracks=tracks)})
    triggers = {name: _flag(name, columns[name], path) for name in found.triggers}
    numbers = {role: _number(name, columns[name], path, chunk.first) for role, name in found.numbers.items()}
    return replace(chunk, triggers=triggers, numbers=numbers)


def _score(jets: Objects, found: Found, columns: Mapping[str, Column], path: str, first: int) -> FloatArray | None:
    if found.score:
        return _of_jets(jets, found.score, columns, path, first).astype(np.float64)
    if not found.flavours:
        return None
    b, c, light = (columns[name] for name in found.flavours)
    for name, column in zip(found.flavours[1:], (c, light), strict=True):
        if not np.array_equal(column.offsets, b.offsets):  # type: ignore[arg-type]
            message = f"{path}:{name}: its lists are not as long as those of {found.flavours[0]}"
            raise FormatError(message)
    discriminant = _dl1d(b.content, c.content, light.content)
    if not found.link:
        _same_lengths(jets, b, found.flavours[0], path, first)
        return discriminant
    link = _of_jets(jets, found.link, columns, path, first)
    assert b.offsets is not None
    if np.array_equal(b.offsets, jets.offsets):  # the usual case: each jet has the object at its own place
        own = np.arange(len(link)) - np.repeat(b.offsets[:-1], np.diff(b.offsets))
        if np.array_equal(link, own):
            return discriminant
    link = link.astype(np.int64)
    entry = np.repeat(np.arange(len(jets.offsets) - 1), np.diff(jets.offsets))
    beyond = (link >= np.diff(b.offsets)[entry]) & (link != UNLINKED)
    if beyond.any():
        jet = int(np.flatnonzero(beyond)[0])
        there = np.diff(b.offsets)[entry[jet]]
        what = f"entry {first + entry[jet]} has a jet linked to b-tag object {link[jet]}, there are {there}"
        message = f"{path}:{found.link}: {what}"
        raise FormatError(message)
    linked = link != UNLINKED
    score = np.full(len(link), -np.inf)
    score[linked] = discriminant[(b.offsets[:-1][entry] + link)[linked]]
    return score


def _dl1d(b: npt.NDArray[Any], c: npt.NDArray[Any], light: npt.NDArray[Any]) -> FloatArray:
    """Return ln(p_b / (0.018 p_c + 0.982 p_u)): −∞ where p_b is 0, else ∞ where nothing else is possible."""
    found = np.empty(len(b))
    for first in range(0, len(b), BLOCK):
        some = slice(first, first + BLOCK)
        pb, other = b[some].astype(np.float64), (1 - CHARM) * light[some].astype(np.float64)
        other += CHARM * c[some].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log(pb / other)
        found[some] = np.where(pb > 0, np.where(other > 0, ratio, np.inf), -np.inf)
    return found


def _of_jets(jets: Objects, name: str, columns: Mapping[str, Column], path: str, first: int) -> npt.NDArray[Any]:
    column = columns[name]
    _same_lengths(jets, column, name, path, first)
    return column.content


def _same_lengths(jets: Objects, column: Column, name: str, path: str, first: int) -> None:
    if column.offsets is None:
        message = f"{path}:{name}: must be a list per entry"
        raise FormatError(message)
    here, there = np.diff(column.offsets), np.diff(jets.offsets)
    if not np.array_equal(here, there):
        entry = int(np.flatnonzero(here != there)[0])
        message = f"{path}:{name}: entry {first + entry} has {here[entry]} values, for {there[entry]} jets"
        raise FormatError(message)


def _flag(name: str, column: Column, path: str) -> npt.NDArray[np.bool_]:
    if column.offsets is not None or column.content.dtype.kind not in "biu":
        message = f"{path}:{name}: must be one flag per entry, true or false"
        raise FormatError(message)
    return column.content.astype(bool)


def _number(name: str, column: Column, path: str, first: int) -> FloatArray:
    """Return a number of each entry; of a list the first value."""
    if column.offsets is None:
        return column.content.astype(np.float64)
    empty = np.flatnonzero(np.diff(column.offsets) == 0)
    if len(empty):
        message = f"{path}:{name}: entry {first + empty[0]} has no value"
        raise FormatError(message)
    return column.content[column.offsets[:-1]].astype(np.float64)
