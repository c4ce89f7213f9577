"""HTCondor's job event log (user log): what happened to the jobs of one submission, read as it grows.

An event begins with a number, the job and a time, and ends with a line ``...``. What is read is remembered by its
byte offset; an event whose end is not there yet is left for the next look. The pool of this computer writes the
same form, so that one reader serves both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["EventLog", "Job"]

END = b"\n...\n"
PIECE = 1 << 22  # bytes read at once
LIVING = ("idle", "running", "held")
HOLD_CODES = re.compile(rb"Code (\d+) Subcode (\d+)")
PROGRESS = re.compile(rb"progress (\S+) (\d+)/(\d+)(?: (\d+))?")
ALIAS = re.compile(rb"alias=([^&>]+)")


@dataclass(slots=True)
class Job:
    """One job, as far as the log tells.

    Attributes
    ----------
    state : str
        ``idle``, ``running``, ``held``, ``done``, ``failed`` or ``removed``.
    note : str
        What the submission noted about it: its chunk, or the name of its node in a DAG.
    starts, holds : int
        How often it began to run, how often it was held.
    exit, signal : int or None
        How its program ended.
    code, subcode : int
        Why it is held; `reason` has the pool's words, also for a removal.
    request_mb, peak_mb : int
        Memory of its slot and most memory seen.
    done, total, wrong : int
        Points finished, of all, and not good, as the job itself said.
    submitted, started, ended : str
        Times as the log has them.
    moving : str
        ``in`` or ``out`` while files are transferred.
    """

    state: str = "idle"
    note: str = ""
    starts: int = 0
    holds: int = 0
    exit: int | None = None
    signal: int | None = None
    code: int = 0
    subcode: int = 0
    reason: str = ""
    slot: str = ""
    request_mb: int = 0
    peak_mb: int = 0
    done: int = 0
    total: int = 0
    wrong: int = 0
    submitted: str = ""
    started: str = ""
    ended: str = ""
    moving: str = ""

    @property
    def alive(self) -> bool:
        """Whether it may still do something."""
        return self.state in LIVING


class EventLog:
    """The jobs that one event log tells about.

    Parameters
    ----------
    path : Path
        The log; it may not be there yet.
    cluster : int or None
        The only cluster that counts; None takes all, as in a DAG.
    """

    def __init__(self, path: Path, cluster: int | None = None) -> None:
        self.path = path
        self.cluster = cluster
        self.offset = 0
        self.jobs: dict[tuple[int, int], Job] = {}
        self.schedd = ""

    def read(self) -> bool:
        """Read what has been added, and tell whether there was anything."""
        try:
            # opened at each look: a descriptor kept open would not see what AFS brings
            stream = self.path.open("rb")
        except FileNotFoundError:
            return False
        with stream:
            if stream.seek(0, 2) < self.offset:
                self.offset, self.jobs = 0, {}
            before = self.offset
            stream.seek(self.offset)
            for event in self._whole_events(stream):
                self._take(event)
        return self.offset != before

    def remembered(self) -> dict[str, Any]:
        """Return what is needed to go on from here another time."""
        jobs = [[*key, *astuple(job)] for key, job in self.jobs.items()]
        return {"offset": self.offset, "schedd": self.schedd, "jobs": jobs}

    def recall(self, memory: dict[str, Any]) -> None:
        """Go on from what was remembered."""
        self.offset, self.schedd = memory["offset"], memory["schedd"]
        self.jobs = {(cluster, process): Job(*fields) for cluster, process, *fields in memory["jobs"]}

    def _whole_events(self, stream: BinaryIO) -> Iterator[bytes]:
        rest = b""
        while piece := stream.read(PIECE):
            *whole, rest = (rest + piece).split(END)
            for event in whole:
                self.offset += len(event) + len(END)
                yield event

    def _take(self, event: bytes) -> None:
        """Let one event change the job that it is about; unknown ones, and the cluster's own, change nothing."""
        change = CHANGES.get(event[:3])
        close = event.find(b")", 0, 64)
        if change is None or close < 0:
            return
        try:
            cluster, process = map(int, event[5:close].split(b".")[:2])
        except ValueError:
            return
        if process < 0 or (self.cluster is not None and cluster != self.cluster):
            return
        if (job := self.jobs.get((cluster, process))) is None:
            job = self.jobs[cluster, process] = Job()
        if not self.schedd and event.startswith(b"000") and (alias := ALIAS.search(event)):
            self.schedd = alias[1].decode(errors="replace")
        change(job, event, event[close + 2 : close + 21].decode(errors="replace"))


