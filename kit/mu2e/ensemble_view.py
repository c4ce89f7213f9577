"""What the panel of an ensemble shows: its spectrum, its pulls, the ledger, and logs of a real production."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.files import FormatError, read_json
from kit.manifest import load
from kit.mu2e.blinding import SEALED
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_plots import draw_alone, draw_pulls, draw_spectra, title_of
from kit.mu2e.momenta import EDGES, Momenta
from kit.mu2e.plan_files import plan_from
from kit.mu2e.pulls import Comparison, compare, read_pulls
from kit.mu2e.sampling_logs import read_log
from kit.mu2e.sealing import reveal
from kit.mu2e.steps import SPECTRUM, VALIDATION, momenta_in, no_momentum

__all__ = [
    "EnsembleView", "draw_comparison", "draw_ensemble", "ensemble_caption", "ledger_records", "log_comparison",
    "pulls_caption", "revealed", "view_of",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EnsembleView:
    """The numbers behind the pictures; what a blinded ensemble does not tell is None.

    Attributes
    ----------
    ensemble, commitment : str
        Its name in the ledger; checksum of what is sealed, empty where nothing is.
    synthetic, momentum : tuple of str
        Processes whose events are stand-ins; what the momentum is called in the primaries.
    """

    words: str
    expected: Momenta | None
    drawn: FloatArray | None
    comparison: Comparison | None
    ensemble: str = ""
    commitment: str = ""
    directory: Path = Path()
    synthetic: tuple[str, ...] = ()
    momentum: tuple[str, ...] = ("mom",)


def view_of(directory: Path) -> EnsembleView:
    """Return the view of a run of `mu2e/mixture`.

    Raises
    ------
    FormatError
        If it is a run of another stage, or not complete.
    """
    run = load(directory)
    if run.stage != "mu2e/mixture":
        message = f"{directory} is a run of {run.stage}, should be one of mu2e/mixture"
        raise FormatError(message)
    if run.state != "complete" or "ensemble" not in run.summary:
        message = f"{directory} is a run that is {run.state}, should be a complete one"
        raise FormatError(message)
    summary = run.summary
    words = title_of(summary)
    if summary.get("blind"):
        words += f"\nblinded, commitment {summary['commitment']}"
    momentum = tuple(summary.get("momentum", ["mom"]))
    expected: Momenta | None = None
    drawn: FloatArray | None = None
    if (directory / SPECTRUM).is_file():
        made = read_json(directory / SPECTRUM)
        counts = {name: np.array(values) for name, values in made["counts"].items()}
        expected = Momenta(np.array(made["edges"]), counts, True, tuple(made["synthetic"]))
        drawn = np.array(made["drawn"])
    elif paths := sorted(directory.glob("nts.*.root")):
        drawn = momenta_in(paths, momentum)
    found = read_pulls(directory / VALIDATION) if (directory / VALIDATION).is_file() else None
    name, commitment = str(summary["ensemble"]), str(summary.get("commitment", ""))
    synthetic = tuple(summary.get("synthetic", ()))
    return EnsembleView(words, expected, drawn, found, name, commitment, directory, synthetic, momentum)


def revealed(view: EnsembleView, sealed: Path) -> EnsembleView:
    """Return the view of a blinded ensemble with what was sealed: rate, seed, and the numbers by process.

    Raises
    ------
    ValueError
        If nothing is sealed.
    FormatError
        If the file is not the one whose checksum was told, or the run's own sealed plan belongs to another.
    """
    if not view.commitment:
        message = f"ensemble {view.ensemble} is not blinded: there is nothing to reveal"
        raise ValueError(message)
    found = reveal(sealed, view.commitment)
    record = read_json(view.directory / SEALED)
    if record["commitment"] != view.commitment:
        message = f"{view.directory / SEALED} belongs to {record['commitment']}, should to {view.commitment}"
        raise FormatError(message)
    plan = plan_from(record["plan"], str(view.directory / SEALED))
    jobs = len(plan.counts)
    comparison = compare(plan.processes, plan.counts, [[mean / jobs for mean in plan.means]] * jobs)
    words = f"{view.words}\nrevealed, as it was sealed: conversion rate {found.r_mue:g}, seed {found.seed}"
    drawn = ", ".join(f"{name} {number}" for name, number in plan.totals.items())
    return replace(view, words=f"{words}; drawn: {drawn}", comparison=comparison)


def draw_ensemble(axes: Any, view: EnsembleView) -> None:
    """Draw what was drawn beside what was expected; alone where that is not told."""
    top, bottom = np.asarray(axes)[:, 0]
    if view.drawn is None:
        figures.say(top, no_momentum(view.momentum))
        figures.say(bottom, "")
    elif view.expected is None:
        draw_alone(top, view.drawn, EDGES, "blinded" if view.commitment else "drawn")
        figures.say(bottom, "no expectation is shown")
    else:
        draw_spectra(top, bottom, view.expected, view.drawn)


def ensemble_caption(view: EnsembleView) -> str:
    """Return the spectrum in words."""
    if view.drawn is None:
        return no_momentum(view.momentum)
    return f"{view.drawn.sum():.0f} events drawn between 50 and 150 MeV"


def draw_comparison(axes: Any, view: EnsembleView) -> None:
    """Draw the pulls, or say that there are none."""
    if view.comparison is None:
        figures.say(axes, "no numbers by process are shown")
    else:
        draw_pulls(axes, view.comparison, view.synthetic)


def pulls_caption(view: EnsembleView) -> str:
    """Return the pulls in words."""
    found = view.comparison
    return f"χ² is {found.chi2:.1f} for {found.degrees}, p {found.p_value:.3f}" if found else "no pulls are shown"


def ledger_records(path: Path) -> list[dict[str, Any]]:
    """Return what of which file is in which ensemble, and what is free, to look at."""
    if not path.is_file():
        return []
    rows = Ledger(path).view()
    held: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["state"] != "released":
            key = row["path"], row["tree"]
            held[key] = held.get(key, 0) + row["taken"]
    records = []
    for row in rows:
        free = row["items"] - held.get((row["path"], row["tree"]), 0)
        name, who, state = _short(row["path"]), row["ensemble"] or "–", row["state"] or "free"
        records.append({"file": name, "ensemble": who, "state": state, "taken": row["taken"], "free": free})
    return records


def _short(path: str) -> str:
    """Return what tells files apart in a narrow column: description and sequencer, where a name has six fields."""
    fields = Path(path).name.split(".")
    return f"{fields[2]} {fields[4]}" if len(fields) == 6 else Path(path).name


def log_comparison(path: Path) -> Comparison:
    """Return how the counts in a log of SamplingInput compare with its own weights, job by job."""
    blocks = read_log(path)
    names = sorted({one.name for block in blocks for one in block})
    drawn, expected = (np.zeros((len(blocks), len(names))) for _ in range(2))
    for job, block in enumerate(blocks):
        total = sum(one.counts for one in block)
        for one in block:
            drawn[job, names.index(one.name)] = one.counts
            expected[job, names.index(one.name)] = one.expected * total
    return compare(names, drawn, expected)
