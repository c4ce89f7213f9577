"""Energy spectra at birth, and which fraction of each lies above a threshold.

A spectrum is a table or a formula. Fractions come in two ways, `bins` (sums over rows, as both originals have
them) and `integral`; their difference is a systematic that every run reports.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e import parametrisations

__all__ = ["KNOWN_TABLES", "Integration", "IpaTable", "Points", "Spectrum", "dio", "ipa", "read_table", "rpc"]

FloatArray = npt.NDArray[np.float64]
Integration = Literal["bins", "integral"]

DIO_TABLE, RPC_TABLE, IPA_TABLE = "heeck_finer_binning_2016_szafron.tbl", "rpcspectrum.tbl", "ipa_spec_eff.tbl"
KNOWN_TABLES = {  # md5 of the plain public files, Mu2e/Production JobConfig/ensemble
    "be9d67e140645faff63440fb138a2faa": DIO_TABLE,
    "a050adc5d451e175c6ffa8d2b8be9ab9": RPC_TABLE,
    "24ae29cc7ee9a8edb6c6d6e0b0d35110": IPA_TABLE,
}


class Spectrum(Protocol):
    """What all spectra can tell."""

    @property
    def source(self) -> str:
        """Where it is from."""

    def above(self, threshold: float, integration: Integration) -> float:
        """Return the fraction above `threshold`, in MeV."""

    def per_bin(self, edges: FloatArray) -> FloatArray:
        """Return the fraction between neighbouring `edges`, in MeV, shape (len(edges) - 1,)."""


def ordered_sum(values: FloatArray) -> float:
    """Return the sum added from left to right, as the originals add; NumPy's own sum adds in pairs."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0


@dataclass(frozen=True)
class Points:
    """A density at points: the rows of a table, or a formula at the middles of bins.

    Attributes
    ----------
    energies, values : ndarray, shape (n,)
        MeV, rising; density in any unit, not negative.
    width : float
        0 for points joined by straight lines, else the width in MeV of bins round the points.
    known_from : float
        Threshold down to which fractions are known, in MeV.
    """

    name: str
    source: str
    energies: FloatArray
    values: FloatArray
    width: float = 0.0
    known_from: float = 0.0

    @cached_property
    def total(self) -> float:
        """Sum over all rows, added from left to right."""
        return ordered_sum(self.values)

    @property
    def known_to(self) -> float:
        """Largest energy that the points tell of, in MeV."""
        return float(self.energies[-1]) + self.width / 2

    def sums(self, threshold: float) -> float:
        """Return the sum over the rows at or above `threshold`."""
        return ordered_sum(self.values[np.searchsorted(self.energies, threshold) :])

    def above(self, threshold: float, integration: Integration) -> float:
        """Return the fraction above `threshold`: of the rows' sum, or of the area under them."""
        if integration == "bins":
            return self.sums(threshold) / self.total
        return float(self._tails(np.array([threshold]))[0])

    def per_bin(self, edges: FloatArray) -> FloatArray:
        """Return the fraction between neighbouring edges."""
        return -np.diff(self._tails(edges))

    def _tails(self, energy: FloatArray) -> FloatArray:
        """Return the fraction of the area above each energy; added from the top, where fractions are 1e-11."""
        e, v = self.energies, self.values
        if self.width:
            edges = np.append(e - self.width / 2, e[-1] + self.width / 2)
            areas = np.append(np.cumsum(v[::-1])[::-1], 0.0)
            return np.asarray(np.interp(energy, edges, areas) / areas[0])
        areas = np.append(np.cumsum(((v[1:] + v[:-1]) / 2 * np.diff(e))[::-1])[::-1], 0.0)
        at = np.clip(energy, e[0], e[-1])
        row = np.clip(np.searchsorted(e, at, side="right"), 1, len(e) - 1)  # the first above
        here = np.interp(at, e, v)
        return np.asarray((areas[row] + (v[row] + here) / 2 * (e[row] - at)) / areas[0])


