"""The end of jobs before their time, and the certainty that none is left before others are sent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from kit import files
from kit.batch import condor, sending, tenancy
from kit.batch.condor import Cluster, CondorError
from kit.batch.faults import SubmissionError
from kit.batch.rounds import BatchRun, Round, batch_run
from kit.batch.status import ChunkState, Status, dagman_is_gone
from kit.manifest import now

__all__ = ["dag_is_alive", "hold", "release", "settle_dag", "settled", "stop"]

LOOK = 1.0  # s between two looks
PATIENCE = 90.0  # s for removed jobs to be gone
Say = Callable[[str], object]


def settled(
    batch: BatchRun, *, wait: bool, stop_first: bool, say: Say, show: Callable[[Status], object]
) -> Status:
    """Return how a run stands when nothing of it is in a queue any more; held jobs are removed.

    Raises
    ------
    SubmissionError
        If jobs wait or run, and neither `wait` nor `stop_first` says what to do; with their numbers.
    """
    for round_ in batch.rounds:
        if found := sending.settle(round_):
            say(found)
    status = _fresh(batch)
    if stop_first and _living(status):
        say(_stop_jobs(status))
    while (living := _living(status)) or status.dag_is_alive:
        busy = [state for state in living if state.state in ("waiting", "running")]
        if not living:  # only the gate is left
            time.sleep(LOOK)
        elif not busy:
            say(f"{len(living)} held jobs are removed")
            _stop_jobs(status)
        elif not wait:
            raise SubmissionError(_refusal(status, busy))
        else:
            show(status)
            time.sleep(LOOK)
        status.read()
    status.save()
    return status


def settle_dag(rounds: Iterable[Round], *, wait: bool, stop_first: bool, say: Say) -> None:
    """Wait until no DAGMan looks after these rounds any more.

    Raises
    ------
    SubmissionError
        If one does, and neither `wait` nor `stop_first` says what to do.
    """
    listed = list(rounds)
    for round_ in listed:
        if found := sending.settle(round_):
            say(found)
    clusters = {cluster.number: cluster for cluster in map(_living_dag, listed) if cluster}
    for number, cluster in clusters.items():
        if stop_first:
            say(f"cluster {number} is removed")
            condor.remove(cluster)
        elif not wait:
            message = f"DAGMan is still at work, cluster {number}; --wait waits for it, --stop removes it first"
            raise SubmissionError(message)
    while any(map(_living_dag, listed)):
        time.sleep(LOOK)


def dag_is_alive(rounds: Iterable[Round]) -> bool:
    """Tell whether DAGMan still looks after one of these rounds."""
    return any(map(_living_dag, rounds))


def _living_dag(round_: Round) -> Cluster | None:
    about = round_.submitted or {}
    if not about.get("dag") or "cluster" not in about or "removed" in about or dagman_is_gone(about):
        return None
    return sending.cluster_of(round_)


def stop(path: str | Path, say: Say = print, how: str = "now") -> Status:
    """Remove all jobs of a run, wait until they are gone, and return how it stands.

    On this computer `how` may be ``gently``, which lets running points end.
    """
    batch = batch_run(path)
    for round_ in batch.rounds:
        if found := sending.settle(round_):
            say(found)
    status = _fresh(batch)
    say(_stop_jobs(status, how) if _living(status) else "nothing of this run waits or runs")
    status.read()
    status.save()
    return status


def hold(path: str | Path, say: Say = print) -> Status:
    """Hold all jobs of a run, and return how it stands."""
    return _tell(path, condor.hold, "held", say)


def release(path: str | Path, say: Say = print) -> Status:
    """Release all held jobs of a run, and return how it stands."""
    return _tell(path, condor.release, "released", say)


def _tell(path: str | Path, command: Callable[[Cluster], str], words: str, say: Say) -> Status:
    """Give a command about the jobs of the latest round.

    Raises
    ------
    SubmissionError
        If HTCondor has none of this run.
    """
    batch = batch_run(path)
    cluster = sending.cluster_of(batch.rounds[-1]) if batch.rounds else None
    if cluster is None:
        message = f"{files.shown(batch.directory)} has no jobs on HTCondor; what runs here is stopped and resumed"
        raise SubmissionError(message)
    command(cluster)
    say(f"the jobs of cluster {cluster.number} are {words}")
    return _fresh(batch)


def _fresh(batch: BatchRun) -> Status:
    status = Status(batch)
    status.recall()
    status.read()
    return status


def _living(status: Status) -> list[ChunkState]:
    return [state for state in [*status.earlier, *status.chunks] if state.state in ("waiting", "running", "held")]


def _refusal(status: Status, busy: list[ChunkState]) -> str:
    waiting = sum(state.state == "waiting" for state in busy)
    round_ = busy[0].round
    cluster = sending.cluster_of(round_)
    where = f"cluster {cluster.number}" if cluster else "the pool of this computer"
    return (
        f"{files.shown(status.run.directory)}: of {where} {len(busy) - waiting} jobs run and {waiting} wait; "
        "--wait waits for them, --stop removes them first"
    )


def _stop_jobs(status: Status, how: str = "now") -> str:
    """Remove all living jobs and wait until the log says so."""
    rounds = {state.round.number: state.round for state in _living(status)}
    said = []
    for round_ in rounds.values():
        cluster = sending.cluster_of(round_)
        if cluster is None:
            tenancy.ask_to_stop(round_, how)
        else:
            said.append(f"cluster {cluster.number} is removed")
            condor.remove(cluster)
    gently = how == "gently" and not said  # a running point here may take as long as it takes
    end = time.monotonic() + (math.inf if gently else PATIENCE)
    while _living(status):
        if time.monotonic() > end:
            _note_gone(rounds.values())
            status.read()
            if _living(status):
                message = f"the jobs are still not gone after {PATIENCE:.0f} s; look with condor_q, then repeat"
                raise SubmissionError(message)
        time.sleep(LOOK / 4)
        status.read()
    return "; ".join(said) or "the pool of this computer has stopped"


def _note_gone(rounds: Iterable[Round]) -> None:
    """Note that the queue has nothing of these rounds any more, where the log does not tell."""
    for round_ in rounds:
        cluster = sending.cluster_of(round_)
        if cluster and not _in_queue(cluster):
            files.write_json(round_.directory / "submitted.json", (round_.submitted or {}) | {"removed": now()})


def _in_queue(cluster: Cluster) -> bool:
    try:
        return bool(condor.queue(cluster, "ClusterId", first=True))
    except CondorError:
        return True
