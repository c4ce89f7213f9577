"""A DAG in writing: one node for each chunk, and behind them a gate that merges, counts, and lets others start.

Never a node of many processes: one that fails would make DAGMan remove its running siblings and start all again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.batch import condor
from kit.batch.description import fit
from kit.batch.events import EventLog
from kit.batch.faults import SubmissionError
from kit.batch.sites import Site

__all__ = ["Stage", "check_place", "dag_text", "dagman_is_gone", "dagman_log", "state_of_dagman", "variables"]

RETRIES = 1  # of a node, after those of the pool


@dataclass(frozen=True)
class Stage:
    """The nodes of one stage.

    Attributes
    ----------
    name : str
        What the names of its nodes begin with.
    directory : str
        Where its descriptions lie; empty for the folder of the DAG.
    chunks : mapping
        The columns of each chunk, by its name.
    after : str
        The stage whose gate must be open before; empty for none.
    """

    name: str
    directory: str
    chunks: Mapping[str, Mapping[str, str]]
    after: str = ""

    @property
    def prefix(self) -> str:
        """What stands before the chunk in the name of a node."""
        return f"{self.name}-"

    @property
    def gate(self) -> str:
        """Name of its last node."""
        return f"{self.name}-gate"


def dag_text(stages: Iterable[Stage]) -> str:
    """Return the description of a DAG."""
    return "".join(f"{line}\n" for stage in stages for line in _lines(stage))


def _lines(stage: Stage) -> Iterator[str]:
    place = f' DIR "{fit(stage.directory)}"' if stage.directory else ""
    nodes = [stage.prefix + chunk for chunk in stage.chunks]
    for node, columns in zip(nodes, stage.chunks.values(), strict=True):
        yield f"JOB {node} chunk.sub{place}"
        values = " ".join(f'{name}="{_escaped(value)}"' for name, value in columns.items())
        yield f"VARS {node} {values}"
        yield f"RETRY {node} {RETRIES}"
    yield f"JOB {stage.gate} merge.sub{place}"
    yield f"PARENT {' '.join(nodes)} CHILD {stage.gate}"
    if stage.after:
        yield f"PARENT {stage.after}-gate CHILD {' '.join(nodes)}"


def _escaped(value: str) -> str:
    """Return a value as DAGMan's quotes hold it, in which a backslash begins an escape."""
    return value.replace("\\", r"\\")


def variables(rows: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the columns of each chunk, from the rows of ``chunks.txt``."""
    found = {}
    for row in rows:
        chunk, folder, memory, *files = row.rstrip("\n").split(", ", 3)
        found[chunk] = {"chunk": chunk, "dir": folder, "mem": memory} | ({"files": files[0]} if files else {})
    return found


def dagman_log(dag: str | Path) -> Path:
    """Return the event log of DAGMan's own job."""
    return Path(f"{dag}.dagman.log")


def dagman_is_gone(about: dict[str, Any]) -> bool:
    """Tell whether DAGMan has ended: nodes without a job will never get one."""
    return state_of_dagman(about) == "gone"


def state_of_dagman(about: dict[str, Any]) -> str:
    """Return ``alive``, ``held`` or ``gone``; empty where its log does not tell yet."""
    log = EventLog(dagman_log(about["dag"]), about.get("cluster"))
    log.read()
    living = [job for job in log.jobs.values() if job.alive]
    if not living:
        return "gone" if log.jobs else ""
    return "held" if any(job.state == "held" for job in living) else "alive"


def check_place(directory: Path, site: Site) -> None:
    """Refuse a directory in which DAGMan would not work.

    Raises
    ------
    SubmissionError
        On EOS at CERN, or below the system's temporary directory where DAGMan is strict; for spooled rounds.
    """
    if site.spool:
        message = f"{site.name}: a DAG cannot be spooled; leave --dag out, or use another profile"
        raise SubmissionError(message)
    if directory.is_relative_to("/eos"):
        message = f"{directory}: DAGMan cannot keep its files on EOS; put the run on AFS"
        raise SubmissionError(message)
    strict = condor.setting("DAGMAN_USE_STRICT")
    if directory.is_relative_to(tempfile.gettempdir()) and strict not in ("0", ""):
        message = f"{directory}: DAGMan refuses directories below {tempfile.gettempdir()}; put the run elsewhere"
        raise SubmissionError(message)
