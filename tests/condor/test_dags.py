"""DAGs on a real HTCondor: one node a chunk, a gate behind them, stages behind gates."""

import csv
import json
import re
import subprocess
import sys
import time

import pytest

from kit.batch import campaign_commands, chained_dag, stopping
from kit.batch.campaign import campaign_in, read_campaign
from kit.batch.options import Options
from kit.batch.status import status_of
from kit.run import load

pytestmark = pytest.mark.slow  # a pool is fetched, started and worked hard

MAKE = (
    "from pathlib import Path\nif first > limit and not Path('/KIT_MENDED').exists():\n"
    "    raise ValueError(first)\nfor n in range(first, first + 3):\n"
    "    Path(output, f'number_{n}.txt').write_text(str(n))"
)
SQUARE = (
    "import json\nfrom pathlib import Path\nvalues = [int(Path(name).read_text()) ** 2 for name in inputs]\n"
    "Path(output, 'squares.json').write_text(json.dumps(values))\n"
    "_ = Path('summary.json').write_text(json.dumps({'values': len(values), 'sum': sum(values)}))"
)
TOTAL = (
    "import json\nfrom pathlib import Path\n"
    "found = [path for root in inputs for path in Path(root).glob('**/squares.json')]\n"
    "total = sum(sum(json.loads(path.read_text())) for path in found)\n"
    "_ = Path('summary.json').write_text(json.dumps({'total': total}))"
)
SUM_OF_SQUARES = sum(n * n for n in range(12))


@pytest.fixture
def chain(make_notebook, tmp_path):
    """Return the file of a campaign of three stages: make files, square them in bundles, add everything."""
    (tmp_path / "parameters").mkdir()
    inputs = ("parameters", "inputs = ['demo']\noutput = ''")
    body = MAKE.replace("/KIT_MENDED", str(tmp_path / "mended"))
    make_notebook("notebooks/beam/make.ipynb", ("parameters", "first = 0\nlimit = 1000\noutput = ''"), body)
    make_notebook("notebooks/beam/square.ipynb", inputs, SQUARE)
    make_notebook("notebooks/beam/total.ipynb", inputs, TOTAL)
    path = tmp_path / "parameters" / "chain.yaml"
    path.write_text(
        "campaign: chain\n"
        "options: {memory_mb: 300, disk_mb: 20, try_first: false, per_job: 2, environment: {python: "
        f"{sys.executable}}}}}\n"
        "stages:\n"
        "  - {name: make, notebook: beam/make, set: {limit: 6}, each: {first: {range: [0, 9, 3]}}, accept: 0.9}\n"
        "  - {name: square, notebook: beam/square,\n"
        "     each: {inputs: {outputs_of: make, pattern: 'number_*.txt', bundle: 2}}}\n"
        "  - {name: total, notebook: beam/total, all: {inputs: {outputs_of: square}}}\n"
    )
    return path


def quiet(*_):
    return None


def begin(path, **options):
    made = read_campaign(path)
    campaign_commands.go_on(made, path, Options(**options), stale=False, say=quiet, show=quiet)
    return made


def states(standing):
    return [one.state for one in standing]


def ids_in(directory):
    texts = (path.read_text() for path in directory.glob("results/*.jsonl"))
    return [json.loads(line)["id"] for text in texts for line in text.splitlines()]


def total_of(made):
    run = load(made.records["total"].run)
    (row,) = csv.DictReader((run.directory / "merged" / "points.csv").read_text().splitlines())
    return int(row["total"])


def test_four_chunks_and_a_gate_are_merged_by_the_dag_itself(toy, submitted, until):
    status = until(submitted(toy, {"x": {"range": [1, 8]}}, per_job=2, dag=True))
    folder = status.run.rounds[0].directory
    assert status.good
    assert (folder / "round.dag").read_text().count("\nRETRY") == 4
    assert not (folder / "job.sub").exists()
    report = json.loads((status.run.merged / "report.json").read_text())
    assert report["accepted"]
    assert len((status.run.merged / "points.csv").read_text().splitlines()) == 9
    assert status.gate.exit == 0


