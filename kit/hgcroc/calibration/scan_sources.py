"""Where the scans of a distillation are: files, runs, chains by their name, labelled raw files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kit import files, manifest
from kit.files import FormatError
from kit.hgcroc.calibration.labelled import raw_files, tabulate_labelled
from kit.hgcroc.calibration.tabulation import Table, tabulate
from kit.hgcroc.measurements import Scan
from kit.hgcroc.resuming import FILE

__all__ = ["ScanSources", "find_sources", "tables_of"]

STAGE = "hgcroc/acquisition"


@dataclass(frozen=True)
class ScanSources:
    """Files of scans in the order in which they were measured, and folders of labelled raw files."""

    scans: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All files that are read."""
        return [*self.scans, *(path for folder in self.folders for path in raw_files(folder))]


def find_sources(names: Sequence[str]) -> ScanSources:
    """Return the scans that are named: a file, a folder, a run, or the procedure of a run.

    Raises
    ------
    FileNotFoundError
        If a name stands for nothing.
    FormatError
        If the scans are of several boards.
    """
    scans: list[Path] = []
    folders: list[Path] = []
    for name in names:
        path = files.resolve(name)
        if not path.exists():
            path = _newest_run(name)
        below = [path] if path.is_file() else sorted([*path.glob(FILE), *path.glob(f"*/{FILE}")])
        if below:
            scans += below
        elif raw_files(path):
            folders.append(path)
        else:
            message = (
                f"{files.shown(path)}: holds no scan, should have {FILE} in it or below, or labelled raw files"
            )
            raise FileNotFoundError(message)
    scans = sorted(dict.fromkeys(scans), key=_begun)
    _refuse_several_boards(scans)
    return ScanSources(scans, folders)


def _newest_run(name: str) -> Path:
    """Return the newest complete run of a procedure or workflow of this name."""
    runs = files.resolve(f"outputs/{STAGE}")
    for record in sorted(runs.glob(f"*/{manifest.MANIFEST}"), key=lambda path: -path.stat().st_mtime_ns):
        run = manifest.load(record.parent)
        if run.state == "complete" and run.parameters.get("procedure") == name:
            return run.directory
    message = f"{name}: is no file or folder, and no complete run below {files.shown(runs)} has this procedure"
    raise FileNotFoundError(message)


def _begun(path: Path) -> float:
    with Scan.open(path) as scan:
        times = scan.point_column("time")
    return float(times[times > 0].min()) if (times > 0).any() else path.stat().st_mtime


def _refuse_several_boards(scans: Sequence[Path]) -> None:
    boards: dict[str, Path] = {}
    for path in scans:
        with Scan.open(path) as scan:
            boards.setdefault(f"{scan.about['board']} {scan.about.get('board_id', '')}".strip(), path)
    if len(boards) > 1:
        told = "; ".join(f"{files.shown(path)} is of {board}" for board, path in boards.items())
        message = f"scans of {len(boards)} boards cannot be distilled together: {told}"
        raise FormatError(message)


@contextlib.contextmanager
def tables_of(sources: ScanSources, *, min_events: int) -> Iterator[list[Table]]:
    """Yield the tables of all scans; their files are open as long as the block lasts."""
    with contextlib.ExitStack() as stack:
        tables = [tabulate(stack.enter_context(Scan.open(path)), min_events=min_events) for path in sources.scans]
        yield tables + [tabulate_labelled(raw_files(each), min_events=min_events) for each in sources.folders]
