"""The pictures of each stage, from what a run has written: run → {name: figure}."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kit import figures
from kit.ecal import (
    dataset_plots,
    display,
    flow_plots,
    resolution_plots,
    truth_plots,
    window_plots,
    working_points,
)
from kit.ecal.access import Part
from kit.ecal.datasets import NORMALIZATION, WEIGHTS
from kit.ecal.events import AnyArray
from kit.ecal.match_tables import read_matched
from kit.ecal.truth import CLUSTERS, FITS, GAIN, LIMITED, RESOLUTION, WORKING_POINT
from kit.ecal.weights import balance
from kit.ecal.window_files import WindowFiles
from kit.files import read_json
from kit.parameters import Parameters
from kit.run import FinishedRun, Run

__all__ = ["datasets_figures", "draw_one", "truth_figures", "window_files", "windows_figures"]

MOST = 300_000  # windows that a picture is made of: of more, the first ones
READS = 20  # windows that are read to see how long that takes
AnyRun = Run | FinishedRun


def window_files(run: AnyRun) -> list[Path]:
    """Return the parquet files of windows in a run, in all parts of a dataset, or in the points of a batch run."""
    for pattern in ("windows_*.parquet", "*/part-*.parquet", "outputs/*/windows_*.parquet"):
        if found := list(run.directory.glob(pattern)):
            return sorted(found, key=lambda path: (path.parent, _number(path)))
    return []


def _number(path: Path) -> tuple[int, str]:
    """Return the number in the name of a file: 2 comes before 10."""
    return int(re.split("[_.-]", path.name)[1]), path.name


def windows_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of windows."""
    with WindowFiles(window_files(run)) as files:
        gathered = window_plots.gather(list(files.parts(window_plots.FIELDS, most=MOST)))
        window = _telling(files, gathered)
        share = len(gathered) / max(len(files), 1)
    return {
        "window": draw_one(display.shown(window)) if window else window_plots.seeds(gathered),
        "energy": window_plots.energy(gathered),
        "clusters": window_plots.clusters(gathered),
        "features": window_plots.features(gathered),
        "seeds": window_plots.seeds(gathered),
        "response": window_plots.response(gathered),
        "per_event": flow_plots.per_event(gathered, round(share * run.summary.get("events", 0))),
        "cutflow": flow_plots.cutflow(run.summary),
    }


def truth_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a run of the truth study."""
    import pyarrow.parquet as pq

    points = working_points.read(run.directory / WORKING_POINT)
    stored = pq.ParquetFile(run.directory / CLUSTERS)
    names = [name for name in truth_plots.REACH_FIELDS if name in stored.schema_arrow.names]
    rows = stored.read(columns=names)
    told = read_json(run.directory / GAIN)
    values = _values(run)
    name, borrowed = values["compare_to"], np.array(told["borrowed"])
    other = working_points.read(working_points.find(name)) if name else None
    held = {column: rows[column].to_numpy() for column in rows.column_names}
    pictures = {
        "thresholds": resolution_plots.thresholds(_columns(run, RESOLUTION), points, borrowed),
        "working_points": truth_plots.working_points(points, borrowed, other),
        "gain": truth_plots.gain(told),
        "extents": truth_plots.extents(held),
        "shares": truth_plots.shares(held),
    }
    if "simen_pu_frac" in held:
        pictures["pileup"] = truth_plots.pileup(held)
        for spoilt, table in LIMITED.items():
            pictures[f"{spoilt}_limits"] = resolution_plots.limits(_columns(run, table), points, spoilt)
    if (run.directory / FITS).is_file():
        particles = read_matched(run.directory / CLUSTERS, values["seed_score_min"], values["e_true"])
        pictures["fits"] = resolution_plots.fits(_columns(run, FITS), points, particles)
    return pictures


def _columns(run: AnyRun, name: str) -> dict[str, AnyArray]:
    """Return the columns of a small table."""
    import pyarrow.parquet as pq

    table = pq.read_table(run.directory / name)
    return {column: table[column].to_numpy() for column in table.column_names}


def datasets_figures(run: AnyRun) -> dict[str, figures.Picture]:
    """Return the pictures of a dataset."""
    values = _values(run)
    parts: list[Part] = []
    waits: list[float] = []
    if "parquet" in values["formats"]:
        first = next(iter(values["split"]))
        with WindowFiles(sorted((run.directory / first).glob("part-*.parquet"))) as files:
            parts = list(files.parts(dataset_plots.BALANCE_FIELDS, most=MOST))
            waits = _waits(files)
    weights = []
    if (run.directory / WEIGHTS).is_file() and parts:
        names = ("flavour", "et_seed", "seed_eta", "ncls")
        flavour, et, eta, ncls = (np.concatenate([part.window[name] for part in parts]) for name in names)
        pdg = flavour.astype(np.int64)
        weights = [balance(pdg, et, eta, ncls, values["weight_max"]).of(pdg, et, eta, ncls)]
    pictures = {"balance": dataset_plots.balance(parts, weights)}
    if (run.directory / NORMALIZATION).is_file():
        pictures["normalisation"] = dataset_plots.normalisation(read_json(run.directory / NORMALIZATION))
    return pictures | {"sizes": dataset_plots.sizes(run.summary, waits)}


def _waits(files: WindowFiles) -> list[float]:
    """Return how long it takes to read each of some windows that lie far apart, in ms."""
    waits = []
    for number in range(0, len(files), len(files) // READS + 1):
        begin = time.perf_counter()
        files.one(number)
        waits.append(1e3 * (time.perf_counter() - begin))
    return waits


def _values(run: AnyRun) -> Mapping[str, Any]:
    """Return the parameters of a run, live or read back."""
    return run.parameters.model_dump() if isinstance(run.parameters, Parameters) else run.parameters


def _telling(files: WindowFiles, gathered: window_plots.Gathered) -> Part | None:
    """Return a window that shows much: the one with the most true and other clusters."""
    if not len(gathered):
        return None
    inside = gathered.summed(gathered.cluster["in_scluster"].astype(float))
    outside = gathered.counts - inside
    return files.one(int((inside.clip(max=4) + outside.clip(max=3)).argmax()))


def draw_one(
    shown: display.Shown, selected: int | None = None, outline_energy: float | None = None
) -> figures.Picture:
    """Draw one window: clusters and labels, scores, crystals; see `display.draw_window`."""
    with figures.style("CMS"):
        picture, axes = figures.grid(1, 3, size=(19, 5.6), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        display.draw_window(axes[0, 0], shown, selected, outline_energy)
        _legend_below(axes[0])
        display.draw_scores(picture, axes[0, 1], shown)
        if shown.part.hits is not None:
            display.draw_crystals(picture, axes[0, 2], shown)
        axes[0, 1].set_title(display.heading(shown), fontsize=10)
        return picture


def _legend_below(axes: Sequence[object]) -> None:
    first = axes[0]
    first.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=9, markerscale=0.6)  # type: ignore[attr-defined]
