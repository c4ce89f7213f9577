"""PixelAV's cluster files: what stands in them, and how they are written.

A header line and a geometry line, both only in the first file of a production; then clusters, each a line
``<cluster>``, a line of metadata and the array of pixels at each time slice. The first slice is at one step, not
at zero; what it holds is charge induced up to then, in electrons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "FIELDS",
    "INTEGRATION",
    "Cluster",
    "FloatArray",
    "Geometry",
    "IntArray",
    "Layout",
    "cluster_text",
    "geometry_of",
    "header_text",
    "is_number",
    "names",
    "tag_line",
    "to_float",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

INTEGRATION = 4000.0  # ps; PixelAV follows the charge for so long
TRACK = ("x-entry", "y-entry", "z-entry", "n_x", "n_y", "n_z", "number_eh_pairs")
FIELDS = {
    9: [*TRACK, "y-local", "pt"],
    12: [*TRACK, "y-local", "z-global", "pt", "hit_time", "PID"],
}  # um; momentum in GeV along x, y, z; mm; GeV with the sign of the charge
NUMBER = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Geometry:
    """The line of four numbers before the first cluster."""

    pitch_x: float  # um
    pitch_y: float  # um
    thickness: float  # um
    step: float  # ps between two slices


@dataclass(frozen=True)
class Layout:
    """The shape of a cluster; all of a file agree in it."""

    rows: int
    columns: int
    slices: int
    step: float  # ps
    fields: int  # metadata

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.rows * self.columns

    @property
    def lines(self) -> int:
        """Lines of a cluster."""
        return 2 + self.slices * (1 + self.rows)


@dataclass(frozen=True)
class Cluster:
    """One track through the sensor.

    Attributes
    ----------
    number : int
        Its place in the file, from 0.
    metadata : tuple of str
        Nine or twelve numbers, as they stand in the file; `names` says which.
    charge : ndarray, shape (rows, columns, slices)
        Charge induced up to each slice, in electrons; the first slice is one step after t = 0.
    step : float
        Time between two slices, in ps.
    """

    number: int
    metadata: tuple[str, ...]
    charge: FloatArray
    step: float

    @property
    def values(self) -> dict[str, float]:
        """The metadata by name."""
        return dict(zip(names(len(self.metadata)), map(float, self.metadata), strict=True))


def names(fields: int) -> list[str]:
    """Return the names of so many fields of metadata; those that no known production has are numbered."""
    known = FIELDS.get(fields, FIELDS[9])
    return [*known, *(f"field_{number}" for number in range(len(known), fields))]


def is_number(word: bytes) -> bool:
    """Tell whether a word is a finite number as C prints it."""
    return NUMBER.fullmatch(word) is not None


def to_float(text: str) -> float:
    """Return a number in a file; `float` alone takes the underscores of Python's programs, which no file has.

    Raises
    ------
    ValueError
        If it is none.
    """
    if "_" in text:
        message = f"{text!r} is not a number"
        raise ValueError(message)
    return float(text)


def geometry_of(line: bytes) -> Geometry | None:
    """Return what a line of four numbers says, or None for any other line."""
    words = line.split()
    if len(words) != 4 or not all(map(is_number, words)):
        return None
    return Geometry(*map(float, words))


def tag_line(time: float) -> bytes:
    """Return the line before the slice at `time`, in ps."""
    return b"<time slice %f ps>\n" % time


def header_text(lines: Iterable[bytes], step: float, *, lenient: bool = False) -> bytes:
    """Return the lines before the first cluster as the original writes them: `step`, in ps, is the output's.

    `lenient` takes any line of four words for the geometry whose last is a number, as the original does.
    """
    written = []
    for line in lines:
        words = line.split()
        is_geometry = geometry_of(line) or (lenient and len(words) == 4 and is_number(words[3]))
        written.append(b" ".join([*words[:3], b"%f" % step]) if is_geometry else line)
    return b"".join(line + b"\n" for line in written)


def cluster_text(cluster: Cluster, *, row_end: str = "") -> bytes:
    """Return a cluster as PixelAV writes it; `row_end` stands before the end of each row."""
    slices = np.moveaxis(cluster.charge, 2, 0)
    printed: dict[bytes, str] = {}
    parts = [f"<cluster>\n{' '.join(cluster.metadata)} \n".encode()]
    for number, values in enumerate(slices, 1):
        key = values.tobytes()
        if key not in printed:
            printed = {key: _rows_text(values.tolist(), row_end)}  # half of all slices repeat the one before
        parts += [tag_line(number * cluster.step), printed[key].encode()]
    return b"".join(parts)


def _rows_text(rows: Sequence[Sequence[float]], row_end: str) -> str:
    return "".join(" ".join([f"{value:2.1f}" for value in row]) + row_end + "\n" for row in rows)
