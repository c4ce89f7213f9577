"""The end of jobs before their time, and the certainty that none is left before others are sent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from kit import files
from kit.batch import condor, sending, tenancy
from kit.batch.condor import Cluster, CondorError
from kit.batch.dag import dagman_is_gone
from kit.batch.faults import SubmissionError
from kit.batch.rounds import BatchRun, Round, batch_run
from kit.batch.status import ChunkState, Status
from kit.manifest import now

__all__ = ["dag_is_alive", "hold", "release", "settle_dag", "settled", "stop"]

LOOK = 1.0  # s between two looks
PATIENCE = 90.0  # s for removed jobs to be gone
SEEN = 10.0  # s for the log to say that jobs are held, or released
Say = Callable[[str], object]


def settled(
    batch: BatchRun, *, wait: bool, stop_first: bool, say: Say, show: Callable[[Status], object], dry: bool = False
) -> Status:
    """Return how a run stands when nothing of it is in a queue any more; what is held is removed, not if `dry`.

    Raises
    ------
    SubmissionError
        If jobs wait or run, and neither `wait` nor `stop_first` says what to do; with their numbers. If it is dry
        and jobs are held.
    """
    for round_ in batch.rounds:
        if found := sending.settle(round_):
            say(found)
    status = _fresh(batch)
    if stop_first and _is_alive(status):
        say(_stop_jobs(status))
    while (living := _living(status)) or status.dag_is_alive:
        busy = [state for state in living if state.state in ("waiting", "running")]
        if status.stuck or (living and not busy):
            _refuse_to_remove(status, dry=dry)
            say(f"{len(living)} held jobs are removed" if living else "the held DAG is removed")
            _stop_jobs(status)
        elif not living:  # only the gate is left
            time.sleep(LOOK)
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
    say(_stop_jobs(status, how) if _is_alive(status) else "nothing of this run waits or runs")
    status.read()
    status.save()
    return status


def hold(path: str | Path, say: Say = print) -> Status:
    """Hold all jobs of a run, and return how it stands."""
    return _tell(path, condor.hold, ("waiting", "running"), "held", say)


def release(path: str | Path, say: Say = print) -> Status:
    """Release all held jobs of a run, and return how it stands."""
    return _tell(path, condor.release, ("held",), "released", say)


def _tell(
    path: str | Path, command: Callable[[Cluster], str], states: tuple[str, ...], words: str, say: Say
) -> Status:
    """Give a command about those jobs of the latest round that are in `states`, and wait until the log says so.

    Raises
    ------
    SubmissionError
        If HTCondor has none of this run.
    """
    batch = batch_run(path)
    for round_ in batch.rounds:
        if found := sending.settle(round_):
            say(found)
    cluster = sending.cluster_of(batch.rounds[-1]) if batch.rounds else None
    if cluster is None:
        message = f"{files.shown(batch.directory)} has no jobs on HTCondor; what runs here is stopped and resumed"
        raise SubmissionError(message)
    status = _fresh(batch)
    if not _is_alive(status) or not (_in(status, states) or status.dag_is_alive):
        say(f"nothing of this run can be {words}")
        return status
    command(cluster)
    say(f"the jobs of cluster {cluster.number} are {words}")
    end = time.monotonic() + SEEN
    while _in(status, states) and time.monotonic() < end:
        time.sleep(LOOK / 4)
        status.read()
    status.save()
    return status


def _fresh(batch: BatchRun) -> Status:
    status = Status(batch)
    status.recall()
    status.read()
    return status


def _in(status: Status, states: tuple[str, ...]) -> bool:
    """Tell whether a job of the latest round that the log knows is in one of `states`."""
    return any(state.job and state.state in states for state in status.chunks)


def _is_alive(status: Status) -> bool:
    return bool(_living(status)) or status.dag_is_alive


def _refuse_to_remove(status: Status, *, dry: bool) -> None:
    """Refuse to remove jobs when nothing shall be done.

    Raises
    ------
    SubmissionError
        Naming them and the ways out.
    """
    if dry:
        where, number = files.shown(status.run.directory), len(_living(status)) or 1
        message = (
            f"{where}: {number} jobs are held; a resume would remove them, a dry run does not: "
            "`kit stop` or `kit release` before"
        )
        raise SubmissionError(message)


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
    if status.dag_is_alive:
        rounds.setdefault(status.run.rounds[-1].number, status.run.rounds[-1])
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
    while _is_alive(status):
        if time.monotonic() > end:
            _note_gone(rounds.values())
            status.read()
            if _is_alive(status):
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
