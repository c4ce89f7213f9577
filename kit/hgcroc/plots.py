"""The pictures of the stages, from a run."""

from __future__ import annotations

from matplotlib.figure import Figure

from kit.hgcroc import board_plots, scan_plots
from kit.hgcroc.measurements import Scan
from kit.hgcroc.resuming import FILE
from kit.manifest import FinishedRun
from kit.run import Run

__all__ = ["acquisition_figures"]


def acquisition_figures(run: Run | FinishedRun) -> dict[str, Figure]:
    """Return the pictures of a scan: curves against its last axis, times against the phase, map and noise."""
    with Scan.open(run.directory / str(run.summary["folder"]) / FILE) as scan:
        pictures: dict[str, Figure] = {"curves": scan_plots.curves(scan)}
        if "phase_strobe" in scan.labels:
            pictures["times"] = scan_plots.times(scan, scan.labels.index("phase_strobe"))
        pictures["map"] = board_plots.board_map(scan)
        pictures["noise"] = board_plots.noise(scan)
    return pictures
