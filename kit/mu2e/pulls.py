"""Do the drawn numbers fit their expectation? Pulls per job and process, and their χ²."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kit.files import FormatError

__all__ = ["Comparison", "compare", "pull_text", "read_pulls"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Drawn and expected events.

    Attributes
    ----------
    drawn, expected, pulls : ndarray, shape (jobs, processes)
        Pulls are in standard deviations of a Poisson number; 0 where nothing is expected and drawn.
    chi2, p_value : float
        Of all pulls.
    degrees : int
        How many there are.
    """

    processes: tuple[str, ...]
    drawn: FloatArray
    expected: FloatArray
    pulls: FloatArray
    chi2: float
    degrees: int
    p_value: float


def compare(processes: Sequence[str], drawn: npt.ArrayLike, expected: npt.ArrayLike) -> Comparison:
    """Return how drawn numbers compare with expected ones, shape (jobs, processes) both."""
    from scipy.special import gammaincc

    n, mean = (np.asarray(values, np.float64).reshape(-1, len(processes)) for values in (drawn, expected))
    known = mean > 0
    pulls = np.where(known, (n - mean) / np.sqrt(np.where(known, mean, 1)), np.where(n > 0, np.inf, 0.0))
    chi2, degrees = float(np.sum(pulls[known] ** 2)), int(known.sum())
    p_value = float(gammaincc(degrees / 2, chi2 / 2)) if degrees else 1.0
    return Comparison(tuple(processes), n, mean, pulls, chi2, degrees, p_value)


def pull_text(found: Comparison) -> str:
    """Return a comparison as CSV: a line for each job and process, then the totals and χ²."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["job", "process", "drawn", "expected", "pull"])
    jobs = len(found.drawn)
    for job in range(jobs):
        for i, process in enumerate(found.processes):
            writer.writerow(
                [job, process, *_numbers(found.drawn[job, i], found.expected[job, i], found.pulls[job, i])]
            )
    total = compare(found.processes, found.drawn.sum(axis=0), found.expected.sum(axis=0))
    for i, process in enumerate(found.processes):
        writer.writerow(["total", process, *_numbers(total.drawn[0, i], total.expected[0, i], total.pulls[0, i])])
    writer.writerow(["chi2", "", round(found.chi2, 6), found.degrees, round(found.p_value, 6)])
    return stream.getvalue()


def _numbers(drawn: float, expected: float, pull: float) -> list[object]:
    return [int(drawn), float(f"{expected:.10g}"), float(f"{pull:.6g}")]


def read_pulls(path: Path) -> Comparison:
    """Return what `pull_text` has written.

    Raises
    ------
    FormatError
        With file and line, if it is something else.
    """
    rows: dict[str, dict[int, tuple[float, float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.reader(file), 1):
            try:
                if line[0].isdigit():
                    rows.setdefault(line[1], {})[int(line[0])] = float(line[2]), float(line[3])
            except (IndexError, ValueError):
                message = f"{path}:{number}: {','.join(line)!r}, should be job, process, drawn, expected, pull"
                raise FormatError(message) from None
    if not rows:
        message = f"{path}: there is no job; should be the validation.csv of an ensemble"
        raise FormatError(message)
    table = np.array([[of[job] for of in rows.values()] for job in sorted(next(iter(rows.values())))])
    return compare(list(rows), table[:, :, 0], table[:, :, 1])
