"""Rounds that were sent whole to the schedd: their log stays there, too, so the queue is asked once in a while.

Everything is fetched when the last job has ended, and only then do the jobs leave the queue.
"""

from __future__ import annotations

import time
from typing import Any

from kit import files
from kit.batch import condor, sending
from kit.batch.condor import CondorError
from kit.batch.events import EventLog, Job
from kit.batch.rounds import Round
from kit.manifest import now

__all__ = ["is_at_schedd", "refresh"]

INTERVAL = 10.0  # s between two questions
STATES = {
    1: "idle",
    2: "running",
    3: "removed",
    4: "done",
    5: "held",
    6: "running",
    7: "running",
}  # HTCondor's numbers
ATTRIBUTES = (
    "ProcId",
    "JobStatus",
    "HoldReason",
    "HoldReasonCode",
    "HoldReasonSubCode",
    "NumJobStarts",
    "ExitCode",
)
_asked: dict[str, float] = {}


def is_at_schedd(round_: Round) -> bool:
    """Tell whether the files of a round are still at its schedd."""
    about = round_.submitted or {}
    return bool(about.get("spool")) and "cluster" in about and "fetched" not in about and "removed" not in about


def refresh(round_: Round, log: EventLog) -> str:
    """Bring the jobs in `log` up to date, or fetch everything when the last has ended; return what went wrong.

    A queue that does not answer changes nothing.
    """
    key = str(round_.directory)
    if time.monotonic() - _asked.get(key, -INTERVAL) < INTERVAL:
        return ""
    _asked[key] = time.monotonic()
    cluster = sending.cluster_of(round_)
    if cluster is None:
        return ""
    try:
        adverts = condor.queue(cluster, *ATTRIBUTES)
        for advert in adverts:
            log.jobs[cluster.number, int(advert["ProcId"])] = _job(advert, round_)
        if all(advert["JobStatus"] == 4 for advert in adverts):
            if adverts:
                condor.fetch(cluster)
                condor.remove(cluster)
            # of jobs that are all gone nothing more can come, and no log at home may ever say so
            record = (round_.submitted or {}) | {"fetched" if adverts else "removed": now()}
            files.write_json(round_.directory / "submitted.json", record)
            log.offset, log.jobs = 0, {}
    except CondorError as fault:
        return str(fault)
    return ""


def _job(advert: dict[str, Any], round_: Round) -> Job:
    """Return a job as the queue has it; what is undefined is absent, or null."""
    known = {name: value for name, value in advert.items() if value is not None}
    return Job(
        state=STATES.get(int(known["JobStatus"]), "running"),
        note=round_.chunks[int(known["ProcId"])].name,
        starts=int(known.get("NumJobStarts", 0)),
        exit=known.get("ExitCode"),
        code=int(known.get("HoldReasonCode", 0)),
        subcode=int(known.get("HoldReasonSubCode", 0)),
        reason=str(known.get("HoldReason", "")),
    )
