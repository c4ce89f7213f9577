"""One point here and now, with the same worker as in a job: to see why it fails, or what it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kit import files
from kit.batch import launching, sites
from kit.batch.chunks import Chunk, enough_mb
from kit.batch.collecting import unpack
from kit.batch.faults import SubmissionError
from kit.batch.planning import Plan
from kit.batch.points import Point
from kit.batch.pool import Pool
from kit.batch.round_files import WORKER
from kit.batch.rounds import BatchRun
from kit.batch.script import script, worker_environment
from kit.batch.status import Status
from kit.batch.writing import Sending, write_round

__all__ = ["Tried", "measure", "try_point"]

MUCH = 2.0  # times what would do; more is told as too much


@dataclass(frozen=True)
class Tried:
    """What became of the first point of a plan; `line` is None where it did not come to an end."""

    line: dict[str, Any] | None

    @property
    def words(self) -> str:
        """The same for people."""
        if self.line is None:
            return "the first point did not come to an end"
        used = f"{self.line['seconds']:.1f} s and {self.line['rss_mb']:.0f} MB"
        if self.line["state"] == "done":
            return f"the first point took {used}"
        error = self.line["error"]
        return f"the first point failed after {used}: cell {error['cell']}: {error['name']}: {error['value']}"

    def applied(self, plan: Plan) -> Plan:
        """Return the plan with the time that was measured, and with what its memory says of the request."""
        if self.line is None:
            return plan
        used, asked = float(self.line["rss_mb"]), plan.options.memory_mb
        enough = enough_mb(used)
        notes = list(plan.notes)
        if not enough <= asked <= MUCH * enough:
            much = "too much" if asked > enough else "too little"
            notes.append(f"{asked} MB are {much} for points of {used:.0f} MB; memory_mb {enough} would do")
        seconds = max(0.1, float(self.line["seconds"]))
        return replace(plan, seconds=seconds, ground="measured on this computer", notes=notes)


def measure(plan: Plan) -> Tried:
    """Run the first point of a plan on this computer; its result does not count."""
    with tempfile.TemporaryDirectory(prefix="kit_") as scratch:
        alone = replace(plan, points=plan.points[:1])
        batch = launching.create(alone, Path(scratch) / "try", "try")
        options = plan.options.with_values(workers=1, dag=False)
        sending = Sending(options, sites.local(), {"python": sys.executable})
        round_ = write_round(batch, [Chunk(range(1), options.memory_mb)], 0.0, sending, "001", sending.site)
        Pool(batch, round_, options).work()
        status = Status(batch)
        status.read()
        return Tried(next(status.results.lines(), None))


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
        environment = worker_environment(folder)
        status = subprocess.run(command, cwd=folder, env=environment, check=False, stdout=sys.stderr).returncode
        told = folder / "rtry_point.jsonl"
        if status or not told.stat().st_size:
            message = f"the worker ended with status {status} before {point.id} was through; what it said is above"
            raise SubmissionError(message)
        line: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        for output in line["outputs"]:
            unpack(folder / "rtry_point.tar", output, target / output["name"])
    return line, target
