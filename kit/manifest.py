"""What a run leaves in writing: ``manifest.json``, and the runs read back from it."""

from __future__ import annotations

import contextlib
import functools
import html
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kit
from kit import files

__all__ = [
    "MANIFEST",
    "FinishedRun",
    "attempts",
    "complete_below",
    "load",
    "now",
    "number_text",
    "software",
    "state_of",
    "table",
]

MANIFEST = "manifest.json"
DISTRIBUTION = "hep-notebook-kit"


@dataclass(frozen=True)
class FinishedRun:
    """A run read back from its directory."""

    directory: Path
    manifest: Mapping[str, Any]

    @property
    def stage(self) -> str:
        """System and stage, such as ``opendata/masses``."""
        return str(self.manifest["stage"])

    @property
    def state(self) -> str:
        """``running``, ``complete`` or ``failed``."""
        return str(self.manifest["state"])

    @property
    def parameters(self) -> dict[str, Any]:
        """The values it ran with."""
        return dict(self.manifest["parameters"])

    @property
    def summary(self) -> dict[str, Any]:
        """The few numbers that it is judged by."""
        return dict(self.manifest.get("summary", {}))

    def _repr_html_(self) -> str:
        return table(self.stage, self.state, self.directory, self.summary)


def load(path: str | os.PathLike[str]) -> FinishedRun:
    """Return the run in directory `path`.

    Raises
    ------
    FileNotFoundError
        If there is no manifest: the directory is not a run.
    FormatError
        If the manifest is damaged.
    """
    directory = files.resolve(path)
    record = directory / MANIFEST
    if not record.is_file():
        message = f"{files.shown(directory)} has no {MANIFEST}; should be the directory of a run"
        raise FileNotFoundError(message)
    content = files.read_json(record)
    if (
        not isinstance(content, dict)
        or not {"stage", "state", "parameters"} <= content.keys()
        or not isinstance(content["parameters"], dict)
        or not isinstance(content.get("summary", {}), dict)
    ):
        message = f"{files.shown(record)}: should name stage, state and parameters of a run"
        raise files.FormatError(message)
    return FinishedRun(directory, content)


def complete_below(path: str | os.PathLike[str]) -> list[FinishedRun]:
    """Return the complete runs in `path`: itself, or all points of a batch run, in order of their paths."""
    directory = files.resolve(path)
    if (directory / MANIFEST).is_file() and not (directory / "points.jsonl").is_file():
        runs = [load(directory)]
    else:
        runs = [load(record.parent) for record in sorted(directory.glob(f"**/{MANIFEST}"))]
        runs = [run for run in runs if run.directory != directory]
    return [run for run in runs if run.state == "complete"]


def state_of(directory: Path) -> str:
    """Return the state of the run in `directory`, or ``absent``."""
    return load(directory).state if (directory / MANIFEST).is_file() else "absent"


def attempts(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return, for a run that goes on, the attempts so far: those that a manifest's `content` names, and itself."""
    last = {key: content.get(key) for key in ("state", "started", "ended", "host", "fault")}
    return [*content.get("attempts", []), last]


def now() -> str:
    """Return the time, in UTC, as manifests state it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@functools.cache
def software() -> dict[str, Any]:
    """Return versions of kit, Python and packages, and the kit's commit."""
    return {
        "kit": kit.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": _packages(),
        "system": platform.platform(),
        "executable": sys.executable,
    }


def _packages() -> dict[str, str]:
    try:
        required = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    versions = {}
    for requirement in required:
        if "extra ==" not in requirement and (name := re.match(r"[A-Za-z0-9._-]+", requirement)):
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                versions[name[0]] = importlib.metadata.version(name[0])
    return versions


def _commit() -> str:
    """Return the commit of the kit's checkout, with ``+`` where files differ from it; empty elsewhere."""
    checkout = Path(kit.__file__).parent.parent
    if not (checkout / ".git").exists():
        return ""
    try:
        git = ["git", "--no-optional-locks", "-C", str(checkout)]  # somebody may be committing just now
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changes.stdout.strip() else "")


def table(stage: str, state: str, directory: Path, summary: Mapping[str, Any]) -> str:
    """Return a run as a small HTML table: where it is and the numbers of its summary."""
    rows = "".join(
        f"<tr><td style='text-align:left'>{html.escape(name.replace('_', ' '))}</td>"
        f"<td style='text-align:left'>{html.escape(number_text(value))}</td></tr>"
        for name, value in summary.items()
    )
    where = html.escape(files.shown(directory))
    return f"<b>{html.escape(stage)}</b> {state}: <code>{where}</code><table>{rows}</table>"


def _named(name: str) -> str:
    """Return a name such that the number after it is not taken for a part of it."""
    return f"{name}:" if name[-1:].isdigit() else name


def number_text(value: Any) -> str:
    """Return a summary value as people read it: thousands apart, six digits, lists with commas."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(f"{_named(str(name))} {number_text(part)}" for name, part in value.items()) or "–"
    if isinstance(value, list):
        return ", ".join(map(number_text, value)) or "–"
    return str(value)
