"""Why a job is held or was removed, in plain words, and what to do; the pool's own text follows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kit.batch.events import Job

__all__ = ["Reason", "explain", "grouped", "is_environment", "is_memory", "is_wall_time", "named_file"]

MEMORY = ((34, None), (21, 102))
NAMED = re.compile(
    r"(?:reading from file|writing to file|execute|executing|open(?:ing)?(?: file)?) '?\"?(/[^\s:'\"]+)"
)
WORDS: dict[int, tuple[str, str]] = {
    1: ("held by {user}", "`kit release`"),
    3: ("the job's own rule held it", ""),
    4: ("the credential was refused", "run kinit, then release"),
    5: ("the job's own rule held it", ""),
    6: (
        "the program cannot be started on the node{file}",
        "look at its interpreter line, the architecture and the container",
    ),
    7: ("stdout cannot be opened{file}", "the directory is missing, or there is no token for AFS"),
    8: ("stdin cannot be opened{file}", "the directory is missing, or there is no token for AFS"),
    9: ("stderr cannot be opened{file}", "the directory is missing, or there is no token for AFS"),
    10: ("a file of the job cannot be opened{file}", "the directory is missing, or there is no token for AFS"),
    12: (
        "a result could not be brought back{file}",
        "quota or permission of the destination; or the worker never started: see its .err",
    ),
    13: (
        "an input file could not be sent{file}",
        "the file is missing or unreadable where the jobs were submitted",
    ),
    14: (
        "the submit directory cannot be reached",
        "this schedd may not see this file system: choose the other one",
    ),
    16: ("its input is being spooled", "wait"),
    18: ("a transfer was refused", "run kinit, then release"),
    22: ("the event log was refused", "run kinit, then release"),
    26: ("a rule of the site held it", "at CERN what is held longer than 24 h is removed"),
    27: ("a rule of the site held it", "at CERN what is held longer than 24 h is removed"),
    46: ("ran longer than allowed", "take shorter chunks or more time; `kit resume` does"),
    47: ("ran longer than allowed", "take shorter chunks or more time; `kit resume` does"),
}


@dataclass(frozen=True)
class Reason:
    """What happened, what to do, and what the pool itself says."""

    words: str
    advice: str
    text: str


def is_memory(job: Job) -> bool:
    """Tell whether a job was held for its memory: 34 with control groups, 21.102 by policy."""
    return any(job.code == code and subcode in (None, job.subcode) for code, subcode in MEMORY)


def is_wall_time(job: Job) -> bool:
    """Tell whether a job was ended for its time."""
    return job.code in (46, 47) or (job.state == "removed" and "wall time" in job.reason.lower())


def is_environment(job: Job) -> bool:
    """Tell whether a job cannot run before a file or a program is there."""
    return job.code in (6, 7, 8, 9, 10, 13, 14)


def named_file(job: Job) -> str:
    """Return the file that the pool's text names; empty where it names none."""
    found = NAMED.search(job.reason)
    return found[1] if found else ""


def explain(job: Job, largest_mb: int = 0) -> Reason:
    """Return in words why a job is held, was removed, or failed.

    Parameters
    ----------
    job : Job
        Held, removed or failed.
    largest_mb : int
        The most memory that it may be given, for the advice.
    """
    if is_memory(job):
        words = f"used more memory than requested (peak {job.peak_mb} MB, request {job.request_mb} MB)"
        limit = f" up to {largest_mb} MB" if largest_mb else ""
        return Reason(words, f"goes on by itself{limit}; then `kit resume` asks for more", job.reason)
    if job.code in WORDS:
        words, advice = WORDS[job.code]
        file = f": {named}" if (named := named_file(job)) else ""
        user = found[1] if (found := re.search(r"by user (\S+?)\)?$", job.reason)) else "its user"
        return Reason(words.format(file=file, user=user), advice, job.reason)
    if job.state == "removed":
        if is_wall_time(job):
            return Reason("removed: over the time of its flavour", "`kit resume` takes shorter jobs", job.reason)
        return Reason("removed", "`kit resume` sends its points again", job.reason)
    if job.state == "failed":
        manner = f"signal {job.signal}" if job.signal else f"exit status {job.exit}"
        return Reason(f"its worker ended with {manner}", "see its .err; `kit resume` sends its points again", "")
    return Reason(f"held with code {job.code}.{job.subcode}", "the pool's text says why", job.reason)


def grouped(jobs: Iterable[tuple[str, Job]], largest_mb: int = 0) -> list[tuple[Reason, int, str]]:
    """Return the reasons of all jobs that need one, with how many they hold and the first of these.

    Parameters
    ----------
    jobs : iterable of (str, Job)
        Chunks by name with their jobs.
    """
    found: dict[str, list[tuple[str, Reason]]] = {}
    for name, job in jobs:
        if job.state in ("held", "removed", "failed"):
            reason = explain(job, largest_mb)
            kind = re.sub(r"\d+ MB|: /\S+", "", reason.words)
            found.setdefault(kind, []).append((name, reason))
    groups = [(members[0][1], len(members), members[0][0]) for members in found.values()]
    return sorted(groups, key=lambda group: -group[1])
