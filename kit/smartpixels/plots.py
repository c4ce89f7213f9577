"""The pictures of the stage, from what a run has written: run → {name: figure}."""

from __future__ import annotations

from kit import figures
from kit.run import FinishedRun, Run, complete_below
from kit.smartpixels import cluster_plots, distribution_plots
from kit.smartpixels.convolution import DISTRIBUTIONS
from kit.smartpixels.example import Example
from kit.smartpixels.production import EXAMPLE
from kit.smartpixels.tally import Tally

__all__ = ["convolution_figures"]


def convolution_figures(run: Run | FinishedRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run, or of all finished points of a batch run together."""
    directory = run.directory
    folders = [directory] if (directory / DISTRIBUTIONS).is_file() else [
        one.directory for one in complete_below(directory) if (one.directory / DISTRIBUTIONS).is_file()
    ]  # fmt: skip
    tallies = [Tally.read(folder / DISTRIBUTIONS) for folder in folders]
    tally = sum(tallies[1:], tallies[0])
    example = Example.read(folders[0] / EXAMPLE)
    values = run.parameters if isinstance(run.parameters, dict) else run.parameters.model_dump()
    return {
        "cluster": cluster_plots.clusters_picture(example),
        "waveforms": cluster_plots.waveforms(example),
        "templates": distribution_plots.templates(example, tally),
        "effects": cluster_plots.effects(example),
        "spectra": distribution_plots.spectra(tally),
        "linearity": distribution_plots.linearity(tally),
        "mean_waveforms": distribution_plots.mean_waveforms(tally, example.output_step),
        "sizes": distribution_plots.sizes(tally),
        "occupancy": distribution_plots.occupancy(tally, values["sample_times"], values["levels"]),
    }