@dataclass(frozen=True)
class IpaTable:
    """Fraction of decays in the inner proton absorber above an energy: rows, ln F linear between them."""

    name: str
    source: str
    energies: FloatArray
    fractions: FloatArray

    def above(self, threshold: float, integration: Integration = "bins") -> float:  # noqa: ARG002 - as others
        """Return the fraction above `threshold`, interpolated.

        Raises
        ------
        ValueError
            If `threshold` is outside the table.
        """
        self._refuse_outside(threshold)
        return float(np.exp(np.interp(threshold, self.energies, np.log(self.fractions))))

    def first_row_above(self, threshold: float) -> float:
        """Return the fraction of the first row with a larger energy: the original's choice, several percent low.

        Raises
        ------
        ValueError
            If there is no such row; the original takes 1 then.
        """
        self._refuse_outside(threshold)
        row = int(np.searchsorted(self.energies, threshold, side="right"))
        if row == len(self.energies):
            message = f"{self.source}: no row above {threshold} MeV"
            raise ValueError(message)
        return float(self.fractions[row])

    def per_bin(self, edges: FloatArray) -> FloatArray:
        """Return the fraction between neighbouring edges; nothing is known outside the table."""
        inside = np.clip(edges, self.energies[0], self.energies[-1])
        return -np.diff(np.exp(np.interp(inside, self.energies, np.log(self.fractions))))

    def _refuse_outside(self, threshold: float) -> None:
        low, high = self.energies[0], self.energies[-1]
        if not low <= threshold <= high:
            message = f"{self.source}: threshold is {threshold} MeV, outside {low:g} to {high:g} MeV"
            raise ValueError(message)


def read_table(path: Path) -> tuple[FloatArray, FloatArray, str]:
    """Return both columns of a table of two numbers a line, plain or gzip, and the md5 of the plain text.

    Raises
    ------
    FormatError
        With file and line, for all lines that are not two numbers, a negative density, energies not increasing.
    """
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as fault:
            message = f"{path}: cut short or damaged gzip ({fault})"
            raise FormatError(message) from None
    if b"\0" in content:
        message = f"{path} is no text, should be a table of two numbers a line: energy in MeV and density"
        raise FormatError(message)
    rows: list[tuple[float, float]] = []
    faults = []
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            energy, value = map(float, line.split())
        except ValueError:
            faults.append(f"{path}:{number}: {line.strip()!r}, should be two numbers: energy in MeV and density")
            continue
        if not (np.isfinite(energy) and np.isfinite(value)) or value < 0:
            faults.append(f"{path}:{number}: density is {value:g}, should be a number ≥ 0")
        elif rows and energy <= rows[-1][0]:
            faults.append(f"{path}:{number}: energy is {energy:g} MeV after {rows[-1][0]:g}, should increase")
        rows.append((energy, value))
    if not faults and (len(rows) < 2 or not sum(row[1] for row in rows)):
        faults.append(f"{path}: {len(rows)} rows, should be a spectrum")
    if faults:
        raise FormatError("\n".join(faults[:20]))
    energies, values = np.array(rows).T.copy()
    return energies, values, hashlib.md5(content, usedforsecurity=False).hexdigest()


def _own_table(path: Path, name: str) -> tuple[FloatArray, FloatArray]:
    """Return both columns of a table, which is not a public one of another spectrum.

    Raises
    ------
    FormatError
        If it is, or no table.
    """
    energies, values, digest = read_table(path)
    if (known := KNOWN_TABLES.get(digest, name)) != name:
        message = f"{path} is the public table {known}, should be of the same kind as {name}"
        raise FormatError(message)
    return energies, values


def dio(table: Path | None = None) -> Points:
    """Return the electron energies of decays in orbit: a public table, or the polynomial near the endpoint.

    The polynomial knows no total: its values are per decay, so the "rest" is put into a first, huge bin.
    """
    if table is not None:
        energies, values = _own_table(table, DIO_TABLE)
        return Points("DIO", table.name, energies, values)
    low, step = parametrisations.DIO_VALID_FROM, 0.01
    middles = np.arange(low + step / 2, parametrisations.DIO_ENDPOINT, step)
    density = parametrisations.decay_in_orbit(middles) * step
    rest = np.array([1 - density.sum()])
    source = "approximate: polynomial of Czarnecki, Garcia i Tormo, Marciano 2011"
    return Points("DIO", source, np.append(low - step / 2, middles), np.append(rest, density), step, low)


def rpc(table: Path | None = None) -> Points:
    """Return the photon energies of radiative pion capture: a public table, or our coarse curve."""
    if table is not None:
        energies, values = _own_table(table, RPC_TABLE)
        return Points("RPC", table.name, energies, values, float(np.median(np.diff(energies))))
    middles = np.arange(0.05, 140, 0.1)
    return Points("RPC", "approximate: the kit's own curve", middles, parametrisations.pion_capture(middles), 0.1)


def ipa(table: Path | None = None) -> IpaTable:
    """Return the electron energies of IPA Michel decays: a public table, or our coarse curve."""
    if table is not None:
        energies, fractions = _own_table(table, IPA_TABLE)
        if fractions[0] > 1 or fractions[-1] <= 0 or (np.diff(fractions) > 0).any():
            message = f"{table}: fractions above an energy, should lie in 0 to 1, above 0, and never rise"
            raise FormatError(message)
        return IpaTable("IPA", table.name, energies, fractions)
    energies = np.linspace(50, 100, 100)
    return IpaTable("IPA", "approximate: the kit's own curve", energies, parametrisations.ipa_fraction(energies))
