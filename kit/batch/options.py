"""How points are sent: the parameters that the command, the notebook and the panel share."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from kit.parameters import Parameters, parameter

__all__ = ["FLAVOURS", "Options"]

FLAVOURS = {  # s of wall time; CERN's names
    "espresso": 1200,
    "microcentury": 3600,
    "longlunch": 7200,
    "workday": 28800,
    "tomorrow": 86400,
    "testmatch": 259200,
    "nextweek": 604800,
}
Flavour = Literal["espresso", "microcentury", "longlunch", "workday", "tomorrow", "testmatch", "nextweek"]
Profile = Literal["auto", "local", "condor", "cern-afs", "cern-eos", "cern-spool"]


class Options(Parameters):
    """Everything about a submission but what is submitted."""

    profile: Profile = parameter("auto", "where jobs run; auto looks for itself and says why")
    site: dict = parameter({}, "keys of the profile to change")  # type: ignore[type-arg]
    per_job: int | None = parameter(None, "points of a job; None takes it from the time of a point", ge=1)
    target_seconds: float = parameter(1800.0, "length of a job", unit="s", ge=60, le=604800)
    try_first: bool = parameter(True, "run the first point here first; its result counts")
    max_jobs: int = parameter(2000, "most jobs of a round", ge=1, le=10000)
    max_running: int = parameter(500, "most jobs in the queue at a time, where there are more than 1000", ge=1)
    cpus: int = parameter(1, "cores of a job", ge=1)
    memory_mb: int = parameter(2000, "memory of a job", unit="MB", ge=128)
    memory_max_mb: int = parameter(16000, "most memory that a job may grow to", unit="MB", ge=128)
    disk_mb: int = parameter(2000, "disk of a job", unit="MB", ge=10)
    guard: bool = parameter(True, "end a point that outgrows its job, before the pool ends the job")
    point_timeout: float | None = parameter(None, "longest time of a point", unit="s", gt=0)
    flavour: Flavour | None = parameter(None, "name of the time limit; None takes it from the time of a point")
    max_runtime: int | None = parameter(None, "time limit in place of a flavour", unit="s", ge=1, le=604800)
    retries: int = parameter(2, "repetitions after a fault of the machine", ge=0, le=10)
    retry_failed: bool = parameter(False, "resume also points that raised an error")
    accept_changed: bool = parameter(False, "resume although the code of the notebook has changed")
    isolation: Literal["fork", "kernel"] = parameter("fork", "how each point gets its kernel")
    preload: Literal["auto", "none"] | list[str] = parameter("auto", "modules to import once for all points")
    keep_notebooks: Literal["all", "failed"] = parameter("all", "whose executed notebooks come back")
    environment: dict[str, str] = parameter({}, "python, setup, image or archive of a job, with its path")
    inputs: list[str] = parameter([], "further files for every job")
    output_url: str = parameter("", "root address to which the files of the points go")
    keep_on_evict: bool = parameter(False, "keep what is done when a pool takes the slot away")
    live_progress: bool | None = parameter(None, "progress lines in the event log; None as the profile says")
    seed_parameter: str | None = parameter(None, "parameter that gets a number of its own at each point")
    repeat: int = parameter(1, "how often each point is made", ge=1)
    dag: bool = parameter(False, "let DAGMan run the chunks and merge them")
    accept: float = parameter(1.0, "share of good points from which a run counts as complete", gt=0, le=1)
    notify: str = parameter("none", "at the end once; none, mail, or command and a colon and a program")
    workers: int | None = parameter(None, "local processes; None as many as cores and memory allow", ge=1)
    extra: list[str] = parameter([], "lines for the job description as they are")
    dry_run: bool = parameter(False, "write everything, submit nothing")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.flavour and self.max_runtime:
            message = f"flavour is {self.flavour} and max_runtime {self.max_runtime} s; give one of them"
            raise ValueError(message)
        if self.memory_max_mb < self.memory_mb:
            message = f"memory_max_mb is {self.memory_max_mb} MB, below memory_mb, {self.memory_mb} MB"
            raise ValueError(message)
        kinds = ("python", "setup", "image", "archive")
        if strangers := [name for name in self.environment if name not in kinds]:
            message = f"environment.{strangers[0]} is not known, should be one of {', '.join(kinds)}"
            raise ValueError(message)
        if not (self.notify in ("none", "mail") or self.notify.startswith("command:")):
            message = f"notify is {self.notify!r}, should be none, mail, or `command: PROGRAM`"
            raise ValueError(message)
        return self
