"""What a sweep costs beside a plain loop over papermill, on this computer and on a real HTCondor pool.

    python tests/benchmarks/batch.py [--points 20] [--many 100000] [--repeats 1] [--json FILE]

The pool of the tests is fetched and started, with two CPUs; without it its rows are left out and said so.

short points   a notebook that sleeps for 0.3 s and shows a number, 20 times: a shell's loop over the command
               ``papermill``, ``xargs -P 2`` over the same, `kit submit` with one local process, with two, and as
               two jobs of ten on the pool; seconds on the clock from the command to the last result, and CPU
               seconds of everything that the command started (the jobs of a pool are not its children)
overhead       what a further point costs beyond its 0.3 s: the time of 20 points less that of 2, in one process
one point      from `kit submit` to its result through HTCondor, beside `papermill` alone
many points    a hundred thousand points in a thousand jobs: plan, files and `condor_submit` (the jobs stay on hold
               and are removed again); how they stand and what is sent again, from what jobs would have written;
               the event log of a hundred thousand jobs; CPU seconds and peak memory of a process of its own
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.batch.test_scale import EVENTS, simulate
from tests.conftest import write_notebook

PROJECT = Path(__file__).resolve().parents[2]
POOL = PROJECT / "tests" / "condor" / "pool"
SLEEP = 0.3  # s; what a short point does
JOBS = 1000
FURTHER = "a further point, from these two"
TARGETS = {  # meaning, bound, whether it is a least
    "loop": ("the loop / one local process, on the clock", 2.0, True),
    "pool": ("the loop / two jobs on the pool, on the clock", 2.5, True),
    "overhead": ("overhead of a point after the first, s", 0.35, False),
    "one": ("one point through HTCondor / papermill alone", 2.0, False),
    "submit": ("submit of many points, s", 10.0, False),
    "status": ("status of many points, s", 5.0, False),
    "status_mb": ("status of many points, MB", 300.0, False),
    "again": ("status again without a change, s", 0.5, False),
    "resume": ("plan of a resume, s", 5.0, False),
    "log": ("event log of as many jobs, s", 10.0, False),
    "log_mb": ("event log of as many jobs, MB", 300.0, False),
}
MEASURE = """
import json, resource, sys, time
from pathlib import Path
run, clock = Path(sys.argv[1]), time.perf_counter()
{body}
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([time.perf_counter() - clock, sum(one.ru_utime + one.ru_stime for one in usage),
                  usage[0].ru_maxrss / 1024]))
