"""A chunk as it lies in a job's directory, and its worker as a process."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

WORKER = Path(__file__).resolve().parents[3] / "kit" / "batch" / "worker"


class Chunk:
    """The directory of one chunk."""

    def __init__(self, folder: Path, notebook: Path) -> None:
        self.folder = folder
        shutil.copytree(WORKER, folder / "worker", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(notebook, folder / "notebook.ipynb")
        self.results = folder / "r001_000000.jsonl"
        self.tar = folder / "r001_000000.tar"
        self.orders()

    def orders(self, **settings) -> None:
        about = {"code": "abc", "round": "001", "name": "toy.ipynb", **settings}
        (self.folder / "worker.json").write_text(json.dumps(about))

    def points(self, *values, **more) -> None:
        lines = [
            {"id": f"{index:016x}", "index": index, "parameters": parameters, **more}
            for index, parameters in enumerate(values)
        ]
        (self.folder / "000000.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def start(self, *options: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "worker", "000000", "--round", "001", *options]
        own = {"OPENBLAS_NUM_THREADS": "1", "HOME": str(self.folder), "IPYTHONDIR": str(self.folder / "ipython")}
        # ipykernel leaves the descriptors of a kernel alone where it believes itself in a test
        ours = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        return subprocess.Popen(
            command, cwd=self.folder, env=ours | own | environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *options: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(*options, **environment)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.results.read_text().splitlines()]


@pytest.fixture
def chunk(tmp_path: Path, make_notebook: Callable[..., Path]) -> Callable[..., Chunk]:
    """Return a function that makes the directory of a chunk for a notebook of these cells."""

    def make(*cells) -> Chunk:
        folder = tmp_path / "scratch"
        folder.mkdir()
        return Chunk(folder, make_notebook("toy.ipynb", *cells))

    return make
