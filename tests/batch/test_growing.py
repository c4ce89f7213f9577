"""A campaign grows by what is new: that alone is worked on, and what is made of all is made of old and new."""

import csv
import json
import sys
from pathlib import Path

import pytest

from kit import files
from kit.batch.campaign import campaign_in, read_campaign
from kit.batch.campaign_commands import go_on
from kit.batch.driving import look, note
from kit.batch.faults import SubmissionError
from kit.batch.growing import begin_turn
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.parameters import ParameterError

HERE = Options(profile="local")
FIND = (
    "import json\nfrom pathlib import Path\n"
    "known = {name for path in since for name in json.loads(Path(path).read_text())}\n"
    "new = sorted(str(p) for p in Path(folder).glob('*.txt') if str(p) not in known)\n"
    "_ = Path(output, 'list.json').write_text(json.dumps(new))\n"
    "_ = Path('summary.json').write_text(json.dumps({'empty': not new}))"
)
COPY = (
    "import json\nfrom pathlib import Path\nfor path in map(Path, json.loads(Path(inputs[0]).read_text())):\n"
    "    Path(output, f'number_{path.stem}.txt').write_text(path.stem)"
)
GROWS = """campaign: grows
options: {memory_mb: 300, try_first: false, workers: 1, environment: {python: PYTHON}}
stages:
  - {name: find, notebook: beam/find, again: {since: list.json}}
  - {name: copy, notebook: beam/copy, each: {inputs: {outputs_of: find, pattern: list.json}}}
  - {name: square, notebook: beam/square, each: {inputs: {outputs_of: copy, pattern: 'number_*.txt', bundle: 4}}}
  - {name: total, notebook: beam/total, all: {inputs: {outputs_of: square}}}
"""


@pytest.fixture
def grows(chain: Path, make_notebook, tmp_path: Path) -> Path:
    """Return the file of a campaign that finds the numbers of a folder, copies, squares and adds them."""
    (tmp_path / "numbers").mkdir()
    put(tmp_path, 1, 2, 3)
    found = (
        f"since: list[str] = []  # lists\nfolder: str = '{tmp_path / 'numbers'}'  # folder\noutput: str = ''  # x"
    )
    make_notebook("notebooks/beam/find.ipynb", ("parameters", found), FIND)
    inputs = "inputs: list[str] = ['demo']  # files\noutput: str = ''  # folder"
    make_notebook("notebooks/beam/copy.ipynb", ("parameters", inputs), COPY)
    path = chain.with_name("grows.yaml")
    path.write_text(GROWS.replace("PYTHON", sys.executable))
    return path


def put(folder: Path, *numbers: int) -> None:
    for number in numbers:
        (folder / "numbers" / f"{number}.txt").touch()


def called(path: Path, **given):
    """Call for a campaign on this computer, and return it with what it has said."""
    said, made = [], read_campaign(path)
    go_on(made, path, given.pop("changes", HERE), stale=False, say=said.append, show=lambda _: None, **given)
    return campaign_in(made.directory), said


def total(made) -> int:
    (row,) = csv.DictReader((batch_run(made.records["total"].run).merged / "points.csv").read_text().splitlines())
    return int(row["total"])


def inputs_of(made, name: str) -> list[str]:
    lines = batch_run(made.records[name].run).points.read_text().splitlines()
    return [Path(path).name for line in lines for path in json.loads(line)["parameters"]["inputs"]]


def states(made) -> list[str]:
    return [one.state for one in look(made)]


def test_nothing_new_changes_nothing_and_what_is_new_is_worked_on_alone_and_added(grows: Path, tmp_path: Path):
    first, _ = called(grows)
    assert total(first) == 1 + 4 + 9
    with pytest.raises(SubmissionError, match=r"grows by --again, which goes a stage at a time; leave --dag out"):
        called(grows, again=True, changes=Options(profile="condor", dag=True))
    same, said = called(grows, again=True)
    assert said[-1] == "find: nothing is new"
    assert same.records == first.records
    assert states(same) == ["complete"] * 4
    assert called(grows)[0].records == first.records
    put(tmp_path, 4, 5)
    second, _ = called(grows, again=True)
    assert states(second) == ["complete"] * 4
    assert inputs_of(second, "square") == ["number_4.txt", "number_5.txt"]
    assert total(second) == 1 + 4 + 9 + 16 + 25
    for name, record in second.records.items():
        assert record.earlier == [first.records[name].run] != [record.run]
        assert files.resolve(record.earlier[0]).is_dir()
    assert [one.words.rpartition("; ")[2] for one in look(second)] == ["runs before it: 1"] * 4


