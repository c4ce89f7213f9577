"""Stages as they lie in the tree, and places to run them in: a project of its own with the input of the demo."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.batch.checks import imports_of
from kit.batch.notebooks import Notebook, stages
from kit.parameters import read_yaml

PROJECT = Path(__file__).resolve().parents[2]
LONGEST = 240.0  # s; an attempt that takes longer hangs
GRACE = 8.0  # s until all that an attempt has started must be gone
RUN = "outputs/runs/run"
OWN = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}


def found_stages() -> list[Notebook]:
    """Return every stage of the project that has a demo."""
    before = os.environ.get("KIT_HOME")
    os.environ["KIT_HOME"] = str(PROJECT)
    try:
        return [one for one in stages() if (PROJECT / "parameters" / f"{one.stage}.yaml").is_file()]
    finally:
        os.environ.pop("KIT_HOME") if before is None else os.environ.update(KIT_HOME=before)


@dataclass
class Ended:
    """How an attempt ended, and what it left behind."""

    status: int | None  # negative: the signal that ended it; None: it hung
    out: str
    err: str
    cpu: float
    seconds: float
    left: list[str] = field(default_factory=list)
    trace: str = ""


class Keeper:
    """The process that starts attempts; see `tests.faults.keeper`."""

    def __init__(self, modules: Iterable[str], preload: Path | None = None) -> None:
        path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
        environment = os.environ | OWN | {"PYTHONPATH": path, "KIT_HOME": str(PROJECT)}
        if preload:
            environment["LD_PRELOAD"] = str(preload)
        words = [sys.executable, "-m", "tests.faults.keeper", *modules]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(words, env=environment, cwd=PROJECT, **pipes)
        assert self._answer() == "ready"

    def order(self, **words: Any) -> Any:
        """Give an order, and return the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the keeper has died"
        return json.loads(line)

    def address_space(self) -> int:
        """Return the address space of the keeper, in bytes: what an attempt through its cells begins with."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return 1024 * int(status.partition("VmSize:")[2].split()[0])

    def close(self) -> None:
        """End it, and all that it keeps."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def modules_of(found: Iterable[Notebook]) -> list[str]:
    """Return what the cells of some notebooks import, which is of the kit."""
    named = dict.fromkeys(module for notebook in found for module in imports_of(notebook))
    return [module for module in named if module.startswith("kit")] + ["kit.batch.execution"]


class Place:
    """A project of its own in which one stage is run, through the command or as the cells of its notebook."""

    def __init__(self, keeper: Keeper, notebook: Notebook, folder: Path, template: Path | None = None) -> None:
        self.keeper, self.notebook, self.folder = keeper, notebook, folder
        folder.mkdir(parents=True)
        self.aside = folder.parent / f"{folder.name}.aside"
        for name in ("tmp", "runtime", "said"):
            (self.aside / name).mkdir(parents=True)
        for name in ("notebooks", "parameters"):
            shutil.copytree(PROJECT / name, folder / name)
        if template and template.is_dir():
            shutil.copytree(template / "outputs" / "demo", folder / "outputs" / "demo", dirs_exist_ok=True)
        (folder / "outputs").mkdir(exist_ok=True)
        self.values = read_yaml(folder / "parameters" / f"{notebook.stage}.yaml")
        self._count = 0

    @property
    def run(self) -> Path:
        """The directory of the run."""
        return self.folder / RUN

    def start(self, door: str, values: dict[str, Any] | None = None, **options: Any) -> tuple[int, float, str]:
        """Start an attempt, and return its process, the moment and where it speaks to."""
        self._count += 1
        said = str(self.aside / "said" / f"{self._count}")
        environment = {
            "KIT_HOME": str(self.folder),
            "TMPDIR": str(self.aside / "tmp"),
            "JUPYTER_RUNTIME_DIR": str(self.aside / "runtime"),
            "IPYTHONDIR": str(self.aside / "ipython"),
        }
        order = {
            "do": "start",
            "out": f"{said}.out",
            "err": f"{said}.err",
            "folder": str(self.folder),
            "environment": environment | options.pop("environment", {}),
            **options,
        }
        chosen = self.values | (values or {})
        if door == "command":
            pairs = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in (values or {}).items()]
            words = ["run", self.notebook.stage, "-f", f"parameters/{self.notebook.stage}.yaml"]
            order["command"] = [*words, *(word for pair in pairs for word in ("-p", pair)), "-p", f"output={RUN}"]
        else:
            path = self.folder / "notebooks" / f"{self.notebook.stage}.ipynb"
            order |= {"notebook": str(path), "values": {**chosen, "output": RUN, "interactive": False}}
        return self.keeper.order(**order), time.monotonic(), said

    def end(self, started: tuple[int, float, str], seconds: float = LONGEST, grace: float = GRACE) -> Ended:
        """Wait until an attempt has ended, and return how."""
        process, begin, said = started
        answer = self.keeper.order(do="wait", process=process, seconds=seconds)
        if answer["status"] is None:
            os.killpg(process, signal.SIGKILL)
            self.keeper.order(do="wait", process=process, seconds=GRACE)
        spent = time.monotonic() - begin
        left = self.keeper.order(do="leftovers", seconds=grace) if grace else []
        texts = [_text(Path(f"{said}.{name}")) for name in ("out", "err", "err.trace")]
        return Ended(answer["status"], texts[0], texts[1], answer["cpu"], spent, left, texts[2])

    def attempt(self, door: str, values: dict[str, Any] | None = None, **options: Any) -> Ended:
        """Run the stage undisturbed."""
        return self.end(self.start(door, values, **options))

    def temporary(self) -> list[str]:
        """Return what lies in the folders for temporary files."""
        places = [self.aside / "tmp", self.aside / "runtime"]
        return sorted(str(path.relative_to(self.aside)) for place in places for path in place.rglob("*"))

    def inputs(self, manifest: dict[str, Any]) -> Iterator[Path]:
        """Yield the local files that a run has read, as they lie in this place."""
        for entry in manifest["inputs"]:
            path = Path(entry["path"])
            parts = path.parts
            for top in ("outputs", "parameters", "notebooks"):
                if top in parts:
                    yield self.folder / Path(*parts[parts.index(top) :])
                    break

    def candidates(self, manifest: dict[str, Any]) -> list[Path]:
        """Return the files that can be damaged: what a run has read, and what the demo has made."""
        made = [path for path in (self.folder / "outputs").rglob("*") if path.is_file()]
        return [path for path in {*self.inputs(manifest), *made} if path.stat().st_size]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
