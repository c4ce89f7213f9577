"""One point here and now, with the same worker as in a job: to see with one's own eyes why it fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.faults import SubmissionError
from kit.batch.merging import unpack
from kit.batch.points import Point
from kit.batch.rounds import WORKER, BatchRun
from kit.batch.script import script

__all__ = ["try_point"]


def try_point(batch: BatchRun, point: Point) -> tuple[dict[str, Any], Path]:
    """Run a point of a run on this computer, and return its line and the folder of its files.

    Its result does not count, and no guard ends it.

    Raises
    ------
    SubmissionError
        If the worker could not begin; it has said why.
    """
    target = batch.directory / "tries" / point.id
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    own = {"guard": False, "round": "try", "derive": None}
    worker = dict(files.read_json(batch.rounds[-1].directory / "worker.json")) | own
    with tempfile.TemporaryDirectory(prefix="kit_") as scratch:
        folder = Path(scratch)
        shutil.copytree(WORKER, folder / "worker", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(batch.notebook, folder / "notebook.ipynb")
        (folder / "worker.json").write_text(json.dumps(worker), encoding="utf-8")
        (folder / "point.jsonl").write_text(point.line(), encoding="utf-8")
        (folder / "run.sh").write_text(script({"python": sys.executable}, 1), encoding="utf-8")
        command = ["sh", "run.sh", "point", "--round", "try", "--parent", str(os.getpid())]
        environment = os.environ | {"KIT_HOME": str(files.home())}
        status = subprocess.run(command, cwd=folder, env=environment, check=False, stdout=sys.stderr).returncode
        told = folder / "rtry_point.jsonl"
        if status or not told.stat().st_size:
            message = f"the worker ended with status {status} before {point.id} was through; what it said is above"
            raise SubmissionError(message)
        line: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        for output in line["outputs"]:
            unpack(folder / "rtry_point.tar", output, target / output["name"])
    return line, target
