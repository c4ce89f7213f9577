"""The pictures of each stage, from what a run has written: run → {name: figure}."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kit import figures
from kit.ecal import display, window_plots
from kit.ecal.access import Part, WindowFiles
from kit.run import FinishedRun, Run

__all__ = ["window_files", "windows_figures"]

AnyRun = Run | FinishedRun


def window_files(run: AnyRun) -> list[Path]:
    """Return the parquet files of windows in a run, or in the collected points of a batch run."""
    found = sorted(run.directory.glob("windows_*.parquet"), key=_number)
    return found or sorted(run.directory.glob("outputs/*/windows_*.parquet"))


def _number(path: Path) -> tuple[int, str]:
    return int(path.name.split("_")[1]), path.name


def windows_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of windows."""
    with WindowFiles(window_files(run)) as files:
        gathered = window_plots.gather(list(files.parts(window_plots.FIELDS)))
        window = _telling(files, gathered)
    return {
        "window": draw_one(window) if window else window_plots.seeds(gathered),
        "energy": window_plots.energy(gathered),
        "clusters": window_plots.clusters(gathered),
        "features": window_plots.features(gathered),
        "seeds": window_plots.seeds(gathered),
        "response": window_plots.response(gathered),
        "cutflow": window_plots.cutflow(run.summary),
    }


def _telling(files: WindowFiles, gathered: window_plots.Gathered) -> Part | None:
    """Return a window that shows much: the one with the most true and other clusters."""
    if not len(gathered):
        return None
    inside = gathered.summed(gathered.cluster["in_scluster"].astype(float))
    outside = gathered.counts - inside
    return files.one(int((inside.clip(max=4) + outside.clip(max=3)).argmax()))


def draw_one(part: Part, threshold: float | None = None, selected: int | None = None) -> figures.Picture:
    """Draw one window: clusters and labels, scores, crystals."""
    shown = display.shown(part, threshold)
    with figures.style("CMS"):
        picture, axes = figures.grid(1, 3, size=(19, 5.6), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        display.draw_window(axes[0, 0], shown, selected)
        _legend_below(axes[0])
        display.draw_scores(picture, axes[0, 1], shown)
        if part.hits is not None:
            display.draw_crystals(picture, axes[0, 2], shown)
        axes[0, 1].set_title(display.heading(shown), fontsize=10)
        return picture


def _legend_below(axes: Sequence[object]) -> None:
    first = axes[0]
    first.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=9)  # type: ignore[attr-defined]