def _submitted(job: Job, event: bytes, when: str) -> None:
    note = _line(event, 1)
    job.submitted, job.note = when, note.removeprefix("chunk ").removeprefix("DAG Node: ").strip()


def _executing(job: Job, event: bytes, when: str) -> None:
    job.state, job.started, job.moving = "running", when, ""
    job.starts += 1
    job.done = job.total = job.wrong = 0
    for line in event.split(b"\n")[1:]:
        name, _, value = line.strip().replace(b"=", b":").partition(b":")
        if name.strip() == b"SlotName":
            job.slot = value.strip().decode(errors="replace")
        elif name.strip() == b"Memory":
            job.request_mb = int(float(value))


def _evicted(job: Job, _event: bytes, _when: str) -> None:
    # its text may say "Normal termination": requeued by max_retries, which is not an end
    job.state, job.moving = "idle", ""


def _ended(job: Job, event: bytes, when: str) -> None:
    job.ended, job.moving = when, ""
    if found := re.search(rb"return value (-?\d+)", event):
        job.exit = int(found[1])
    elif found := re.search(rb"signal (\d+)", event):
        job.signal = int(found[1])
    job.state = "done" if job.exit == 0 else "failed"


def _grown(job: Job, event: bytes, _when: str) -> None:
    if found := re.search(rb"(\d+)  -  MemoryUsage", event):
        job.peak_mb = max(job.peak_mb, int(found[1]))


def _told(job: Job, event: bytes, _when: str) -> None:
    if found := PROGRESS.search(event):
        job.done, job.total, job.wrong = int(found[2]), int(found[3]), int(found[4] or 0)


def _removed(job: Job, event: bytes, when: str) -> None:
    if job.state != "held":  # the reason of the hold says more than who removed it
        job.reason = _line(event, 1)
    job.state, job.ended, job.moving = "removed", when, ""


def _held(job: Job, event: bytes, _when: str) -> None:
    job.state, job.reason, job.moving = "held", _line(event, 1), ""
    job.holds += 1
    # the event 021 before it may show another code: a missing output is 13 there, 12 here
    found = HOLD_CODES.search(event)
    job.code, job.subcode = (int(found[1]), int(found[2])) if found else (0, 0)


def _released(job: Job, _event: bytes, _when: str) -> None:
    job.state, job.code, job.subcode, job.reason = "idle", 0, 0, ""


def _resumed(job: Job, _event: bytes, _when: str) -> None:
    job.state = "running"


def _transferring(job: Job, event: bytes, _when: str) -> None:
    started, output = b"Started" in event, b"output" in event
    job.moving = ("out" if output else "in") if started else ""


CHANGES: dict[bytes, Callable[[Job, bytes, str], None]] = {
    b"000": _submitted,
    b"001": _executing,
    b"004": _evicted,
    b"005": _ended,
    b"006": _grown,
    b"008": _told,
    b"009": _removed,
    b"011": _resumed,
    b"012": _held,
    b"013": _released,
    b"023": _resumed,
    b"024": _evicted,
    b"040": _transferring,
}


def _line(event: bytes, number: int) -> str:
    lines = event.split(b"\n", number + 1)
    return lines[number].strip().decode(errors="replace") if len(lines) > number else ""
