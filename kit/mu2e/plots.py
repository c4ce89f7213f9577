"""The pictures of each stage, from what a run has written: run → {name: figure}."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kit import figures
from kit.files import read_json
from kit.mu2e import mixture_plots, yield_plots
from kit.mu2e.mixture import TOYS
from kit.mu2e.momenta import EDGES, Momenta
from kit.mu2e.pulls import read_pulls
from kit.mu2e.steps import SPECTRUM as MIXED
from kit.mu2e.steps import VALIDATION, momenta_in, no_momentum
from kit.mu2e.table import read_yields
from kit.mu2e.yields import RECORD, SPECTRUM
from kit.run import FinishedRun, Run

__all__ = ["mixture_figures", "yields_figures"]

AnyRun = Run | FinishedRun


def yields_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of yields."""
    made = read_yields(run.directory / RECORD)
    record = read_json(run.directory / SPECTRUM)
    counts = {name: np.array(values) for name, values in record["counts"].items()}
    known = tuple(record["synthetic"]), tuple(record.get("missing", ()))
    spectrum = Momenta(np.array(record["edges"]), counts, record["measured"], *known)
    pictures = {
        "spectrum": yield_plots.momenta(spectrum, made.exposure),
        "numbers": yield_plots.numbers(made.rows, made.exposure),
    }
    if any(row.mean is not None for row in made.rows):
        pictures["headroom"] = yield_plots.headroom(made.rows, made.exposure)
    for name, values in record["livetimes"].items():
        pictures["livetimes"] = yield_plots.livetimes(name, values, synthetic=name in spectrum.synthetic)
    return pictures


def mixture_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of mixture; of a blinded one, only what the open columns show."""
    pictures: dict[str, figures.Picture] = {}
    record = run.directory / MIXED
    files = sorted(run.directory.glob("nts.*.root"))
    summary = run.summary
    synthetic = summary.get("synthetic", ())
    if record.is_file():
        made = read_json(record)
        counts = {name: np.array(values) for name, values in made["counts"].items()}
        expected = Momenta(np.array(made["edges"]), counts, True, tuple(made["synthetic"]))
        drawn = np.array(made["drawn"])
        pictures["spectrum"] = mixture_plots.spectra(expected, drawn, mixture_plots.title_of(summary))
    elif files:
        pictures["spectrum"] = _drawn_only(files, summary)
    if (run.directory / VALIDATION).is_file():
        found = read_pulls(run.directory / VALIDATION)
        pictures["counts"] = mixture_plots.counts(found, synthetic)
        pictures["pulls"] = mixture_plots.pulls(found, synthetic)
    if (run.directory / TOYS).is_file():
        with np.load(run.directory / TOYS) as toys:
            pictures["toys"] = mixture_plots.toys(
                toys["counts"], list(toys["processes"]), toys["edges"], synthetic
            )
    return pictures


def _drawn_only(files: list[Path], summary: Mapping[str, Any]) -> figures.Picture:
    """Return the spectrum of what was drawn; a blinded run tells no more, nor does one that only builds files."""
    names = summary.get("momentum", ["mom"])
    title, word = mixture_plots.title_of(summary), "blinded" if summary.get("blind") else "drawn"
    drawn = momenta_in(files, names)
    if drawn is None:
        return mixture_plots.nothing(no_momentum(names), title)
    return mixture_plots.alone(drawn, EDGES, title, word, summary.get("synthetic", ()))
