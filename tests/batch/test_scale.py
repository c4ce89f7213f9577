"""A hundred thousand points: planned, looked at and resumed within seconds and little memory.

What HTCondor and a thousand jobs would have written is written here. Times are the spec's, taken as CPU time,
since others may use this machine, too; on the clock they are measured by ``benchmarks/batch.py``.
"""

import json

import pytest

pytestmark = pytest.mark.slow  # what it measures depends on the machine and on who else uses it

POINTS, JOBS = 100_000, 1000
MISSING = 2000  # points without a line
LINE = {
    "state": "done", "seconds": 1.5, "cpu_seconds": 1.2, "error": None, "host": "node", "kit": "0.1.0",
    "outputs": [], "rss_mb": 120.5, "slot": "slot1_1@node.example", "started": "2026-11-20T08:30:00+00:00",
    "summary": {"events": 12, "mean": 0.5}, "other_words": "x" * 90,
}  # fmt: skip
EVENTS = """000 ({job}) 2026-11-20 08:30:00 Job submitted from host: <127.0.0.1:1?alias=schedd.example>
    chunk {chunk}
...
001 ({job}) 2026-11-20 08:31:00 Job executing on host: <127.0.0.1:1>
\tSlotName: slot1_1@node.example
\tMemory = 2048
...
006 ({job}) 2026-11-20 08:32:00 Image size of job updated: 35
\t110  -  MemoryUsage of job (MB)
...
005 ({job}) 2026-11-20 08:40:00 Job terminated.
\t(1) Normal termination (return value 0)
...
"""
MEASURE = (
    "import json, resource, time\nfrom pathlib import Path\nstart = time.process_time()\n{body}\n"
    "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
    "print(json.dumps([time.process_time() - start, peak, result]))"
)


@pytest.fixture
def measured(python):
    """Return a function that runs lines in a process of their own: CPU seconds, peak memory in MB, `result`."""

    def measure(body):
        out, err = python("-c", MEASURE.format(body=body)).communicate(timeout=300)
        assert out, err
        return json.loads(out)

    return measure


@pytest.fixture
def planned(toy, measured, tmp_path):
    body = (
        "from kit.batch import launching, planning, sites\nfrom kit.batch.chunks import cut\n"
        "from kit.batch.options import Options\nfrom kit.batch.writing import Sending, write_round\n"
        f"sets = [{{'x': n / 7}} for n in range({POINTS})]\n"
        "plan = planning.make_plan('beam/toy', {}, sets, Options(profile='local', per_job=100))\n"
        f"batch = launching.create(plan, Path({str(tmp_path / 'run')!r}), 'run')\n"
        "chunks = cut(range(len(plan.points)), plan.jobs, 2000)\n"
        "site = sites.choose('local', {'shared': []}, batch.directory)\n"
        "sending = Sending(plan.options, site, plan.environment)\n"
        "write_round(batch, chunks, 1.0, sending, '001', site)\n"
        "result = [len(plan.points), len(chunks)]"
    )
    return tmp_path / "run", measured(body)


def simulate(run):
    """Write what a thousand jobs would have left: lines, log, and the record of the submission."""
    from kit.batch.rounds import batch_run

    batch = batch_run(run)
    round_ = batch.rounds[0]
    about = {"profile": "condor", "cluster": 7, "schedd": "schedd.example", "dag": None}
    (round_.directory / "submitted.json").write_text(json.dumps(about))
    points = batch.points.read_text().splitlines()
    with round_.log.open("w") as log:
        for process, chunk in enumerate(round_.chunks):
            log.write(EVENTS.format(job=f"007.{process:03d}.000", chunk=chunk.name))
            present = chunk.indexes if process >= MISSING // 100 else []
            lines = [json.loads(points[index]) for index in present]
            common = {
                "chunk": chunk.name,
                "round": "001",
                "code": "c" * 64,
                "state": "done",
                "seconds": 1.5,
            } | LINE
            texts = [json.dumps({"id": line["id"], "index": line["index"]} | common) + "\n" for line in lines]
            (batch.results / f"r001_{chunk.name}.jsonl").write_text("".join(texts))
            (batch.results / f"r001_{chunk.name}.tar").touch()


def test_a_hundred_thousand_points_become_a_thousand_jobs_in_ten_seconds(planned):
    _, (seconds, memory, result) = planned
    assert result == [POINTS, JOBS]
    assert seconds < 10
    assert memory < 600


def test_status_and_resume_of_them_take_seconds(planned, measured, tmp_path):
    run, _ = planned
    simulate(run)
    assert sum(path.stat().st_size for path in (run / "results").glob("*.jsonl")) > 35e6
    look = f"from kit.batch.status import status_of\nstatus = status_of({str(run)!r})\nresult = status.counts"
    seconds, memory, counts = measured(look)
    assert counts["done"] == POINTS - MISSING
    assert counts["missing"] == MISSING
    assert (seconds < 5, memory < 300) == (True, True), (seconds, memory)
    seconds, _, again = measured(look)
    assert again == counts
    assert seconds < 0.5, seconds
    plan = (
        "from kit.batch import resuming\nfrom kit.batch.options import Options\n"
        "said = []\noptions = Options(profile='local', dry_run=True, per_job=100)\n"
        f"resuming.resume({str(run)!r}, options, say=said.append)\nresult = said"
    )
    seconds, memory, said = measured(plan)
    assert said[0].startswith(f"{MISSING} points are sent again")
    assert (seconds < 5, memory < 300) == (True, True), (seconds, memory)
    assert len((run / "rounds/002/chunks.txt").read_text().splitlines()) == 2 * MISSING // 100  # half as long


@pytest.mark.slow
def test_the_log_of_a_hundred_thousand_jobs_is_read_in_ten_seconds(measured, tmp_path):
    path = tmp_path / "events.log"
    filler = (
        "".join(f"\t{word} of the job, as long as HTCondor makes it\n" for word in ("one", "two", "three")) * 8
    )
    with path.open("w") as log:
        for job in range(100_000):
            text = EVENTS.format(job=f"007.{job:03d}.000", chunk=f"{job:06d}")
            log.write(text.replace("return value 0)\n", "return value 0)\n" + filler))
    assert path.stat().st_size > 150e6
    lines = ["from kit.batch.events import EventLog", f"log = EventLog(Path({str(path)!r}))", "log.read()"]
    body = "\n".join([*lines, "result = len(log.jobs)"])
    seconds, memory, jobs = measured(body)
    assert jobs == 100_000
    assert (seconds < 10, memory < 300) == (True, True), (seconds, memory)
