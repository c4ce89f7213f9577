"""A batch run as it lies on the disk, written without running anything: rounds, their logs, what came back."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kit import files
from kit.batch.chunks import Chunk
from kit.batch.launching import create
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.rounds import BatchRun, Round, batch_run
from kit.batch.sites import Site
from kit.batch.status import Status
from kit.batch.worker.ledger import Ledger
from kit.batch.writing import Sending, write_round
from tests.conftest import PROJECT, TOY_BODY, TOY_END, TOY_PARAMETERS, Answer, write_notebook

CLUSTER = 17
HERE = ("--profile", "local", "--workers", "2", "--memory-mb", "400")
EVENTS = {
    "submit": "000 ({job}) 2026-11-20 10:00:00 Job submitted from host: <127.0.0.1?alias=schedd.here>\n    {text}",
    "start": "001 ({job}) 2026-11-20 10:01:00 Job executing on host: <127.0.0.1:9618>\n\tMemory = 400",
    "progress": "008 ({job}) 2026-11-20 10:02:00 progress {text}",
    "evict": "004 ({job}) 2026-11-20 10:02:00 Job was evicted.\n\t(0) {text}",
    "end": "005 ({job}) 2026-11-20 10:03:00 Job terminated.\n\t(1) Normal termination (return value 0)",
    "remove": "009 ({job}) 2026-11-20 10:03:00 Job was aborted.\n\t{text}",
    "size": "006 ({job}) 2026-11-20 10:02:00 Image size of job updated: 1\n\t{text}",
    "hold": "012 ({job}) 2026-11-20 10:03:00 Job was held.\n\t{text}",
}


class Written:
    """A run whose rounds, logs and results are written by the test, event by event."""

    def __init__(self, batch: BatchRun) -> None:
        self.batch = batch
        self.options = Options(**batch.submission["options"])
        self.ids = [json.loads(line)["id"] for line in self.batch.points.read_text().splitlines()]
        self.scratch = batch.directory.with_name(f"{batch.directory.name} made")

    @property
    def latest(self) -> Round:
        """The latest round."""
        return self.batch.rounds[-1]

    def write(self, *chunks: Sequence[int], site: str = "condor", **further: Any) -> Round:
        """Write the next round, with chunks of these indexes, and submit it nowhere."""
        number = f"{len(self.batch.rounds) + 1:03d}"
        sending = Sending(
            self.options, Site(site, "asked for"), {"python": "/usr/bin/python3"}, lambda _text: None
        )
        made = [Chunk(indexes, self.options.memory_mb, **further) for indexes in chunks]
        return write_round(self.batch, made, 1.0, sending, number, sending.site)

    def send(self, *chunks: Sequence[int], cluster: int = CLUSTER, **about: Any) -> Round:
        """Write the next round and note that it was submitted; its log has the first event of each job."""
        made = self.write(*chunks)
        record = {"profile": "condor", "cluster": cluster, "schedd": "schedd.here", "spool": False} | about
        files.write_json(made.directory / "submitted.json", record)
        for process, chunk in enumerate(made.chunks):
            self.tell("submit", process, f"chunk {chunk.name}", cluster=cluster)
        return made

    def tell(self, event: str, process: int, text: str = "", cluster: int = CLUSTER) -> None:
        """Append an event to the log of the latest round."""
        job = f"{cluster:03d}.{process:03d}.000"
        with self.latest.log.open("a", encoding="utf-8") as stream:
            stream.write(EVENTS[event].format(job=job, text=text) + "\n...\n")

    def begin(self, *processes: int) -> None:
        """Let jobs of the latest round reach the pool and start."""
        for process in processes:
            self.tell("submit", process, f"chunk {self.latest.chunks[process].name}")
            self.tell("start", process)

    def bring(
        self, states: Mapping[int, str], number: str = "", chunk: str = "", text: str = "", **more: Any
    ) -> Path:
        """Leave lines and files of points, as their worker does, and return the path of the lines.

        They belong to the latest round, and to its chunk that has the first of the points, unless told otherwise.
        """
        latest = self.batch.rounds[-1:]
        number = number or (latest[0].number if latest else "001")
        first = next(iter(states))
        known = [one.name for round_ in latest for one in round_.chunks if first in one.indexes]
        chunk = chunk or (known[0] if known else "000000")
        ledger = Ledger(self.batch.results, f"r{number}_{chunk}")
        for index, state in states.items():
            folder = self.scratch / number / str(index)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "x.txt").write_text(f"point {index}{text}")
            ledger.add(self.line(index, state, number, chunk) | more, folder)
        ledger.close()
        return ledger.path

    def read(self) -> Status:
        """Return how the run stands, read anew."""
        status = Status(self.batch)
        status.read()
        return status

    def line(self, index: int, state: str, number: str = "001", chunk: str = "000000") -> dict[str, Any]:
        """Return the line of a point that took 1 + `index` s of time, half of it on the processor."""
        error = {"name": "ValueError", "value": "too big", "cell": 3, "traceback": ["ValueError: too big"]}
        return {
            "id": self.ids[index], "index": index, "chunk": chunk, "round": number, "code": "abc", "state": state,
            "started": "2026-11-20T10:00:00+00:00", "seconds": 1.0 + index, "cpu_seconds": (1.0 + index) / 2,
            "rss_mb": 100.0 + index, "host": "node", "slot": "slot1", "kit": "0", "outputs": [],
            "error": None if state == "done" else error, "summary": {"square": (index + 1) ** 2},
        }  # fmt: skip


@pytest.fixture
def written(toy: Path, tmp_path: Path) -> Callable[..., Written]:
    """Return a function that writes a run of `toy` at the points x = 1, 2, …, of which nothing was submitted."""

    def write(points: int = 6, name: str = "run", **options: Any) -> Written:
        options = {"profile": "local", "try_first": False, "memory_mb": 400} | options
        plan = make_plan(str(toy), {}, {"x": {"range": [1, points]}}, Options.build(options))
        return Written(create(plan, tmp_path / name, "sweep"))

    return write


@pytest.fixture
def two_rounds(written: Callable[..., Written]) -> Written:
    """Return a run of five points: one failed first, one done twice, one still failed, one without a line."""
    made = written(5)
    made.send([0, 1, 2, 3, 4])
    made.bring({3: "done", 0: "failed", 1: "done", 2: "failed"})
    made.tell("end", 0)
    made.send([0, 1, 2, 4], cluster=18)
    made.tell("end", 0, cluster=18)
    made.bring({0: "done", 1: "done", 2: "memory"}, "002", text=" again")
    return made


PROGRAM = """#!/bin/sh
name=${0##*/}
here=${0%/*}
printf '%s\\n' "$name $*" >>"$here/calls"
if [ -f "$here/$name.err" ]; then cat "$here/$name.err" >&2; exit 1; fi
if [ -f "$here/$name.out" ]; then cat "$here/$name.out"; fi
"""
WORDS = {
    "condor_version": "$CondorVersion: 23.9.6 2024-08-08 BuildID: 748275 $\n",
    "condor_submit": "17.0 - 17.1\n",
    "condor_submit_dag": "1 job(s) submitted to cluster 18.\n",
    "condor_q": "",
    "condor_rm": "All jobs in cluster 17 have been marked for removal\n",
    "condor_config_val": "",
    "klist": "",
}


class Commands(NamedTuple):
    """The folder of the commands."""

    folder: Path

    def says(self, name: str, text: str) -> None:
        """Let a command succeed with these words."""
        (self.folder / f"{name}.err").unlink(missing_ok=True)
        (self.folder / f"{name}.out").write_text(text)

    def does(self, name: str, script: str = "") -> Callable[[], list[str]]:
        """Let a command do what a shell script says, and return a function that tells how it was called."""
        (self.folder / name).write_text(f"{PROGRAM.partition('if')[0]}{script}\n")
        (self.folder / name).chmod(0o755)
        return lambda: self.calls(name)

    def fails(self, name: str, text: str) -> None:
        """Let a command fail with these words."""
        (self.folder / f"{name}.err").write_text(text)

    def calls(self, name: str) -> list[str]:
        """Return what a command was asked, in order."""
        record = self.folder / "calls"
        lines = record.read_text().splitlines() if record.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Let programs stand for the commands of HTCondor: a pool that takes everything and runs nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in WORDS.items():
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
        (folder / f"{name}.out").write_text(text)
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")
    for name in ("LOADEDMODULES", "CERN_HTCONDOR", "SWAN_HOME"):
        monkeypatch.delenv(name, raising=False)
    return Commands(folder)


@pytest.fixture
def no_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no command be found at all."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    for name in ("LOADEDMODULES", "CERN_HTCONDOR", "SWAN_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sent(launched: Callable[..., Any], commands: Commands) -> Callable[..., Written]:
    """Return a function that submits a sweep to a pool that takes everything and runs nothing."""
    commands.says("condor_q", json.dumps([{"ClusterId": 17, "GlobalJobId": "schedd.here#17.0#1"}]))
    small = {"profile": "condor", "environment": {"python": sys.executable}, "memory_mb": 300}

    def send(notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, **options: Any) -> Written:
        return Written(launched(notebook, sweep, fixed, **(small | options)).run)

    return send


@pytest.fixture
def take_up() -> Callable[[str], Written]:
    """Return a function that goes on writing a run that a command has made."""
    return lambda run: Written(batch_run(run))


@pytest.fixture
def removing(commands: Commands) -> Callable[..., Any]:
    """Return a function that lets condor_rm do what it does: write into the log that these jobs were removed."""

    def make(made: Written, *processes: int, cluster: int = CLUSTER) -> Callable[[], list[str]]:
        event = EVENTS["remove"].format(job="%s", text="via condor_rm").replace("\n", "\\n") + "\\n...\\n"
        told = [event % f"{cluster:03d}.{process:03d}.000" for process in processes]
        return commands.does("condor_rm", "".join(f"printf '{text}' >>'{made.latest.log}'\n" for text in told))

    return make


@pytest.fixture
def here() -> tuple[str, ...]:
    """Return the options of a small pool on this computer."""
    return HERE


@pytest.fixture
def submit(kit: Callable[..., Any], toy: Path, here: tuple[str, ...]) -> Callable[..., Any]:
    """Return the command that submits the toy notebook to this computer."""
    return lambda *words: kit("submit", "beam/toy", "--run", "run", "--per-job", "3", *here, *words)


@pytest.fixture(scope="session")
def failed_sweep(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """Submit six points of which two fail, once for all tests; return the project and the answer."""
    home = tmp_path_factory.mktemp("failed")
    body = TOY_BODY.replace("Path('/KIT_MENDED')", "Path(os.environ['KIT_HOME'], 'mended')")
    cells = ("parameters", TOY_PARAMETERS), f"import os\n{body}", TOY_END
    write_notebook(home / "notebooks" / "beam" / "toy.ipynb", *cells)
    sweep = ("--over", "x=1..6", "-p", "limit=4.5", "--run", "run", "--per-job", "3", *HERE)
    paths = {
        "KIT_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "kit", "submit", "beam/toy", *sweep],
        cwd=home, env=os.environ | paths, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return home, Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def failing(failed_sweep: tuple[Path, Answer], tmp_path: Path) -> Answer:
    """Return what the submission of six points said of which two fail; the test has the project for itself."""
    home, answer = failed_sweep
    shutil.copytree(home, tmp_path, dirs_exist_ok=True, symlinks=True)
    return answer


MAKE = (
    "from pathlib import Path\nassert first <= limit, first\nfor n in range(first, first + 2):\n"
    "    Path(output, f'number_{n}.txt').write_text(str(n))"
)
SQUARE = (
    "import json\nfrom pathlib import Path\nvalues = [int(Path(name).read_text()) ** 2 for name in inputs]\n"
    "_ = Path(output, 'squares.json').write_text(json.dumps(values))"
)
TOTAL = (
    "import json\nfrom pathlib import Path\n"
    "found = [path for root in inputs for path in Path(root).glob('**/squares.json')]\n"
    "total = sum(sum(json.loads(path.read_text())) for path in found)\n"
    "_ = Path('summary.json').write_text(json.dumps({'total': total}))"
)
CHAIN = """campaign: chain
options: {memory_mb: 300, disk_mb: 20, try_first: false, workers: 1, per_job: 4, environment: {python: PYTHON}}
stages:
  - {name: make, notebook: beam/make, set: {limit: 9}, each: {first: [0, 2, 4]}, accept: 0.6}
  - {name: square, notebook: beam/square, each: {inputs: {outputs_of: make, pattern: 'number_*.txt', bundle: 4}}}
  - {name: total, notebook: beam/total, all: {inputs: {outputs_of: square}}}
"""


@pytest.fixture
def chain(make_notebook: Callable[..., Path], tmp_path: Path) -> Path:
    """Return the file of a campaign of three stages: make files, square them four at a time, add everything."""
    inputs = ("parameters", "inputs: list[str] = ['demo']  # files\noutput: str = ''  # folder")
    numbers = "first: int = 0  # number\nlimit: int = 100  # number\noutput: str = ''  # folder"
    make_notebook("notebooks/beam/make.ipynb", ("parameters", numbers), MAKE)
    make_notebook("notebooks/beam/square.ipynb", inputs, SQUARE)
    make_notebook("notebooks/beam/total.ipynb", inputs, TOTAL)
    path = tmp_path / "parameters" / "campaigns" / "chain.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(CHAIN.replace("PYTHON", sys.executable))
    return path
