"""Ranges that an ensemble reserves: those that it draws from, and blocks that do not tell how many those are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kit.mu2e.consumption import Part
from kit.mu2e.plans import Plan
from kit.mu2e.shelves import Range
from kit.run import RunError

__all__ = ["filling", "joined", "reserved"]


def reserved(plan: Plan, parts: Sequence[Part]) -> list[Range]:
    """Return the ranges of all subruns."""
    takes = [take for subrun in plan.takes for takes in subrun for take in takes]
    return joined([Range(*parts[part].shelf.key, start, stop) for part, start, stop in takes])


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges as one where they touch or overlap."""
    found: list[Range] = []
    for one in sorted(ranges, key=lambda one: (one.identity, one.tree, one.start)):
        last = found[-1] if found else None
        if last and (last.identity, last.tree) == (one.identity, one.tree) and one.start <= last.stop:
            found[-1] = replace(last, stop=max(last.stop, one.stop))
        else:
            found.append(one)
    return found


def filling(
    number: int, indices: Sequence[int], parts: Sequence[Part], left: dict[int, list[tuple[int, int]]], name: str
) -> list[Range]:
    """Return ranges of `number` more items, which no subrun uses."""
    if number < 0:
        message = (
            f"{name}: more events are drawn than the block of the blinded reservation holds; choose another seed"
        )
        raise RunError(message)
    ranges = []
    for part in indices:
        count = min(number, parts[part].available(left[part]))
        taken, left[part] = parts[part].take(left[part], count)
        ranges += [Range(*parts[part].shelf.key, start, stop) for start, stop in taken]
        number -= count
    if number > 0:
        message = f"{name}: the block that a blinded ensemble reserves is {number} events larger than what is left"
        raise RunError(message)
    return ranges
