"""What a job may use: the memory of its slot and the time until its end, as HTCondor tells the job itself."""

from __future__ import annotations

import math
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Limits", "read_limits", "slot_name"]

RESERVE = 120.0  # s before the end in which no point may still run; at most a tenth of the whole time
SLOWER = 1.5  # a point is expected to take this much longer than the slowest so far
MEMORY_SHARE = 0.9  # of the slot; the pool itself looks only every few seconds


@dataclass(frozen=True)
class Limits:
    """Memory of the slot in MB and the end of the job on the monotonic clock; None where nobody set one."""

    memory_mb: float | None
    end: float | None
    reserve: float = 0.0

    def allows(self, slowest: float) -> bool:
        """Tell whether one more point would end in time, given the slowest one so far, in seconds."""
        return self.end is None or time.monotonic() + SLOWER * slowest < self.end - self.reserve

    def without_memory(self) -> Limits:
        """Return the limits of a job whose memory nobody guards."""
        return Limits(None, self.end, self.reserve)

    @property
    def last_moment(self) -> float | None:
        """When even a running point is given up, since all others would be lost with it."""
        return None if self.end is None else self.end - self.reserve / 2

    def memory_for_a_point(self, own_mb: float) -> float:
        """Return the MB that a point may hold beside the worker's own; no end where nobody set one."""
        return math.inf if self.memory_mb is None else MEMORY_SHARE * self.memory_mb - own_mb


def read_limits(memory_mb: float | None, seconds: float | None) -> Limits:
    """Return the limits of this job: HTCondor's where it says some, else the values given.

    Time: ``JobCurrentStartDate + MaxRuntime`` of the job's description. Where the clocks of node and pool
    disagree, the time is counted from now.
    """
    machine, job = _numbers("_CONDOR_MACHINE_AD"), _numbers("_CONDOR_JOB_AD")
    if "MaxRuntime" in job:
        spent = time.time() - job.get("JobCurrentStartDate", time.time())
        allowed = job["MaxRuntime"]
        seconds = allowed - (spent if 0 <= spent < allowed else 0)
        reserve = min(RESERVE, allowed / 10)
    else:
        reserve = min(RESERVE, seconds / 10) if seconds else 0.0
    end = None if seconds is None else time.monotonic() + seconds
    return Limits(machine.get("Memory", memory_mb), end, reserve)


def _numbers(variable: str) -> dict[str, float]:
    """Return the numbers in the description to which an environment variable points."""
    path = os.environ.get(variable, "")
    if not path or not Path(path).is_file():
        return {}
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    return {name: float(value) for name, value in re.findall(r"^(\w+) = (-?\d+(?:\.\d+)?)$", text, re.M)}


def slot_name() -> str:
    """Return the name of the slot in which this job runs; ``local`` outside HTCondor."""
    path = os.environ.get("_CONDOR_MACHINE_AD", "")
    if not path or not Path(path).is_file():
        return "local"
    found = re.search(r'^Name = "(.*)"$', Path(path).read_text(encoding="utf-8", errors="replace"), re.M)
    return found[1] if found else "slot"
