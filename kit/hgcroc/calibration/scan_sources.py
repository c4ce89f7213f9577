"""Where the scans of a distillation are: files, runs, chains by their name, labelled raw files."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kit import files, manifest
from kit.files import FormatError
from kit.hgcroc.calibration.labelled import RAW, raw_files, tabulate_labelled, with_label
from kit.hgcroc.calibration.tabulation import Table, tabulate
from kit.hgcroc.measurements import Scan
from kit.hgcroc.resuming import FILE

__all__ = ["ScanSources", "find_sources", "tables_of"]

STAGE = "hgcroc/acquisition"


@dataclass(frozen=True)
class ScanSources:
    """Files of scans in the order in which they were measured, and labelled raw files by folder."""

    scans: list[Path] = field(default_factory=list)
    labelled: list[list[Path]] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All files that are read."""
        return [*self.scans, *(path for group in self.labelled for path in group)]


def find_sources(names: Sequence[str]) -> ScanSources:
    """Return the scans that are named: a file, a pattern, a folder, a run, or the procedure of a run.

    Raises
    ------
    FileNotFoundError
        If a name stands for nothing.
    FormatError
        If the scans are of several boards, or a raw file has no label.
    """
    scans: list[Path] = []
    labelled: dict[Path, list[Path]] = {}
    for path in [path for name in names for path in _paths(name)]:
        if path.is_file() and path.name.endswith(RAW):
            labelled.setdefault(path.parent, []).append(with_label(path))
            continue
        below = [path] if path.is_file() else _scans_below(path)
        if below:
            scans += below
        elif raw := raw_files(path):
            labelled.setdefault(path, []).extend(raw)
        else:
            message = (
                f"{files.shown(path)}: holds no scan, should have {FILE} in it or below, or labelled raw files"
            )
            raise FileNotFoundError(message)
    scans = sorted(dict.fromkeys(scans), key=_begun)
    _refuse_several_boards(scans)
    return ScanSources(scans, [list(dict.fromkeys(group)) for group in labelled.values()])


def _scans_below(path: Path) -> list[Path]:
    return sorted([*path.glob(FILE), *path.glob(f"*/{FILE}")])


def _paths(name: str) -> list[Path]:
    """Return what a name stands for; of a pattern, in the order of their names, what belongs to scans."""
    path = files.resolve(name)
    if path.exists():
        return [path]
    if not any(sign in name for sign in "*?["):
        return [_newest_run(name)]
    found = [Path(each) for each in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
    kept = [each for each in found if each.name == FILE or each.name.endswith(RAW) or _scans_below(each)]
    if not kept:
        message = f"{files.shown(path)}: no scan fits this pattern, should be folders, files of scans or raw files"
        raise FileNotFoundError(message)
    return kept


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
        tables = [_tabulated(path, stack, min_events) for path in sources.scans]
        yield tables + [tabulate_labelled(group, min_events=min_events) for group in sources.labelled]


def _tabulated(path: Path, stack: contextlib.ExitStack, min_events: int) -> Table:
    try:
        return tabulate(stack.enter_context(Scan.open(path)), min_events=min_events)
    except OSError as fault:
        message = f"{files.shown(path)}: cannot be read to its end ({fault}); leave it out, or measure it again"
        raise FormatError(message) from None
