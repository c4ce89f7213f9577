"""The pictures of each stage, from what a run has written: run → {name: figure}."""

from __future__ import annotations

import numpy as np

from kit import figures
from kit.files import read_json
from kit.mu2e import yield_plots
from kit.mu2e.momenta import Momenta
from kit.mu2e.table import read_yields
from kit.mu2e.yields import RECORD, SPECTRUM
from kit.run import FinishedRun, Run

__all__ = ["yields_figures"]

AnyRun = Run | FinishedRun


def yields_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of yields."""
    made = read_yields(run.directory / RECORD)
    record = read_json(run.directory / SPECTRUM)
    counts = {name: np.array(values) for name, values in record["counts"].items()}
    spectrum = Momenta(np.array(record["edges"]), counts, record["measured"], tuple(record["synthetic"]))
    pictures = {
        "spectrum": yield_plots.momenta(spectrum, made.exposure),
        "numbers": yield_plots.numbers(made.rows, made.exposure),
    }
    if any(row.mean is not None for row in made.rows):
        pictures["headroom"] = yield_plots.headroom(made.rows, made.exposure)
    for name, values in record["livetimes"].items():
        pictures["livetimes"] = yield_plots.livetimes(name, values)
    return pictures
