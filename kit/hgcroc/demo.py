"""The demo of the acquisition: an emulated board and the scans that come with the kit; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import kit
from kit import files
from kit.hgcroc.options import AcquisitionParameters

__all__ = ["PROCEDURES", "prepare"]

PROCEDURES = "parameters/hgcroc/procedures/main.yaml"


def prepare(p: AcquisitionParameters) -> Path:
    """Return the main file of the procedures.

    The one that the defaults name comes with the project; where a project of somebody else has none, it is copied
    from there.

    Raises
    ------
    FileNotFoundError
        If another file is named and is not there.
    """
    path = files.resolve(p.config)
    if path.is_file():
        return path
    source = Path(kit.__file__).parents[1] / PROCEDURES
    if p.config != PROCEDURES or not source.is_file():
        message = f"there is no {files.shown(path)}, the main file of procedures"
        raise FileNotFoundError(message)
    for entry in source.parent.glob("*.yaml"):
        with files.whole(path.parent / entry.name) as part:
            part.write_bytes(entry.read_bytes())
    return path
