"""What stands behind the windows that are looked at: the run they come from, as parameters of another such run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit import files, manifest
from kit.ecal.datasets import DatasetParameters
from kit.ecal.windows import WindowParameters
from kit.ecal.working_points import NAME, table
from kit.manifest import FinishedRun
from kit.parameters import Parameters

__all__ = ["Source", "source_of"]

MODELS: dict[str, type[Parameters]] = {"ecal/windows": WindowParameters, "ecal/datasets": DatasetParameters}
DEEPEST = 3  # folders from a file of windows up to its run: of a dataset it lies in a part
EDGES = np.array([0.0, 1.0])  # GeV, and |η|; a table goes on beyond its edges


@dataclass(frozen=True)
class Source:
    """Where windows come from.

    Attributes
    ----------
    path : path or None
        Their first file; None where there is none.
    run : FinishedRun or None
        The run it is in.
    """

    path: Path | None
    run: FinishedRun | None

    @property
    def stage(self) -> str:
        """The stage of the run, system and stage; that of windows where there is none."""
        return self.run.stage if self.run else "ecal/windows"

    def parameters(self, threshold: float | None, folder: str) -> Parameters:
        """Return the parameters of a run that labels the windows by a common working point.

        Parameters
        ----------
        threshold : float or None
            The working point, which is written as a table of its own; None keeps that of the run. A dataset takes
            the labels of its windows, so that there it changes nothing.
        folder : str
            Where the table is written.

        Raises
        ------
        ParameterError
            If the run is of another version, whose parameters are not known any more.
        ValueError
            If the windows are in no run.
        """
        if self.run is None:
            what = files.shown(self.path) if self.path else "a panel without files"
            message = f"{what} is in no run: there are no parameters to take"
            raise ValueError(message)
        values = self.run.parameters | {"output": "", "interactive": True}
        if threshold is not None and "working_point" in values:
            values["working_point"] = _write_table(threshold, folder)
        return MODELS[self.run.stage].build(values, files.shown(self.run.directory))


def source_of(paths: Sequence[Path | str]) -> Source:
    """Return where the first of `paths` comes from."""
    if not paths:
        return Source(None, None)
    path = files.resolve(paths[0])
    for folder in list(path.parents)[:DEEPEST]:
        if (folder / manifest.MANIFEST).is_file():
            run = manifest.load(folder)
            return Source(path, run if run.stage in MODELS else None)
    return Source(path, None)


def _write_table(threshold: float, folder: str) -> str:
    """Write the working point of every seed alike, and return the file's path."""
    place = files.resolve(folder) / f"working_point_{threshold:g}.json"
    words = f"score {threshold:g} for every seed"
    files.write_json(place, table(NAME, words, EDGES, EDGES, np.array([[threshold]])))
    return files.shown(place)
