"""What will work here and what not: versions, HTCondor, Kerberos, XRootD, disk, memory, and what to choose."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kit import files, session
from kit.manifest import DISTRIBUTION

__all__ = ["Finding", "findings"]

ENOUGH_DISK = 5e9  # bytes
ENOUGH_MEMORY = 1.5e9  # bytes; what a demo needs with its kernel


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``good``, ``absent`` (something does without it) or ``bad`` (something will fail)."""

    subject: str
    state: str
    text: str


def findings() -> Iterator[Finding]:
    """Yield what was found, the most important first."""
    yield _python()
    yield from _packages()
    yield _folder()
    yield _memory()
    yield from (
        _module("JupyterLab", "jupyterlab", "./run lab installs it", "notebooks by hand"),
        _module("XRootD", "fsspec_xrootd", "pip install -e '.[xrootd]'", "inputs by root://"),
    )
    yield _program("HTCondor", "condor_submit", ["condor_version"], "batch jobs run on this computer instead")
    yield _kerberos()
    yield from (Finding(*told) for told in session.advice())


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("Python", "good" if good else "bad", version if good else f"{version}; should be 3.11 or newer")


def _packages() -> Iterator[Finding]:
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "bad", f"{DISTRIBUTION} is not installed here: ./run demo, or pip install -e .")
        return
    faults, names = [], []
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        name, _, floor = re.match(r"([A-Za-z0-9._-]+)(>=)?([0-9.]*)", requirement).groups()  # type: ignore[union-attr]
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            faults.append(f"{name} is missing")
            continue
        names.append(f"{name} {version}")
        if floor and _numbers(version) < _numbers(floor):
            faults.append(f"{name} is {version}, should be {floor} or newer")
    yield Finding("packages", "bad" if faults else "good", "; ".join(faults) or ", ".join(names))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _folder() -> Finding:
    folder = files.resolve("outputs")
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    try:
        with tempfile.TemporaryFile(dir=folder):  # permissions alone say little on EOS and AFS
            pass
    except OSError as fault:
        text = f"{folder} cannot be written ({fault.strerror}); set KIT_HOME to a folder of yours"
        return Finding("outputs", "bad", text)
    state = "good" if free > ENOUGH_DISK else "absent"
    return Finding("outputs", state, f"{files.resolve('outputs')}, {free / 1e9:.0f} GB free")


def _memory() -> Finding:
    # what is free now, not what is built in; /proc is Linux, elsewhere nobody tells
    meminfo = Path("/proc/meminfo")
    told = re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text()) if meminfo.exists() else None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if told is None:
        return Finding("machine", "good", f"{cores} cores")
    available = min(int(told[1]) * 1024, session.memory_limit() or sys.maxsize)
    state = "good" if available > ENOUGH_MEMORY else "bad"
    return Finding("machine", state, f"{cores} cores, {available / 1e9:.1f} GB of memory available")


def _module(subject: str, module: str, command: str, use: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(subject, "absent", f"not installed: {command} (for {use})")
    return Finding(subject, "good", f"{importlib.metadata.version(module.replace('_', '-'))} ({use})")


def _program(subject: str, program: str, version: list[str], otherwise: str) -> Finding:
    if shutil.which(program) is None:
        return Finding(subject, "absent", f"no {program} here: {otherwise}")
    answer = subprocess.run(version, capture_output=True, text=True, check=False)
    return Finding(subject, "good", (answer.stdout or answer.stderr).strip().partition("\n")[0])


def _kerberos() -> Finding:
    if shutil.which("klist") is None:
        return Finding("Kerberos", "absent", "no klist here: needed for EOS and HTCondor at CERN only")
    valid = subprocess.run(["klist", "-s"], check=False).returncode == 0
    return Finding(
        "Kerberos", "good" if valid else "absent", "ticket is valid" if valid else "no ticket: run kinit"
    )