def test_a_gate_below_accept_fails_the_dag_but_merges(toy, submitted, until):
    status = until(submitted(toy, {"x": {"range": [1, 8]}}, {"limit": 5.0}, per_job=4, dag=True, accept=0.7))
    assert (status.counts["done"], status.counts["failed"]) == (5, 3)
    assert (status.gate.state, status.gate.exit) == ("failed", 1)
    report = json.loads((status.run.merged / "report.json").read_text())
    assert (report["accepted"], report["counts"]["failed"]) == (False, 3)


def test_a_campaign_stops_at_a_gate_and_resume_brings_it_to_its_end(chain, tmp_path):
    made = begin(chain, dag=True, profile="condor")
    standing = campaign_commands.follow(made, quiet)
    assert states(standing) == ["stopped", "waiting", "waiting"]
    assert "below accept, 90%" in standing[0].words
    square = load(made.records["square"].run)
    assert not (square.directory / "points.jsonl").exists()
    (tmp_path / "mended").touch()
    again = campaign_in(made.directory)
    campaign_commands.resume(
        again, Options(retry_failed=True), wait=False, stop_first=False, say=quiet, show=quiet
    )
    standing = campaign_commands.follow(again, quiet)
    assert states(standing) == ["complete", "complete", "complete"]
    assert total_of(again) == SUM_OF_SQUARES
    make = status_of(tmp_path / made.records["make"].run)
    assert [len(round_.chunks) for round_ in make.run.rounds] == [2, 1]
    assert [len(chunk.indexes) for chunk in make.run.rounds[1].chunks] == [1]
    for name in ("make", "square", "total"):
        assert load(again.records[name].run).state == "complete"
    assert load(again.records["square"].run).manifest["inputs"][0]["path"] == str(make.run.directory)


def test_stages_driven_one_by_one_on_condor_give_the_same(chain, tmp_path):
    (tmp_path / "mended").touch()
    made = begin(chain, profile="condor")
    end = time.monotonic() + 120
    while states(standing := campaign_commands.follow(made, quiet)) != ["complete"] * 3:
        assert time.monotonic() < end, standing
        made = begin(chain, profile="condor")
    assert total_of(made) == SUM_OF_SQUARES


def test_a_dag_that_is_removed_in_its_second_stage_goes_on_from_there(chain, tmp_path, eventually):
    (tmp_path / "mended").touch()
    made = begin(chain, dag=True, profile="condor")
    square = load(made.records["square"].run).directory
    assert eventually(lambda: list(square.glob("results/*.jsonl")), 90)
    stopping.settle_dag(chained_dag.rounds_of(made), wait=False, stop_first=True, say=quiet)
    done_before = set(ids_in(square))
    again = campaign_in(made.directory)
    campaign_commands.resume(again, Options(), wait=False, stop_first=False, say=quiet, show=quiet)
    assert states(campaign_commands.follow(again, quiet)) == ["complete"] * 3
    assert total_of(again) == SUM_OF_SQUARES
    lines = [
        json.loads(line)["id"] for path in square.glob("results/*.jsonl") for line in path.read_text().splitlines()
    ]
    assert done_before <= set(lines)
    assert len(lines) == len(set(lines))  # what came back was not submitted again


def test_a_complete_campaign_does_nothing(chain, tmp_path):
    (tmp_path / "mended").touch()
    made = begin(chain, dag=True, profile="condor")
    campaign_commands.follow(made, quiet)
    said = []
    campaign_commands.go_on(
        campaign_in(made.directory),
        chain,
        Options(dag=True, profile="condor"),
        stale=False,
        say=said.append,
        show=quiet,
    )
    assert said == ["all stages are complete"]


def test_the_command_line_tells_how_the_stages_stand(chain, kit, tmp_path):
    (tmp_path / "mended").touch()
    answer = kit("campaign", chain, "--dag", "--profile", "condor")
    assert (answer.status, answer.err) == (0, "")
    assert re.search(r"make\s+running[\s\S]*square\s+waiting[\s\S]*total\s+waiting", answer.out)
    answer = kit("watch", tmp_path / "outputs/campaigns/chain")
    assert answer.status == 0
    assert answer.out.count("complete") == 3
    assert (
        subprocess.run(["condor_q", "-af", "ClusterId"], capture_output=True, text=True, check=True).stdout == ""
    )
