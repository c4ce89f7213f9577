"""Weights of the entries of a primary, by which it is thinned: one number for each, also in a structure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.catalogue import Primary
from kit.mu2e.columns import flat_column, read_flat
from kit.mu2e.sources import Source, open_file

__all__ = ["entry_weights", "weights_of"]


def weights_of(primary: Primary, sources: Iterable[Source]) -> tuple[float, float] | None:
    """Return the sum and the largest of the weights, where a primary has weights.

    Raises
    ------
    FormatError
        If all of them are 0; see also `entry_weights`.
    """
    if not primary.weight_branch:
        return None
    total, largest = 0.0, 0.0
    for source in sources:
        values = entry_weights(source, primary.weight_branch)
        total, largest = total + float(values.sum()), max(largest, float(values.max(initial=0)))
    if largest == 0:
        message = f"{primary.process}: all weights in {primary.weight_branch} are 0"
        raise FormatError(message)
    return total, largest


def entry_weights(source: Source, name: str) -> npt.NDArray[np.float64]:
    """Return the weight of each entry.

    Parameters
    ----------
    source : Source
        The tree.
    name : str
        A branch with one number an entry, or a member of one, such as ``evtwt.PBIWeight``.

    Raises
    ------
    FormatError
        If there is no such column, or weights in it are negative or no numbers.
    """
    with open_file(source.path) as file:
        tree = file[source.tree]
        column = flat_column(source, tree, name)
        if column is None:
            what = f"is {tree[name].typename}, should be one number an entry" if name in tree else "is not there"
            message = f"{source.path}: {source.tree}: {name}, the weight, {what}"
            raise FormatError(message)
        values = np.asarray(read_flat(tree, column), np.float64)
    if not np.all(np.isfinite(values)) or (values < 0).any():
        message = f"{source.path}: {name} has weights that are negative or no numbers"
        raise FormatError(message)
    return values
