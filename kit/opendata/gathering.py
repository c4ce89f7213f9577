"""Which results of the masses stage an input stands for: one run, all points of a batch run, the demo."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kit.directories import one_at_a_time
from kit.files import FormatError, locate, resolve, shown
from kit.manifest import MANIFEST
from kit.opendata import demo
from kit.opendata.massarrays import read_arrays
from kit.opendata.massfile import MassFile, read_masses
from kit.opendata.merging import first_of_each
from kit.run import FinishedRun, Run, RunError, complete_below, load

FloatArray = npt.NDArray[np.float64]

STAGE = "opendata/masses"
MASSES = "masses.parquet"
MASS_ARRAYS = "mass_arrays.parquet"
DEMO = "demo"
DEMO_RUN = "outputs/demo/opendata/masses"


@dataclass(frozen=True)
class Gathered:
    """The results to be added, each once.

    `expected` is how many there should be, as far as batch runs tell, else None.
    """

    results: list[MassFile]
    expected: int | None


def gather(inputs: Iterable[str]) -> Gathered:
    """Open the results that inputs stand for.

    Parameters
    ----------
    inputs : iterable of str
        Directories of runs or of whole batch runs, patterns of them, or `demo`.

    Raises
    ------
    FileNotFoundError
        If there is no such directory.
    RunError
        If one holds no complete run of the masses stage.
    FormatError
        If what a run has written is damaged, or of another version.
    """
    folders = [Path(path) for path in locate(_with_demo(inputs))]
    runs = {run.directory.resolve(): run for folder in folders for run in _runs(folder)}
    points = [_points(folder) for folder in folders]
    return Gathered(
        results=[read_masses(run.directory / MASSES) for run in runs.values()],
        expected=sum(points) if points and all(points) else None,
    )


def _with_demo(inputs: Iterable[str]) -> list[str]:
    return [str(demo_run()) if name == DEMO else name for name in inputs]


def _runs(folder: Path) -> list[FinishedRun]:
    """Return the complete runs of the masses stage in a directory, or in that of the file named."""
    directory = folder.parent if folder.name == MASSES else folder
    runs = [run for run in complete_below(directory) if run.stage == STAGE]
    if not runs:
        raise RunError(_no_run_in(directory))
    return runs


def _no_run_in(directory: Path) -> str:
    """Return in words what a directory is that holds no complete run of masses."""
    batch = (directory / "points.jsonl").is_file()
    if not batch and (directory / MANIFEST).is_file() and (found := load(directory)).stage != STAGE:
        return f"{shown(directory)} is a run of {found.stage}, should be one of {STAGE}"
    message = f"{shown(directory)} holds no complete run of {STAGE}"
    if others := sorted({run.stage for run in complete_below(directory)}):
        return f"{message}; it holds runs of {', '.join(others)}"
    if batch:
        return f"{message}; kit collect unpacks those of a batch run"
    return f"{message}; it is {load(directory).state}" if (directory / MANIFEST).is_file() else message


def _points(folder: Path) -> int:
    """Return how many points a batch run has; 0 where the directory is none."""
    path = folder / "points.jsonl"
    return (
        sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip()) if path.is_file() else 0
    )


def demo_run() -> Path:
    """Return the directory of a run of masses on demo events; make the run where it does not exist."""
    # by name: stages do not import each other
    masses = importlib.import_module("kit.opendata.masses")
    p = masses.MassParameters(output=DEMO_RUN, interactive=False, keep_masses=True)
    directory = resolve(DEMO_RUN)
    with one_at_a_time(directory.parent):
        if (directory / MANIFEST).is_file():
            earlier = load(directory)
            read = [Path(entry["path"]).name for entry in earlier.manifest.get("inputs", [])]
            if earlier.state == "complete" and read != [path.name for path in demo.demo_paths()]:
                shutil.rmtree(directory)  # an earlier version of the kit has made the events
            elif earlier.parameters != p.model_dump():
                shutil.rmtree(directory)  # an earlier version of the kit has made it
            elif earlier.state == "complete":
                return directory
        demo.prepare(p)
        with Run(STAGE, p) as run:
            run.summary = masses.make_masses(p, run)
    return directory


def pooled_masses(
    results: Sequence[MassFile], wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[FloatArray]]:
    """Return all masses of the wanted pairs of final state and combination, each piece once.

    Returns
    -------
    dict
        For each pair one array for each input file, in GeV and in the order of the file.

    Raises
    ------
    RunError
        If a run has not kept its masses.
    """
    parts: dict[tuple[str, str], dict[tuple[str, int, int], list[FloatArray]]] = {pair: {} for pair in wanted}
    for result, pieces in zip(results, first_of_each(results), strict=True):
        arrays = Path(result.path).with_name(MASS_ARRAYS)
        if not arrays.is_file():
            message = (
                f"{shown(arrays.parent)} has no {MASS_ARRAYS}: run masses with keep_masses, or set grid to aligned"
            )
            raise RunError(message)
        counted = {piece.key for piece in pieces}
        for number, state, combination, masses in read_arrays(arrays):
            if not 0 <= number < len(result.pieces):
                held = len(result.pieces)
                message = (
                    f"{shown(arrays)}: has a piece {number}, {MASSES} beside it has {held}; made by two runs?"
                )
                raise FormatError(message)
            piece = result.pieces[number]
            if piece.key in counted and (state, combination) in parts:
                parts[state, combination].setdefault(piece.identity, []).append(masses)
    return {pair: [np.concatenate(some) for some in files.values()] for pair, files in parts.items()}
