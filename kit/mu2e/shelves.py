"""Files of primaries as the ledger counts them, and ranges of their items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Chooser", "Free", "Range", "Shelf", "changed", "gaps"]


@dataclass(frozen=True)
class Shelf:
    """A file of primaries, as the ledger knows it.

    Attributes
    ----------
    identity, tree : str
        UUID of the file; its tree, or trees joined by ``+`` where whole events are counted.
    items : int
        Entries, or events.
    unit, order : str
        What is counted, and in which order it is consumed.
    """

    identity: str
    tree: str
    path: str
    bytes: int
    items: int
    unit: str
    order: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by."""
        return self.identity, self.tree


@dataclass(frozen=True)
class Range:
    """Items of one file that an ensemble takes, from `start` up to and without `stop`."""

    identity: str
    tree: str
    start: int
    stop: int


Free = Mapping[tuple[str, str], list[tuple[int, int]]]
Chooser = Callable[[Free], tuple[list[Range], str]]


def gaps(taken: list[tuple[int, int]], items: int) -> list[tuple[int, int]]:
    """Return what is left of ``[0, items)`` beside the ranges taken."""
    gaps, at = [], 0
    for start, stop in taken:
        if start > at:
            gaps.append((at, start))
        at = max(at, stop)
    if at < items:
        gaps.append((at, items))
    return gaps


def changed(seen: Shelf, shelf: Shelf) -> str:
    """Return in words why a file is not what the ledger has seen, or cannot be counted so; empty if it can."""
    if seen.identity != shelf.identity or seen.bytes != shelf.bytes:
        was, is_ = (f"{one.identity}, {one.bytes} B" for one in (seen, shelf))
        return f"{shelf.path} has changed since the ledger saw it: it was {was}, and is {is_}"
    if (seen.unit, seen.order) != (shelf.unit, shelf.order):
        before, after = (f"by {one.unit} in {one.order} order" for one in (seen, shelf))
        return f"{shelf.path} is consumed {before}, and cannot be {after}, too"
    if seen.unit == "event" and seen.tree != shelf.tree:
        return f"{shelf.path} is consumed by events of {seen.tree}, and cannot be by those of {shelf.tree}, too"
    return ""
