"""Inputs that travel with a job, where jobs do not see them: whose they are, and under which names they go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kit.batch.chunks import Chunk
from kit.batch.description import fit
from kit.batch.faults import SubmissionError
from kit.batch.round_files import LINKED
from kit.batch.sites import Site

__all__ = ["carried_by"]

OWN_NAMES = {"worker", "worker.json", "run.sh", "notebook.ipynb"}  # what each job has of the round itself


def carried_by(
    chunks: Sequence[Chunk], lines: Sequence[bytes], site: Site, inputs: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return what each chunk brings along for its inputs, where jobs cannot see them.

    Raises
    ------
    SubmissionError
        If two folders of one chunk have the same name, or a name is such that HTCondor's lists cannot hold it.
    """
    unseen = {path for path in inputs if not site.sees(path)}
    if not unseen:
        return {}
    carried = {}
    for chunk in chunks:
        found = dict.fromkeys(
            text
            for index in chunk.indexes
            for text in _texts(json.loads(lines[index])["parameters"])
            if text in unseen
        )
        travelling = _apart({path: _travelling(path) for path in found}, chunk)
        for path in found:
            fit(path)
        carried[chunk.name] = travelling
    return carried


def _apart(travelling: dict[str, str], chunk: Chunk) -> dict[str, str]:
    """Return `travelling` with names of their own for files that would take each other's place in the job."""
    names = [Path(other).name for other in travelling.values()]
    taken = {*OWN_NAMES, f"{chunk.name}.jsonl", *(name for name in names if names.count(name) > 1)}
    apart = {}
    for place, (path, other) in enumerate(travelling.items()):
        name = Path(other).name
        if name in taken and not Path(other).is_file():
            message = f"{other}: another folder of this name travels with the same job; take per_job 1"
            raise SubmissionError(message)
        apart[path] = f"{LINKED}/{chunk.name}/{place}_{name}" if name in taken else other
    return apart


def _travelling(path: str) -> str:
    """Return what goes along for an input: of a whole batch run, the folder of its points' own runs."""
    run = Path(path)
    return str(run / "outputs") if (run / "points.jsonl").is_file() else path


def _texts(value: Any) -> list[str]:
    """Return all texts inside a value."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]
