"""Tables of comparator delays: how late a comparator fires, by its threshold and by the charge.

Two layouts are in use: pairs of columns ``Charge_Qth_X`` and ``Qth = X``, and a grid with a column ``Qin_e`` and a
column ``Qth_X`` for each threshold. Blank cells are holes; delays are in seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kit.files import FormatError
from kit.smartpixels.csv_cells import Cells, read_cells
from kit.smartpixels.pixelav import FloatArray, to_float

__all__ = ["DelayTable", "read_delays"]

GRID = 25.0  # e-; columns between are patches of a few cells
LONGEST = 1e-6  # s; a comparator is a hundred times faster, and a table in ns is a million times above
PAIR, COLUMN = re.compile(r"Charge_Qth_(\d+(?:\.\d+)?)"), re.compile(r"Qth_(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class DelayTable:
    """Delays of a comparator.

    Attributes
    ----------
    columns : mapping of float to (ndarray, ndarray)
        For each threshold, in e-: the charges, in e-, increasing, and the delays there, in ns.
    """

    columns: Mapping[float, tuple[FloatArray, FloatArray]]

    def nearest(self, threshold: float) -> float:
        """Return the threshold on the grid that is nearest to `threshold`, in e-; the lower one of two."""
        return min(self.columns, key=lambda column: (abs(column - threshold), column))

    def delay(self, threshold: float, charge: FloatArray) -> FloatArray:
        """Return the delay in ns for each charge in e-: that of the nearest row, the lower one of two."""
        charges, delays = self.columns[self.nearest(threshold)]
        above = np.clip(np.searchsorted(charges, charge), 1, max(len(charges) - 1, 1))
        above = np.minimum(above, len(charges) - 1)
        below = np.maximum(above - 1, 0)
        nearer_below = abs(charge - charges[below]) <= abs(charge - charges[above])
        return delays[np.where(nearer_below, below, above)]


def read_delays(path: str) -> DelayTable:
    """Return the delays in a CSV file of either layout.

    Raises
    ------
    FormatError
        If it is neither, or a cell cannot be a charge or a delay, or a charge has two delays; with column and row.
    """
    cells = read_cells(path, "comparator delays")
    name = cells.name
    header = [word.strip() for word in cells.header]
    columns: dict[float, tuple[FloatArray, FloatArray]] = {}
    for place, word in enumerate(header):
        if found := PAIR.fullmatch(word):
            partner = _partner(header, found[1], name)
            threshold, charges = float(found[1]), place
        elif (found := COLUMN.fullmatch(word)) and "Qin_e" in header:
            threshold, charges, partner = float(found[1]), header.index("Qin_e"), place
        else:
            continue
        if threshold % GRID == 0:
            pairs = _pairs(cells, charges, partner)
            if pairs:
                sorted_pairs = np.array(sorted(pairs)).T
                columns[threshold] = sorted_pairs[0], sorted_pairs[1] * 1e9
    if not columns:
        message = (
            f"{name}: has no delays; should have pairs of columns Charge_Qth_X and 'Qth = X', or Qin_e and Qth_X, "
            f"with X a multiple of {GRID:g}"
        )
        raise FormatError(message)
    return DelayTable(columns)


def _partner(header: list[str], threshold: str, name: str) -> int:
    partner = f"Qth = {threshold}"
    if partner not in header:
        message = f"{name}: column Charge_Qth_{threshold} has no partner {partner!r}"
        raise FormatError(message)
    return header.index(partner)


def _pairs(cells: Cells, charges: int, delays: int) -> list[tuple[float, float]]:
    """Return charge and delay of the rows in which both are filled."""
    pairs = []
    column = cells.header[delays].strip()
    rows: dict[float, tuple[int, float]] = {}
    for row, line in enumerate(cells.rows, 2):
        charge, delay = line[charges].strip(), line[delays].strip()
        if charge and delay:
            try:
                pair = to_float(charge), to_float(delay)
            except ValueError:
                message = f"{cells.name}:{row}: {charge!r} and {delay!r} for {column!r}, should be numbers"
                raise FormatError(message) from None
            if fault := _fault(*pair, rows):
                message = f"{cells.name}:{row}: {fault} for {column!r}"
                raise FormatError(message)
            rows[pair[0]] = row, pair[1]
            pairs.append(pair)
    return pairs


def _fault(charge: float, delay: float, rows: Mapping[float, tuple[int, float]]) -> str:
    """Return what is wrong with a charge in e- and a delay in s; `rows` has row and delay of a charge before."""
    if not 0 <= charge < math.inf:
        return f"charge {charge:g} e-, should be 0 or more,"
    if not 0 <= delay <= LONGEST:
        return f"delay {delay:g} s, should be 0 to {LONGEST:g} s,"
    if charge in rows and rows[charge][1] != delay:
        return f"charge {charge:g} e- again with another delay than in row {rows[charge][0]},"
    return ""
