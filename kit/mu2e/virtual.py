"""A virtual ensemble: all rows of a plan without its files; slices of columns are made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kit.mu2e.building import OWN, Builder
from kit.mu2e.ensemble_files import as_array
from kit.mu2e.mixing import Rows
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plans import Plan, rows_of

__all__ = ["all_rows", "materialise"]


def all_rows(plan: Plan) -> Iterator[tuple[int, Rows]]:
    """Yield subrun and rows of the whole ensemble, chunk by chunk: which entry of which file stands where."""
    store: dict[int, Any] = {}
    for subrun in range(len(plan.counts)):
        for rows in rows_of(plan, subrun, store):
            yield subrun, rows


def materialise(plan: Plan, start: int, stop: int, columns: Sequence[str]) -> dict[str, Any]:
    """Return columns of the rows from `start` up to and without `stop`, over all subruns.

    Parameters
    ----------
    plan : Plan
        The ensemble.
    start, stop : int
        Rows, from 0.
    columns : sequence of str
        Names in the ensemble; its own, such as ``proc``, and those of the primaries.

    Returns
    -------
    dict
        NumPy arrays, awkward arrays for lists.

    Raises
    ------
    KeyError
        If a column is not there.
    """
    copied = [name.removeprefix("src_") if name.removeprefix("src_") in OWN else name for name in columns]
    wanted = [name for name in copied if name not in OWN or f"src_{name}" in columns] or ["*"]
    builder = Builder(plan, MixtureParameters(branches=wanted, output_format="rntuple"))
    parts: list[dict[str, Any]] = []
    at = 0
    try:
        for subrun, rows in all_rows(plan):
            first, last = max(start - at, 0), min(stop - at, len(rows))
            if first < last:
                parts.append(builder.columns(rows.part(first, last), subrun))
            at += len(rows)
            if at >= stop:
                break
    finally:
        builder.close()
    return {name: _joined([as_array(part[name]) for part in parts]) for name in columns}


def _joined(parts: Sequence[Any]) -> Any:
    if not parts:
        return np.empty(0)
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    import awkward as ak

    return ak.concatenate(parts)
