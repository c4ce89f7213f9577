"""HTCondor through its command line, the only door to it; never its Python bindings.

Every call has a limit in time, and its own words are shown when it fails. Nothing here decides what state a job is
in: that is the event log's to tell.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.batch.faults import SubmissionError

__all__ = [
    "Cluster",
    "CondorError",
    "find",
    "hold",
    "queue",
    "release",
    "remove",
    "setting",
    "submit",
    "submit_dag",
    "version",
    "works",
]

PATIENCE = 60.0  # s for one command
VERSION_MATTER = (
    "this is a matter of versions, not of a password: a newer client asks an older schedd for something that it "
    "does not know (HTCONDOR-3883)"
)
HINTS = {
    "Directory name doesn't match": VERSION_MATTER,
    "No credential": "run `kinit` in a terminal, then repeat",
    "Can't find address": "the schedd does not answer; another one may: `myschedd bump` at CERN",
}


class CondorError(SubmissionError):
    """A command of HTCondor that failed; carries its own words."""


@dataclass(frozen=True)
class Cluster:
    """Jobs of one submission: the number and the schedd that has them."""

    number: int
    schedd: str

    @property
    def constraint(self) -> list[str]:
        """What selects exactly these jobs, however many they are."""
        return self._selecting(f"ClusterId == {self.number}")

    @property
    def family(self) -> list[str]:
        """What selects these jobs and, where they are DAGMan's, the jobs of its nodes."""
        return self._selecting(f"ClusterId == {self.number} || DAGManJobId == {self.number}")

    def _selecting(self, expression: str) -> list[str]:
        return [*(["-name", self.schedd] if self.schedd else []), "-constraint", expression]


def works() -> tuple[bool, str]:
    """Tell whether jobs can be submitted from here, and why not."""
    if shutil.which("condor_submit") is None:
        return False, "there is no condor_submit here"
    try:
        return True, version()
    except CondorError as fault:
        return False, str(fault)


def version() -> str:
    """Return the version of the commands."""
    found = re.search(r"\d+\.\d+\.\d+", _run(["condor_version"]))
    return found[0] if found else "unknown"


def submit(description: Path, *options: str) -> int:
    """Submit a description in its directory and return the number of the cluster."""
    answer = _run(["condor_submit", "-terse", *options, description.name], description.parent)
    found = re.search(r"^(\d+)\.\d+", answer, re.M)
    if not found:
        message = f"condor_submit said {answer.strip()!r}, should name a cluster"
        raise CondorError(message)
    return int(found[1])


def submit_dag(dag: Path, name: str, most: int | None) -> int:
    """Give a DAG to DAGMan in its directory and return the number of DAGMan's own cluster."""
    limit = ["-maxjobs", str(most)] if most else []
    command = [
        "condor_submit_dag",
        "-maxidle",
        "1000",
        "-batch-name",
        name,
        "-notification",
        "never",
        *limit,
        dag.name,
    ]
    answer = _run(command, dag.parent)
    found = re.search(r"submitted to cluster (\d+)", answer)
    if not found:
        message = f"condor_submit_dag said {answer.strip()!r}, should name a cluster"
        raise CondorError(message)
    return int(found[1])


def setting(name: str) -> str:
    """Return a value of HTCondor's configuration; empty where it has none."""
    try:
        return _run(["condor_config_val", name]).strip()
    except CondorError:
        return ""


def schedd_of(number: int, schedd: str = "") -> str:
    """Return the name of the schedd that has a cluster: what stands before ``#`` in its global job id."""
    jobs = queue(Cluster(number, schedd), "GlobalJobId", first=True)
    return str(jobs[0]["GlobalJobId"]).partition("#")[0] if jobs else ""


def queue(cluster: Cluster, *attributes: str, first: bool = False) -> list[dict[str, Any]]:
    """Return what the schedd says about the jobs of a cluster that it still has; attributes may be absent."""
    chosen = ["-attributes", ",".join(attributes)] if attributes else []
    answer = _run(["condor_q", *cluster.constraint, *(["-limit", "1"] if first else []), "-json", *chosen])
    return _jobs(answer)


def find(batch_name: str) -> list[Cluster]:
    """Return the clusters in the queue that were submitted under `batch_name`."""
    answer = _run(
        [
            "condor_q",
            "-constraint",
            f'JobBatchName == "{batch_name}"',
            "-json",
            "-attributes",
            "ClusterId,GlobalJobId",
        ]
    )
    found = {int(job["ClusterId"]): str(job["GlobalJobId"]).partition("#")[0] for job in _jobs(answer)}
    return [Cluster(number, schedd) for number, schedd in sorted(found.items())]


def remove(cluster: Cluster) -> str:
    """Remove all jobs of a cluster, and return what was said; jobs that are gone already are no fault.

    Those of DAGMan's nodes go with it.
    """
    return _tell("condor_rm", cluster.constraint)


def hold(cluster: Cluster) -> str:
    """Hold all jobs of a cluster, of DAGMan's also those of its nodes."""
    return _tell("condor_hold", cluster.family)


def release(cluster: Cluster) -> str:
    """Release all held jobs of a cluster, of DAGMan's also those of its nodes."""
    return _tell("condor_release", cluster.family)


def fetch(cluster: Cluster) -> str:
    """Bring home what a spooled cluster has left at the schedd."""
    where = ["-name", cluster.schedd] if cluster.schedd else []
    return _run(["condor_transfer_data", *where, str(cluster.number)], patience=10 * PATIENCE)


def analyse(cluster: Cluster, process: int) -> str:
    """Return the pool's own analysis of why a job waits."""
    where = ["-name", cluster.schedd] if cluster.schedd else []
    return _run(["condor_q", *where, "-better-analyze", f"{cluster.number}.{process}"])


def _tell(command: str, selected: Sequence[str]) -> str:
    try:
        return _run([command, *selected]).strip()
    except CondorError as fault:
        if "Couldn't find" in str(fault) or "not found" in str(fault):
            return ""
        raise


def _jobs(answer: str) -> list[dict[str, Any]]:
    """Return the jobs of an answer; for none it is empty, not ``[]``."""
    jobs: list[dict[str, Any]] = json.loads(answer) if answer.strip() else []
    return jobs


def _run(command: Sequence[str], directory: Path | None = None, patience: float = PATIENCE) -> str:
    """Run a command and return what it said.

    Raises
    ------
    CondorError
        If it failed, took longer than `patience` seconds, or does not exist; with its own words.
    """
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=patience, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        message = f"{command[0]} did not answer within {patience:.0f} s"
        raise CondorError(message) from None
    except OSError as fault:
        message = f"{command[0]}: {fault.strerror}"
        raise CondorError(message) from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()) or f"exit status {done.returncode}"
        hint = next((f"; {hint}" for words, hint in HINTS.items() if words in said), "")
        message = f"{command[0]}: {said}{hint}"
        raise CondorError(message)
    return done.stdout
