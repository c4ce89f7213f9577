"""Which runs there are below a folder, and how each of them stands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kit import files, manifest
from kit.directories import is_held
from kit.manifest import FinishedRun

__all__ = ["POINTS", "STATES", "FoundRun", "chosen", "damaged_below", "folder_bytes", "runs_below", "sorted_by"]

POINTS = "points.jsonl"  # what a batch run has beside its manifest
STATES = ("complete", "failed", "stopped", "running")


@dataclass(frozen=True)
class FoundRun:
    """A run as it stands now; ``stopped`` is one that says running and that nobody writes."""

    run: FinishedRun
    state: str

    @property
    def directory(self) -> Path:
        """Where it lies."""
        return self.run.directory

    @property
    def started(self) -> str:
        """When it began, as its manifest says it (UTC); empty where it does not."""
        return str(self.run.manifest.get("started") or "")

    @property
    def seconds(self) -> float:
        """How long it took, in seconds; of a batch run from submission to merge; 0 where it has not ended."""
        about = self.run.manifest
        if self.is_batch and self.run.state != "running" and about.get("started") and about.get("ended"):
            begun, ended = (datetime.fromisoformat(str(about[name])) for name in ("started", "ended"))
            return max(0.0, (ended - begun).total_seconds())
        return float(about.get("seconds") or 0.0)

    @property
    def is_batch(self) -> bool:
        """Whether it is a run of many points."""
        return (self.directory / POINTS).is_file()

    def value(self, name: str) -> Any:
        """Return a number of its summary, or else a parameter, by name; None where it has neither."""
        return self.run.summary.get(name, self.run.parameters.get(name))


def runs_below(folder: Path) -> list[FoundRun]:
    """Return the runs below `folder`, and `folder` itself where it is one, in order of their paths.

    The points of a batch run belong to it and are not listed. Directories with a damaged manifest are left
    out; `damaged_below` names them.
    """
    return [found for _, found in _seen(folder) if isinstance(found, FoundRun)]


def damaged_below(folder: Path) -> list[str]:
    """Return a sentence for each manifest below `folder` that cannot be read."""
    return [found for _, found in _seen(folder) if isinstance(found, str)]


def _seen(folder: Path) -> Iterator[tuple[Path, FoundRun | str]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if manifest.MANIFEST not in names:
            continue
        folders.clear()  # what lies below belongs to this run
        try:
            run = manifest.load(place)
        except files.FormatError as fault:
            yield Path(place), str(fault)
        else:
            yield Path(place), FoundRun(run, _state_now(run))


def _state_now(run: FinishedRun) -> str:
    if run.state != "running":
        return run.state
    if (run.directory / POINTS).is_file():  # its jobs are elsewhere, nobody here holds it
        return "stopped" if _has_no_jobs(run.directory) else "running"
    return run.state if is_held(run.directory) else "stopped"


def _has_no_jobs(directory: Path) -> bool:
    """Tell whether nothing comes to a batch run any more; one that cannot be looked at from here may live."""
    from kit.batch.faults import SubmissionError
    from kit.batch.rounds import batch_run
    from kit.batch.sending import INTENT
    from kit.batch.spooled import is_at_schedd
    from kit.batch.status import Status

    try:
        rounds = batch_run(directory).rounds
        unclear = [one for one in rounds if one.submitted is None and (one.directory / INTENT).is_file()]
        if not rounds or unclear or any(map(is_at_schedd, rounds)):
            return False
        status = Status(batch_run(directory))
        status.recall()
        status.read()
    except (SubmissionError, OSError, ValueError, KeyError):
        return False
    return not status.alive


def chosen(
    runs: Sequence[FoundRun],
    stage: str = "",
    states: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
    before: datetime | None = None,
    since: datetime | None = None,
) -> list[FoundRun]:
    """Return those of `runs` for which everything that is asked for holds.

    Parameters
    ----------
    runs : sequence of FoundRun
        What to choose from.
    stage : str
        A system or SYSTEM/STAGE; all where empty.
    states : sequence of str
        Of `STATES`; all where empty.
    values : mapping, optional
        Parameters or numbers of the summary, and what they should be.
    before, since : datetime, optional
        Begun before, or not before; with a time zone.
    """
    return [
        found
        for found in runs
        if (not stage or found.run.stage == stage or found.run.stage.startswith(f"{stage}/"))
        and (not states or found.state in states)
        and all(found.value(name) == value for name, value in (values or {}).items())
        and _within(found, before, since)
    ]


def _within(found: FoundRun, before: datetime | None, since: datetime | None) -> bool:
    if before is None and since is None:
        return True
    if not found.started:
        return False
    begun = datetime.fromisoformat(found.started)
    return (before is None or begun < before) and (since is None or begun >= since)


def sorted_by(runs: Sequence[FoundRun], key: str) -> list[FoundRun]:
    """Return `runs` by ``path``, ``stage``, ``started``, ``seconds``, ``state``, or any number that they have.

    Those without the number come last.
    """
    if key == "path":
        return sorted(runs, key=lambda found: found.directory)
    if key == "stage":
        return sorted(runs, key=lambda found: (found.run.stage, found.started))
    if key in ("started", "seconds", "state"):
        return sorted(runs, key=lambda found: getattr(found, key))
    having = [found for found in runs if isinstance(found.value(key), int | float)]
    return sorted(having, key=lambda found: found.value(key)) + [found for found in runs if found not in having]


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files below `folder`."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            total += os.lstat(Path(place) / name).st_size
    return total
