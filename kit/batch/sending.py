"""A round goes to HTCondor: once, whatever is killed in between.

Before `condor_submit` the round notes what is about to happen, afterwards what has. Where only the first note is
there, the event log (jobs write into it as they are submitted), and then the queue, tell whether it did happen.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kit import files
from kit.batch import condor
from kit.batch.condor import Cluster, CondorError
from kit.batch.dag import dagman_log
from kit.batch.events import EventLog
from kit.batch.faults import SubmissionError
from kit.batch.rounds import Round
from kit.batch.sites import Site
from kit.batch.tenancy import birth
from kit.manifest import now

__all__ = ["cluster_of", "send", "settle", "standing"]

INTENT = "submitting.json"


def send(
    rounds: Sequence[Round],
    site: Site,
    name: str,
    submit: Callable[[], int],
    command: str,
    dag: Path | None = None,
) -> Cluster:
    """Submit rounds, and note cluster and schedd in each.

    Parameters
    ----------
    rounds : sequence of Round
        One round, or those that one DAG works off.
    site : Site
        Where they go.
    name : str
        What the queue shows; no other submission has it.
    submit : callable
        Does it, and returns the number of the cluster.
    command : str
        What it does, for the record.
    dag : Path or None
        The DAG.

    Raises
    ------
    CondorError
        With HTCondor's words; the round is then marked as not submitted, and nothing is in the queue.
    SubmissionError
        If something failed after the submission and the jobs could not be removed; with their number.
    """
    about = {
        "profile": site.name,
        "ground": site.ground,
        "spool": site.spool,
        "name": name,
        "command": command,
        "dag": str(dag) if dag else None,
        "host": platform.node(),
        "pid": os.getpid(),
        "born": birth(os.getpid()),
    }
    for round_ in rounds:
        files.write_json(round_.directory / INTENT, about | {"time": now()})
    try:
        number = submit()
    except CondorError as fault:
        if not (found := _in_queue(name)):
            for round_ in rounds:
                _note_refusal(round_, about, str(fault))
            raise
        number = found[0].number
    try:
        clusters = [_note(round_, number, about) for round_ in rounds]
    except OSError as fault:
        _take_back(number, fault)
        raise
    return clusters[0]


def _note(round_: Round, number: int, about: dict[str, Any], schedd: str = "") -> Cluster:
    cluster = Cluster(number, schedd or _schedd(round_, number))
    record = about | {"cluster": number, "schedd": cluster.schedd, "time": now(), "log": str(round_.log)}
    files.write_json(round_.directory / "submitted.json", record | {"condor": condor.version()})
    return cluster


def _note_refusal(round_: Round, about: dict[str, Any], reason: str) -> None:
    files.write_json(
        round_.directory / "submitted.json", about | {"state": "not submitted", "reason": reason, "time": now()}
    )


def _schedd(round_: Round, number: int) -> str:
    """Return the schedd's name: from a job's global id, else from the first event."""
    try:
        if name := condor.schedd_of(number):
            return name
    except CondorError:
        pass  # a failing condor_q changes nothing
    log = EventLog(round_.log, number)
    log.read()
    return log.schedd


def _take_back(number: int, fault: OSError) -> None:
    try:
        condor.remove(Cluster(number, ""))
    except CondorError as second:
        message = (
            f"{fault.filename}: {fault.strerror}; the jobs are in the queue as cluster {number} and could not be "
            f"removed ({second}): condor_rm {number}"
        )
        raise SubmissionError(message) from None


def settle(round_: Round) -> str:
    """Find out about a round whose submission was cut short, and return what was found in words.

    Raises
    ------
    SubmissionError
        If it cannot be told, since the submission still goes on or the queue does not answer.
    """
    intent = round_.directory / INTENT
    if round_.submitted is not None or not intent.is_file():
        return ""
    about = files.read_json(intent)
    here = about["host"] == platform.node() and about["pid"] != os.getpid()
    if here and birth(about["pid"]) == about["born"]:  # the number alone may be another's by now
        message = f"round {round_.number} is being submitted by process {about['pid']} just now; wait for it"
        raise SubmissionError(message)
    log = _log_of(round_, about)
    number = _first(log)
    found = _in_queue(about["name"])
    if number is not None:
        # the log has the schedd's machine alone; commands want its name, which only the queue tells
        found = [Cluster(number, found[0].schedd if found else log.schedd)]
    if not found:
        _note_refusal(round_, about, "the submission was cut short before HTCondor had the jobs")
        return f"round {round_.number} never reached HTCondor"
    _note(round_, found[0].number, about, found[0].schedd)
    return f"round {round_.number} did reach HTCondor, as cluster {found[0].number}"


def standing(round_: Round) -> dict[str, Any]:
    """Return what is known of the submission of a round; where it was cut short, what its event log tells.

    There is no ``cluster`` where no jobs are known; ``unclear`` where only `settle` can tell of any.
    """
    if (about := round_.submitted) is not None:
        return about
    if not (round_.directory / INTENT).is_file():
        return {}
    intent: dict[str, Any] = files.read_json(round_.directory / INTENT)
    number = _first(_log_of(round_, intent))
    return intent | ({"unclear": True} if number is None else {"cluster": number})


def _log_of(round_: Round, about: dict[str, Any]) -> EventLog:
    """Return what the log of a round's jobs, or of its DAGMan, has by now."""
    log = EventLog(dagman_log(about["dag"]) if about["dag"] else round_.log)
    log.read()
    return log


def _first(log: EventLog) -> int | None:
    return next((cluster for cluster, _ in log.jobs), None)


def _in_queue(name: str) -> list[Cluster]:
    try:
        return condor.find(name)
    except CondorError as fault:
        message = f"whether the jobs of {name} are in the queue cannot be told: {fault}; repeat when it answers"
        raise SubmissionError(message) from None


def cluster_of(round_: Round) -> Cluster | None:
    """Return the cluster of a round, None where HTCondor does not have it."""
    about = round_.submitted or {}
    if "cluster" not in about or about["profile"] == "local":
        return None
    return Cluster(int(about["cluster"]), str(about["schedd"]))