"""
SUBMIT = """
from kit.batch import launching, planning
from kit.batch.options import Options
options = Options(per_job={per_job}, try_first=False, **{options!r})
plan = planning.make_plan("beam/many", {{}}, [{{"x": n / 7}} for n in range({points})], options)
launching.launch(plan, run, say=lambda text: None)
"""
STATUS = "from kit.batch.status import status_of\nstatus_of(run)"
RESUME = """
from kit.batch import resuming
from kit.batch.options import Options
resuming.resume(run, Options(profile="local", dry_run=True, per_job={per_job}), say=lambda text: None)
"""
LOG = "from kit.batch.events import EventLog\nEventLog(run).read()"


class Took(NamedTuple):
    """Seconds on the clock, CPU seconds, MB (0 where nobody looked)."""

    seconds: float
    cpu: float
    memory: float = 0.0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def pool() -> Iterator[bool]:
    """Start the pool of the tests with two CPUs, and tell whether there is one; stop it at the end."""
    state = tempfile.mkdtemp(prefix="kit-pool-")
    Path(state).chmod(0o755)
    os.environ |= {"CONDOR_POOL_STATE": state, "CONDOR_POOL_CPUS": "2", "CONDOR_POOL_MEMORY": "4000"}
    started = subprocess.run([POOL, "start"], capture_output=True, text=True, check=False)
    try:
        if started.returncode:
            say(f"no HTCondor pool here, its rows are left out: {started.stderr.strip()}")
        else:
            shell = 'eval "$("$0" env)"; printf "%s\\n%s" "$CONDOR_CONFIG" "$PATH"'
            found = subprocess.run(["sh", "-c", shell, POOL], capture_output=True, text=True, check=True).stdout
            os.environ["CONDOR_CONFIG"], os.environ["PATH"] = found.split("\n")
        yield not started.returncode
    finally:
        subprocess.run([POOL, "stop"], capture_output=True, check=False)
        shutil.rmtree(state, ignore_errors=True)


def timed(*commands: list[Any]) -> Took:
    """Run commands one after the other, and return what they took with all that they waited for."""
    begin, before = time.perf_counter(), os.times()
    for command in commands:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(time.perf_counter() - begin, cpu)


def kit(*words: Any) -> list[Any]:
    return [sys.executable, "-m", "kit", *words]


class ShortPoints:
    """The ways to run a notebook of 0.3 s for many values; each in a folder of its own."""

    def __init__(self, folder: Path, points: int) -> None:
        self.folder, self.points = folder, points
        cells = ("parameters", "x: int = 1  # the number"), f"import time\ntime.sleep({SLEEP})\nx * x"
        self.notebook = write_notebook(folder / "notebooks" / "beam" / "short.ipynb", *cells)
        self.papermill = [sys.executable, "-m", "papermill", "--no-progress-bar", self.notebook]

    def fresh(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder)) / "run"

    def loop(self, points: int) -> Took:
        out = self.fresh().parent
        return timed(*([*self.papermill, out / f"{x}.ipynb", "-p", "x", x] for x in range(1, points + 1)))

    def xargs(self) -> Took:
        out = self.fresh().parent
        words = " ".join(map(str, [*self.papermill, out / "{}.ipynb", "-p", "x", "{}"]))
        return timed(["sh", "-c", f"seq {self.points} | xargs -P 2 -I {{}} {words}"])

    def local(self, points: int, *options: Any) -> Took:
        where = ["--profile", "local", "--run", self.fresh(), "--memory-mb", 400]
        return timed(kit("submit", "beam/short", "--over", f"x=1..{points}", *where, *options))

    def condor(self, points: int, per_job: int) -> Took:
        run = self.fresh()
        where = ["--profile", "condor", "--run", run, "--memory-mb", 400, "--disk-mb", 20, "--no-try-first"]
        where += ["--environment", f"python={sys.executable}", "--per-job", per_job]
        submit = kit("submit", "beam/short", "--over", f"x=1..{points}", *where)
        return timed(submit, kit("watch", run, "--interval", 0.2))


def short_points(folder: Path, points: int, repeats: int, *, has_pool: bool) -> dict[str, Took]:
    """Time all ways alternately, and return the best of each."""
    short = ShortPoints(folder, points)
    ways: dict[str, Callable[[], Took]] = {
        "loop over papermill": lambda: short.loop(points),
        "xargs -P 2": short.xargs,
        "kit, one local process": lambda: short.local(points, "--workers", 1, "--per-job", points),
        "the same, two points": lambda: short.local(2, "--workers", 1, "--per-job", 2),
        "kit, two local processes": lambda: short.local(points, "--workers", 2),
        "papermill, one point": lambda: short.loop(1),
    }
    if has_pool:
        ways["kit, two jobs on the pool"] = lambda: short.condor(points, points // 2)
        ways["kit, one point on the pool"] = lambda: short.condor(1, 1)
    found: dict[str, Took] = {}
    for _ in range(repeats):
        for name, way in ways.items():
            say(f"{name} …")
            found[name] = min(way(), found.get(name, Took(1e9, 0)))
    many, few = found["kit, one local process"], found["the same, two points"]
    each = 1 / (points - 2)
    found[FURTHER] = Took(each * (many.seconds - few.seconds), each * (many.cpu - few.cpu))
    return found


def measured(body: str, path: Path) -> Took:
    """Run lines in a process of their own, and return what they took once Python had started."""
    command = [sys.executable, "-c", MEASURE.format(body=body), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Took(*json.loads(done.stdout.splitlines()[-1]))


def many_points(folder: Path, points: int, *, has_pool: bool) -> dict[str, Took]:
    """Submit many points, then look at them and plan their resume as if their jobs had run."""
    write_notebook(folder / "notebooks" / "beam" / "many.ipynb", ("parameters", "x: float = 1.0  # the x"), "x")
    run, per_job = folder / "many", max(1, points // JOBS)
    options: dict[str, Any] = {"profile": "local", "dry_run": True}
    if has_pool:
        python = {"python": sys.executable}
        options = {"profile": "condor", "environment": python, "disk_mb": 20, "extra": ["hold = True"]}
    say(f"{points} points …")
    found = {"submit": measured(SUBMIT.format(points=points, per_job=per_job, options=options), run)}
    if has_pool:
        subprocess.run(["condor_rm", "-all"], capture_output=True, check=True)
        (round_,) = (run / "rounds").iterdir()
        next(round_.glob("events.*.log")).unlink()
    simulate(run)
    found["status"] = measured(STATUS, run)
    found["status again"] = measured(STATUS, run)
    found["plan of a resume"] = measured(RESUME.format(per_job=per_job), run)
    found["event log"] = measured(LOG, _long_log(folder / "events.log", points))
    return found


def _long_log(path: Path, jobs: int) -> Path:
    """Write an event log of so many jobs, each as long as HTCondor makes it."""
    filler = "".join(f"\t{word} of the job, in the words of HTCondor\n" for word in ("one", "two", "three")) * 8
    with path.open("w") as log:
        for job in range(jobs):
            text = EVENTS.format(job=f"007.{job:03d}.000", chunk=f"{job:06d}")
            log.write(text.replace("return value 0)\n", "return value 0)\n" + filler))
    return path


def targets(short: dict[str, Took], many: dict[str, Took]) -> dict[str, float]:
    """Return what is compared with the bounds."""
    loop, one = short["loop over papermill"].seconds, short["kit, one local process"].seconds
    values = {
        "loop": loop / one,
        "overhead": short[FURTHER].seconds - SLEEP,
        "submit": many["submit"].cpu,
        "status": many["status"].cpu,
        "status_mb": many["status"].memory,
        "again": many["status again"].cpu,
        "resume": many["plan of a resume"].cpu,
        "log": many["event log"].cpu,
        "log_mb": many["event log"].memory,
    }
    if "kit, two jobs on the pool" in short:
        values["pool"] = loop / short["kit, two jobs on the pool"].seconds
        values["one"] = short["kit, one point on the pool"].seconds / short["papermill, one point"].seconds
    return values


def report(short: dict[str, Took], many: dict[str, Took], values: dict[str, float]) -> str:
    rows = [("short points", "s", "CPU s")]
    rows += [(name, f"{took.seconds:.2f}", f"{took.cpu:.2f}") for name, took in short.items()]
    parts = [table(rows)]
    rows = [("many points", "s", "CPU s", "MB")]
    rows += [(name, f"{took.seconds:.2f}", f"{took.cpu:.2f}", f"{took.memory:.0f}") for name, took in many.items()]
    parts.append(table(rows))
    rows = [("target", "wanted", "found", "")]
    for key, (meaning, bound, least) in TARGETS.items():
        if key in values:
            met = values[key] >= bound if least else values[key] <= bound
            sign = "at least" if least else "at most"
            rows.append((meaning, f"{sign} {bound:g}", f"{values[key]:.3g}", "met" if met else "NOT MET"))
    return "\n\n".join([*parts, table(rows)])


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20, help="short points")
    parser.add_argument("--many", type=int, default=100_000, help="points that are planned and looked at")
    parser.add_argument("--repeats", type=int, default=1, help="rounds of the short points; the best counts")
    parser.add_argument("--json", type=Path, help="write all figures to this file, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kit_bench_") as name, pool() as has_pool:
        folder = Path(name)
        (folder / "parameters").mkdir()
        paths = filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])
        os.environ |= {"KIT_HOME": name, "PYTHONPATH": os.pathsep.join(paths)}
        os.chdir(folder)
        short = short_points(folder, options.points, options.repeats, has_pool=has_pool)
        many = many_points(folder, options.many, has_pool=has_pool)
    values = targets(short, many)
    print(report(short, many, values))  # noqa: T201
    if options.json:
        found = {"short": short, "many": many, "targets": values}
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
