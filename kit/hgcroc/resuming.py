"""Which scan goes on: the newest one of the same hash, if it is not complete."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from kit import files
from kit.directories import is_held
from kit.files import FormatError
from kit.hgcroc.marks import Status
from kit.hgcroc.measurements import Scan

__all__ = ["FILE", "adopt", "is_complete", "newest_unfinished", "runs_of", "set_aside"]

FILE = "scan.h5"


def is_readable(path: Path) -> bool:
    """Tell whether a file is a scan, whole as far as can be seen."""
    try:
        Scan.open(path).close()
    except (FormatError, OSError, KeyError):
        return False
    return True


def is_complete(path: Path) -> bool:
    """Tell whether every point of a scan has been measured; a file that cannot be read is not complete."""
    try:
        with Scan.open(path) as scan:
            return bool(np.isin(scan.point_column("status"), (Status.GOOD, Status.FLAGGED)).all())
    except (FormatError, OSError, KeyError):
        return False


def runs_of(path: Path) -> int:
    """Return how many runs the points of a scan have taken so far, 0 where there is none.

    Of a point whose data are not all on the disk nothing counts: it is measured again, as if for the first time.
    """
    if not path.is_file():
        return 0
    with Scan.open(path) as scan:
        there = scan.point_column("status") != Status.PENDING
        return int(scan.point_column("tries")[there].sum())


def newest_unfinished(name: str, runs: Path, own: Path) -> Path | None:
    """Return the folder of the newest scan of this name, if it may be gone on with.

    Parameters
    ----------
    name : str
        Procedure and hash.
    runs : Path
        The folder with the directories of runs.
    own : Path
        The directory of the run that asks.
    """
    found = [path.parent for path in runs.glob(f"*/{name}/{FILE}") if path.parent.parent != own]
    if not found:
        return None
    newest = max(found, key=lambda folder: (folder / FILE).stat().st_mtime_ns)
    if is_held(newest.parent) or not is_readable(newest / FILE) or is_complete(newest / FILE):
        return None
    return newest


def adopt(name: str, directory: Path) -> tuple[Path, Path | None]:
    """Return the folder of a scan in a run's directory, and where it was begun if that was elsewhere.

    What was measured there is copied: the earlier run stays as it is.
    """
    folder = directory / name
    if (folder / FILE).is_file():
        return folder, None
    earlier = newest_unfinished(name, files.resolve("outputs/hgcroc/acquisition"), directory)
    if earlier is None:
        return folder, None
    folder.mkdir(parents=True, exist_ok=True)
    for path in (earlier / "raw").glob("[!.]*"):
        with files.whole(folder / "raw" / path.name) as part:
            shutil.copyfile(path, part)
    with files.whole(folder / FILE) as part:
        shutil.copyfile(earlier / FILE, part)
    return folder, earlier


def set_aside(folder: Path) -> Path | None:
    """Give the unfinished scan of a folder another name, and return it; None where there is none."""
    path = folder / FILE
    if not path.is_file():
        return None
    number = next(k for k in range(1, 10_000) if not (folder / f"scan_abandoned_{k}.h5").exists())
    return path.rename(folder / f"scan_abandoned_{number}.h5")
