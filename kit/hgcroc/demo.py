"""Demos: an emulated board and the procedures that come with the kit; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import kit
from kit import files
from kit.hgcroc.acquisition import AcquisitionParameters, acquire
from kit.hgcroc.demo_board import DEMO, FAULTS, FOLDER, QUICK, WORKFLOW
from kit.parameters import Parameters
from kit.run import Run, load

__all__ = ["PROCEDURES", "prepare"]

PROCEDURES = "parameters/hgcroc/procedures/main.yaml"


def prepare(p: Parameters) -> Path:
    """Make what the demo of a stage needs, where it is not there: the main file of procedures, or measured scans.

    The file that the defaults name comes with the project; where a project of somebody else has none, it is copied
    from there.

    Returns
    -------
    Path
        The main file, or the folder of the scans; of scans of somebody's own the first, untouched.

    Raises
    ------
    FileNotFoundError
        If another file is named and is not there.
    """
    if (scans := getattr(p, "scans", None)) is not None:
        return _scans() if DEMO in scans else files.resolve(scans[0])
    return _procedures(str(getattr(p, "config", PROCEDURES)))


def _procedures(config: str) -> Path:
    path = files.resolve(config)
    if path.is_file():
        return path
    source = Path(kit.__file__).parents[1] / PROCEDURES
    if path.name not in {entry.name for entry in source.parent.glob("*.yaml")} or config not in (
        PROCEDURES,
        QUICK,
    ):
        message = f"there is no {files.shown(path)}, the main file of procedures"
        raise FileNotFoundError(message)
    for entry in source.parent.glob("*.yaml"):
        with files.whole(path.parent / entry.name) as part:
            part.write_bytes(entry.read_bytes())
    return path


def _scans() -> Path:
    """Measure the quick set of scans on an emulated board; what was interrupted goes on."""
    folder = files.resolve(FOLDER)
    if (folder / "manifest.json").is_file() and load(folder).state == "complete":
        return folder
    _procedures(QUICK)
    values = {"config": QUICK, "procedure": WORKFLOW, "fault": FAULTS, "output": str(folder), "interactive": False}
    p = AcquisitionParameters.build({**values, "order": "minimal", "board_id": "demo"})
    with Run("hgcroc/acquisition", p) as run:
        run.summary = acquire(p, run)
    return folder