@pytest.mark.slow
def test_a_third_turn_knows_what_both_before_it_have_found(grows: Path, tmp_path: Path):
    for number in (0, 4):
        put(tmp_path, number)
        called(grows, again=number > 0)
    put(tmp_path, 6)
    third, _ = called(grows, again=True)
    assert inputs_of(third, "square") == ["number_6.txt"]
    assert len(inputs_of(third, "total")) == len(third.records["square"].earlier) + 1 == 3
    assert total(third) == 1 + 4 + 9 + 16 + 36


@pytest.mark.slow
def test_what_is_new_but_leaves_nothing_for_the_next_stage_ends_there(grows: Path, tmp_path: Path, make_notebook):
    cells = ("parameters", "inputs: list[str] = ['demo']  # files\noutput: str = ''  # folder")
    picky = COPY.replace("\n    Path(output", "\n    if path.stem < '9':\n        Path(output")
    make_notebook("notebooks/beam/copy.ipynb", cells, picky)
    first, _ = called(grows)
    put(tmp_path, 9)
    again, said = called(grows, again=True)
    assert said[-1] == "square: nothing is new"
    assert [len(again.records[name].earlier) for name in again.records] == [1, 1, 0, 0]
    assert total(again) == total(first)
    put(tmp_path, 7)
    assert total(called(grows, again=True)[0]) == 1 + 4 + 9 + 49


@pytest.mark.slow
def test_a_stage_that_has_changed_meanwhile_is_made_anew_of_old_and_new(grows: Path, tmp_path: Path):
    called(grows)
    put(tmp_path, 4)
    second, _ = called(grows, again=True)
    grows.write_text(grows.read_text().replace("bundle: 4", "bundle: 2"))
    third, _ = called(grows)
    assert sorted(inputs_of(third, "square")) == [f"number_{n}.txt" for n in (1, 2, 3, 4)]
    assert third.records["square"].earlier == []
    assert third.records["copy"] == second.records["copy"]


@pytest.mark.slow
def test_a_submission_that_was_cut_short_before_its_run_was_there_is_still_of_what_is_new(
    grows: Path, tmp_path: Path
):
    called(grows)
    put(tmp_path, 4)
    begin_turn(made := read_campaign(grows), [])
    note(made, made.stage("find"), tmp_path / "outputs/beam/find/never_made")
    second, _ = called(grows)
    assert inputs_of(second, "square") == ["number_4.txt"]
    assert [len(record.earlier) for record in second.records.values()] == [1] * 4
    assert total(second) == 1 + 4 + 9 + 16


def test_only_what_is_complete_grows(grows: Path, chain: Path):
    with pytest.raises(SubmissionError, match=r"--again adds to what is complete; find is waiting"):
        called(grows, again=True)
    with pytest.raises(SubmissionError, match=r"chain: no stage has again, such as again: \{since"):
        called(chain, again=True)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("again: [since]", r"stage find: again is \['since'\], should be such as"),
        ("again: {sinces: list.json}", r"sinces is not known \(did you mean since"),
    ],
)
def test_what_again_names_is_a_parameter_and_a_pattern(grows: Path, new: str, told: str):
    grows.write_text(grows.read_text().replace("again: {since: list.json}", new))
    with pytest.raises((SubmissionError, ParameterError), match=told):
        called(grows)


def test_again_is_for_the_stage_that_looks_things_up(grows: Path):
    grows.write_text(grows.read_text().replace("beam/copy, each", "beam/copy, again: {since: x}, each"))
    with pytest.raises(SubmissionError, match=r"stage copy: has again and outputs_of; what is new comes to it"):
        read_campaign(grows)
