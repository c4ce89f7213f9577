"""What this process may really use of its computer: cores and memory, not what the machine was sold with."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

__all__ = ["available_mb", "cores"]

CGROUP = Path("/sys/fs/cgroup")
OLD_CGROUP_CPU = CGROUP / "cpu"
OLD_CGROUP_MEMORY = CGROUP / "memory"


def cores() -> int:
    """Return the cores that this process may use: its affinity, and the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_cores()
    return max(1, min(allowed, math.ceil(quota)) if quota else allowed)


def available_mb() -> float:
    """Return the memory, in MB, that new processes can have: of the machine, and of the control group."""
    meminfo = Path("/proc/meminfo")
    told = re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text()) if meminfo.is_file() else None
    free = int(told[1]) / 1024 if told else math.inf
    return min(free, _cgroup_free_mb())


def _own_group() -> Path:
    """Return the folder of this process' control group (version 2), the root where it cannot be told."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return CGROUP
    own = next((line.partition("::")[2] for line in lines if line.startswith("0::")), "/")
    return CGROUP / own.lstrip("/")


def _cgroup_cores() -> float | None:
    for folder in (_own_group(), CGROUP):
        if (text := _text(folder / "cpu.max")) and not text.startswith("max"):
            quota, period = map(float, text.split())
            return quota / period
    quota_us, period_us = (
        _number(OLD_CGROUP_CPU / "cpu.cfs_quota_us"),
        _number(OLD_CGROUP_CPU / "cpu.cfs_period_us"),
    )
    return quota_us / period_us if quota_us and period_us and quota_us > 0 else None


def _cgroup_free_mb() -> float:
    for folder, limit_name, used_name in (
        (_own_group(), "memory.max", "memory.current"),
        (CGROUP, "memory.max", "memory.current"),
        (OLD_CGROUP_MEMORY, "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit is not None and used is not None:
            return max(0.0, limit - used) / 2**20
    return math.inf


def _number(path: Path) -> float | None:
    text = _text(path)
    return float(text) if text and text.lstrip("-").isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
