"""What jobs do not see travels with them, each file under a name of its own that the worker knows."""

import json

import pytest

from kit.batch import launching
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.planning import make_plan

CELLS = ("parameters", "inputs: list[str] = ['demo']  # files"), "inputs"


@pytest.fixture
def sending(make_notebook, commands, tmp_path):
    """Return a function that submits points of these files to a pool that sees no file, and returns the round."""
    notebook = make_notebook("notebooks/beam/reading.ipynb", *CELLS)

    def send(*points, **options):
        chosen = Options.build(
            {"profile": "condor", "environment": {"python": "/usr/bin/python3"}, "try_first": False} | options
        )
        rows = [{"inputs": [str(path) for path in paths]} for paths in points]
        made = make_plan(str(notebook), {}, rows, chosen)
        return launching.launch(made, tmp_path / "run", say=lambda _text: None).rounds[0]

    return send


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a small file."""

    def make(place):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place)
        return path

    return make


def brought(round_):
    rows = (round_.directory / "chunks.txt").read_text().splitlines()
    return [row.split(", ")[3:] for row in rows]


def inputs_of(round_, chunk):
    text = (round_.directory / "points" / f"{chunk}.jsonl").read_text()
    return [json.loads(line)["inputs"] for line in text.splitlines()]


def test_each_job_brings_its_own_files_only(sending, made):
    one, two = made("a.txt"), made("b.txt")
    round_ = sending([one], [two], per_job=1)
    assert brought(round_) == [[str(one)], [str(two)]]
    assert inputs_of(round_, "000001") == [{str(two): "b.txt"}]
    assert not (round_.directory / "inputs").exists()


def test_files_of_one_name_travel_under_names_of_their_own(sending, made):
    one, two, other = made("a/x.txt"), made("b/x.txt"), made("y.txt")
    round_ = sending([one, two], [two, other], per_job=2)
    links = ["inputs/000000/0_x.txt", "inputs/000000/1_x.txt"]
    assert brought(round_) == [[*links, str(other)]]
    assert [(round_.directory / link).read_text() for link in links] == ["a/x.txt", "b/x.txt"]
    assert inputs_of(round_, "000000")[1] == {str(one): "0_x.txt", str(two): "1_x.txt", str(other): "y.txt"}


def test_a_file_named_like_one_of_the_job_itself_does_not_take_its_place(sending, made):
    paths = [made(name) for name in ("notebook.ipynb", "worker.json", "run.sh", "000000.jsonl")]
    round_ = sending(paths)
    assert brought(round_) == [[f"inputs/000000/{n}_{path.name}" for n, path in enumerate(paths)]]


def test_two_folders_of_one_name_cannot_travel_with_one_job(sending, tmp_path):
    folders = [tmp_path / name / "set" for name in "ab"]
    for folder in folders:
        folder.mkdir(parents=True)
    with pytest.raises(SubmissionError, match=r"a/set: another folder of this name travels with the same job"):
        sending(folders)
    assert not (tmp_path / "run" / "rounds" / "001").exists()


def test_a_whole_batch_run_travels_as_the_folder_of_its_points(sending, written):
    run = written(2, "before").batch.directory
    (run / "outputs").mkdir()
    round_ = sending([run])
    assert brought(round_) == [[str(run / "outputs")]]
    assert inputs_of(round_, "000000") == [{str(run): "outputs"}]


@pytest.mark.parametrize(
    "name", ["a,b.txt", "a.txt ", "a\nqueue 9.txt", 'a"b.txt', "$(chunk).txt", "$ENV(HOME).txt", "$$([1+1]).txt"]
)
def test_a_name_that_htcondors_lists_cannot_hold_is_refused(sending, made, name):
    with pytest.raises(SubmissionError, match="HTCondor's lists cannot hold"):
        sending([made(name)])
