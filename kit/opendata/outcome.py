"""What a stage says of files that failed or lack something, and when that makes the run fail."""

from __future__ import annotations

from kit.files import shown
from kit.opendata.portions import Result
from kit.opendata.schemas import OBJECT_NAMES
from kit.opendata.selection import Selection
from kit.run import Run, RunError

__all__ = ["notice_faults", "refuse_failures"]


def refuse_failures(result: Result, allowed: float, run: Run) -> None:
    """Raise a RunError that names all faults if more than the share `allowed` of the files have failed."""
    if len(result.failed) > allowed * len(result.files):
        failed, files = len(result.failed), len(result.files)
        head = f"{failed} of {files} files failed, {allowed:g} of them may; what is done is kept:"
        tail = f"to try again what failed, run with the same parameters and output {shown(run.directory)}"
        message = "\n  ".join([head, *result.failed.values(), tail])
        raise RunError(message)


def notice_faults(result: Result, p: Selection, run: Run, bad_objects: str) -> None:
    """Say aloud what a user should not overlook: types that files lack, files left out, bad objects, no work."""
    for (letter, reason), paths in result.lacking().items():
        which = paths[0] if len(paths) == 1 else f"{len(paths)} files, the first is {paths[0]}"
        run.notice(f"{OBJECT_NAMES[letter]} count as absent in {which}: {reason}")
    for path, reason in result.failed.items():
        run.notice(f"left out: {reason}" if path in reason else f"left out: {path}: {reason}")
    if bad_objects:
        run.notice(bad_objects)
    if not result.files:
        run.notice(f"job {p.job} of {p.jobs} has nothing to do: there are fewer files and pieces than jobs")
