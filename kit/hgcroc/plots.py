"""The pictures of the stages, from a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from kit.files import read_json
from kit.hgcroc.calibration.distillates import Distillate, load_distillate
from kit.hgcroc.calibration.distilleries import DISTILLERIES
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.distillation import BEFORE, GRADE
from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures import board_plots, bundle_plots, scan_plots
from kit.hgcroc.pictures import distillate_plots as draw
from kit.hgcroc.resuming import FILE
from kit.manifest import FinishedRun
from kit.run import Run

__all__ = ["acquisition_figures", "distillates_of", "distillation_figures"]

CHARGE = "injected charge [fC]"
VREF = {"inv_vref": "Inv_vref", "noinv_vref": "Noinv_vref", "toa_vref": "Toa_vref", "tot_vref": "Tot_vref"}


def acquisition_figures(run: Run | FinishedRun) -> dict[str, Figure]:
    """Return the pictures of a scan: curves against its last axis, times against the phase, map and noise."""
    with Scan.open(run.directory / str(run.summary["folder"]) / FILE) as scan:
        pictures: dict[str, Figure] = {"curves": scan_plots.curves(scan)}
        if "phase_strobe" in scan.labels:
            pictures["times"] = scan_plots.times(scan, scan.labels.index("phase_strobe"))
        pictures["map"] = board_plots.board_map(scan)
        pictures["noise"] = board_plots.noise(scan)
    return pictures


def distillates_of(run: Run | FinishedRun) -> dict[str, Distillate]:
    """Return all distillates of a run by analysis, in the kit's order."""
    names = [name for name in [*DISTILLERIES, BEFORE] if (run.directory / name / "curves.npz").is_file()]
    return {name: load_distillate(run.directory / name) for name in names}


def distillation_figures(run: Run | FinishedRun) -> dict[str, Figure]:
    """Return the pictures of all analyses of a run, the graded board first."""
    found = distillates_of(run)
    before = found.pop(BEFORE, None)
    pictures: dict[str, Figure] = {}
    if found:
        serious = np.bitwise_or.reduce([each.reasons for each in found.values()]) & ~np.uint32(Reason.UNREACHABLE)
        bad = np.sum([each.reasons != 0 for each in found.values()], axis=0).astype(float)
        pictures["grades"] = draw.grades(read_json(run.directory / GRADE)["chips"], bad)
    for name, each in found.items():  # a channel that is bad in one analysis is drawn as such in all
        pictures |= dict(_pictures(name, replace(each, reasons=each.reasons | serious)))
    if before is not None and "pedestals" in found:
        pictures["alignment"] = draw.before_after(before, found["pedestals"])
    return pictures


def _pictures(name: str, found: Distillate) -> Iterator[tuple[str, Figure]]:
    if name == "pedestals":
        yield name, draw.on_board(found, "pedestal", "pedestal [ADC counts]", "in the latest scan")
        yield "noise", draw.noise(found)
    elif name in ("inv_vref", "noinv_vref"):
        yield name, draw.halves(found, VREF[name])
    elif name == "trim_inv":
        yield (
            name,
            bundle_plots.with_residuals(found, "trim_inv [register counts]", "pedestal [ADC counts]", "counts"),
        )
    elif name == "phase":
        yield name, bundle_plots.phase(found)
    elif name == "phase_steps":
        yield (
            name,
            bundle_plots.bundle(found, "phase_strobe [25 ns / 16]", "TOA − 64 codes a phase step [25 ns / 1024]"),
        )
    elif name == "gain":
        yield name, bundle_plots.with_residuals(found, CHARGE, "ADC [counts]", "counts")
        yield "gain_map", draw.on_board(found, "gain", "gain [ADC counts / fC]")
    elif name == "crosstalk":
        yield name, draw.crosstalk(found)
    elif name in ("toa_vref", "tot_vref"):
        yield name, draw.thresholds(found, VREF[name])
    else:
        yield from _more_pictures(name, found)


def _more_pictures(name: str, found: Distillate) -> Iterator[tuple[str, Figure]]:
    if name in ("trim_toa", "trim_tot"):
        yield name, bundle_plots.bundle(found, f"{name} [register counts]", f"{name[-3:].upper()} efficiency")
    elif name == "toa_curves":
        yield name, bundle_plots.bundle(found, CHARGE, "TOA efficiency")
        yield "toa_map", draw.on_board(found, "q50", "charge at half efficiency [fC]")
    elif name == "time_walk":
        yield name, bundle_plots.time_walk(found)
    elif name == "tot_line":
        yield name, bundle_plots.with_residuals(found, CHARGE, "TOT [counts]", "counts")
    elif name == "joining" and np.isfinite(found.rows["step"]).any():
        yield name, bundle_plots.joining(found)
