"""DAGs on a real HTCondor: one node a chunk, a gate behind them, stages behind gates."""

import csv
import json
import re
import sys
from pathlib import Path

import pytest

from kit import files
from kit.batch import campaign_commands, chained_dag, stopping
from kit.batch.campaign import campaign_in, read_campaign
from kit.batch.options import Options
from kit.batch.status import status_of
from kit.run import load
from tests.condor import sweeps
from tests.condor.sweeps import TOY, swept

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
EIGHT = {"x": {"range": [1, 8]}}
SUM_OF_SQUARES = sum(n * n for n in range(12))


def chain(home):
    """Write a campaign of three stages: make files, square them in bundles, add everything; return its file."""
    (home / "parameters").mkdir(exist_ok=True)
    inputs = ("parameters", "inputs = ['demo']\noutput = ''")
    sweeps.write(home, (("parameters", "first = 0\nlimit = 1000\noutput = ''"), MAKE), "make")
    sweeps.write(home, (inputs, SQUARE), "square")
    sweeps.write(home, (inputs, TOTAL), "total")
    path = home / "parameters" / "chain.yaml"
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


def whole_chain(home):
    """Write a campaign whose points all pass."""
    (home / sweeps.MENDED).touch()
    return chain(home)


def quiet(*_):
    return None


def go_on(made, path, say=quiet, **options):
    campaign_commands.go_on(made, path, Options(profile="condor", **options), stale=False, say=say, show=quiet)


def begin(path, **options):
    made = read_campaign(path)
    go_on(made, path, **options)
    return made


def resume(made, **options):
    campaign_commands.resume(made, Options(**options), wait=False, stop_first=False, say=quiet, show=quiet)
    return made


def states(made):
    return [one.state for one in campaign_commands.follow(made, quiet)]


def run_of(made, name):
    return load(made.records[name].run)


def total_of(made):
    (row,) = csv.DictReader((run_of(made, "total").directory / "merged" / "points.csv").read_text().splitlines())
    return int(row["total"])


@pytest.mark.early(begin=swept(TOY, EIGHT, per_job=2, dag=True))
def test_four_chunks_and_a_gate_are_merged_by_the_dag_itself(early, until):
    status = until(early)
    folder = status.run.rounds[0].directory
    assert status.good
    assert (folder / "round.dag").read_text().count("\nRETRY") == 4
    assert not (folder / "job.sub").exists()
    report = json.loads((status.run.merged / "report.json").read_text())
    assert report["accepted"]
    assert len((status.run.merged / "points.csv").read_text().splitlines()) == 9
    assert status.gate.exit == 0


@pytest.mark.early(begin=swept(TOY, EIGHT, {"limit": 5.0}, per_job=4, dag=True, accept=0.7))
def test_a_gate_below_accept_fails_the_dag_but_merges(early, until):
    status = until(early)
    assert (status.counts["done"], status.counts["failed"]) == (5, 3)
    assert (status.gate.state, status.gate.exit) == ("failed", 1)
    report = json.loads((status.run.merged / "report.json").read_text())
    assert (report["accepted"], report["counts"]["failed"]) == (False, 3)


@pytest.mark.early(begin=lambda home: begin(chain(home), dag=True))
def test_a_campaign_stops_at_a_gate_and_resume_brings_it_to_its_end(early):
    standing = campaign_commands.follow(early, quiet)
    assert [one.state for one in standing] == ["stopped", "waiting", "waiting"]
    assert "below accept, 0.9" in standing[0].words
    assert not (run_of(early, "square").directory / "points.jsonl").exists()
    Path(sweeps.MENDED).touch()
    again = resume(campaign_in(early.directory), retry_failed=True)
    assert states(again) == ["complete"] * 3
    assert total_of(again) == SUM_OF_SQUARES
    make = status_of(files.resolve(early.records["make"].run))
    assert [len(round_.chunks) for round_ in make.run.rounds] == [2, 1]
    assert [len(chunk.indexes) for chunk in make.run.rounds[1].chunks] == [1]
    assert [run_of(again, name).state for name in ("make", "square", "total")] == ["complete"] * 3
    assert run_of(again, "square").manifest["inputs"][0]["path"] == str(make.run.directory)


@pytest.mark.early(begin=lambda home: begin(chain(home), dag=True))
def test_a_gate_that_a_resume_opens_lets_the_next_dag_begin_behind_it(early):
    assert states(early) == ["stopped", "waiting", "waiting"]
    again = resume(campaign_in(early.directory), accept=0.7)
    assert states(again) == ["complete"] * 3
    assert total_of(again) == sum(n * n for n in range(9))  # of the three points that are done, of four
    assert len(status_of(files.resolve(early.records["make"].run)).run.rounds) == 1
    assert run_of(again, "make").state == "complete"


@pytest.mark.early(begin=lambda home: begin(whole_chain(home), dag=True))
def test_a_complete_campaign_does_nothing(early):
    assert states(early) == ["complete"] * 3
    said = []
    go_on(campaign_in(early.directory), early.directory / "campaign.yaml", said.append, dag=True)
    assert said == ["all stages are complete"]


def test_a_dag_that_is_removed_in_its_second_stage_goes_on_from_there(tmp_path, eventually):
    made = begin(whole_chain(tmp_path), dag=True)
    square = run_of(made, "square").directory
    assert eventually(lambda: list(square.glob("results/*.jsonl")), sweeps.PATIENCE)
    stopping.settle_dag(chained_dag.rounds_of(made), wait=False, stop_first=True, say=quiet)
    before = set(sweeps.ids_in(square))
    again = resume(campaign_in(made.directory))
    assert states(again) == ["complete"] * 3
    assert total_of(again) == SUM_OF_SQUARES
    lines = sweeps.ids_in(square)
    assert before <= set(lines)
    assert len(lines) == len(set(lines))  # what came back was not submitted again


def test_stages_driven_one_by_one_give_the_same_and_the_command_line_tells_how_they_stand(kit, tmp_path):
    path = whole_chain(tmp_path)
    answer = kit("campaign", path, "--profile", "condor")
    assert (answer.status, answer.err) == (0, "")
    assert re.search(r"make +running[\s\S]*square +waiting[\s\S]*total +waiting", answer.out)
    for stages in (1, 2, 3):
        answer = kit("watch", tmp_path / "outputs/campaigns/chain")
        assert answer.out.count("complete") == stages
        kit("campaign", path, "--profile", "condor")
    assert answer.status == 0
    assert total_of(read_campaign(path)) == SUM_OF_SQUARES
