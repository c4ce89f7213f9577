"""One point in its own directory and kernel: its line tells the truth, its notebook is kept whatever happens."""

import json
import sys

import nbformat
import pytest

from kit.batch.worker.engine import Midwife
from kit.batch.worker.execution import Execution, _error, _summary
from kit.batch.worker.limits import Limits
from kit.batch.worker.orders import Orders, Point
from kit.batch.worker.watch import Watch


@pytest.fixture
def executing(make_notebook, tmp_path, monkeypatch):
    """Return a function that makes the execution of a notebook, with kernels of its own and a watch that looks."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel leaves its output alone where it sees it
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    made = []

    def make(*cells, point_timeout=None, kernel="python3", **settings):
        make_notebook("scratch/notebook.ipynb", *cells, kernel=kernel)
        orders = Orders("abc", "002", "toy.ipynb", point_timeout=point_timeout, **settings)
        watch = Watch(Limits(None, None), point_timeout)
        midwife = Midwife(None, watch.begin_kernel)
        watch.start()
        made.append((watch, midwife))
        return Execution(orders, "000120", midwife, watch, tmp_path / "scratch")

    yield make
    for watch, midwife in made:
        watch.stop()
        midwife.close()


def test_a_line_has_every_field_and_the_directory_every_file(executing, tmp_path):
    source = "open('summary.json', 'w').write('{\"square\": %d}' % (x * x))"
    execution = executing(("parameters", "x = 1"), source)
    line, directory = execution.run(Point("aa", 7, {"x": 3}))
    fields = "id index chunk round code state started seconds cpu_seconds rss_mb host slot kit error summary"
    assert list(line) == fields.split()
    assert [line[name] for name in ("id", "index", "chunk", "round", "code")] == ["aa", 7, "000120", "002", "abc"]
    assert (line["state"], line["error"], line["summary"], line["slot"]) == ("done", None, {"square": 9}, "local")
    assert line["seconds"] > 0
    assert line["rss_mb"] > 10
    assert line["started"].endswith("+00:00")
    assert directory == tmp_path / "scratch" / "points" / "aa"
    assert sorted(path.name for path in directory.iterdir()) == ["summary.json", "toy.ipynb"]


def test_a_point_finds_nothing_of_an_earlier_attempt_and_leaves_nothing_behind(executing, tmp_path):
    execution = executing(("parameters", "x = 1"), "from pathlib import Path\nassert not list(Path().iterdir())")
    stale = tmp_path / "scratch" / "points" / "aa" / "half.root"
    stale.parent.mkdir(parents=True)
    stale.touch()
    line, directory = execution.run(Point("aa", 0, {}))
    assert line["state"] == "done"
    execution.clear(directory)
    assert not directory.exists()


def test_only_parameters_that_the_notebook_takes_are_set_beside_the_points_own(executing, tmp_path):
    execution = executing(
        ("parameters", "x = 1\noutput = ''\ninputs = []"),
        "import json\njson.dump([output, inputs, 'interactive' in globals()], open('summary.json', 'w'))",
        takes=["output"],
    )
    _, directory = execution.run(Point("aa", 0, {"inputs": ["/far/a.root"]}, {"/far/a.root": "source/a.root"}))
    told = json.loads((directory / "summary.json").read_text())
    assert told == [str(directory), [str(tmp_path / "scratch" / "source" / "a.root")], False]


def test_a_failed_point_keeps_its_notebook_with_the_cell_that_failed(executing):
    execution = executing(("parameters", "x = 1"), "y = 2", "1 / x")
    line, directory = execution.run(Point("aa", 0, {"x": 0}))
    assert line["state"] == "failed"
    assert {name: line["error"][name] for name in ("name", "value", "cell")} == {
        "name": "ZeroDivisionError", "value": "division by zero", "cell": 4,
    }  # fmt: skip
    cells = nbformat.read(directory / "toy.ipynb", as_version=4).cells
    assert any(out.output_type == "error" for cell in cells for out in cell.get("outputs", []))
    assert execution.left_out("failed") == frozenset()


def test_a_point_over_its_time_says_so_on_top_of_its_notebook(executing):
    execution = executing(("parameters", "x = 1"), "import time\ntime.sleep(60)", point_timeout=2.5)
    line, directory = execution.run(Point("aa", 0, {}))
    assert (line["state"], line["error"]["name"], line["error"]["cell"]) == ("timeout", "KeyboardInterrupt", 2)
    assert line["error"]["value"] == "ran longer than its limit, 2.5 s"
    notebook = nbformat.read(directory / "toy.ipynb", as_version=4)
    assert notebook.cells[0].source.startswith("**This point ran longer than allowed and was ended after ")
    assert notebook.metadata.papermill.exception is True


def test_a_point_that_the_end_of_the_job_cut_short_has_no_line(executing):
    execution = executing(("parameters", "x = 1"), "import time\ntime.sleep(60)")
    execution.watch.limits = Limits(None, 0.0)  # long ago
    assert execution.run(Point("aa", 0, {})) is None


def test_a_python_kernel_is_this_python_whatever_its_name_was(executing):
    source = "import json, sys\njson.dump({'python': sys.executable}, open('summary.json', 'w'))"
    line, _ = executing(("parameters", "x = 1"), source, kernel="lcg").run(Point("aa", 0, {}))
    assert line["summary"] == {"python": sys.executable}


@pytest.mark.parametrize(
    ("keep", "state", "left_out"),
    [("all", "done", set()), ("failed", "done", {"toy.ipynb"}), ("failed", "memory", set())],
)
def test_only_the_notebooks_of_good_points_can_stay_behind(executing, keep, state, left_out):
    assert executing(("parameters", "x = 1"), keep_notebooks=keep).left_out(state) == left_out


def test_of_a_traceback_the_last_20_lines_come_home_without_colours():
    traceback = [f"\x1b[0;31mline {number}\x1b[0m" for number in range(30)]
    told = _error("E", "\x1b[1mbad\x1b[0m", 4, traceback)
    assert told == {"name": "E", "value": "bad", "cell": 4, "traceback": [f"line {n}" for n in range(10, 30)]}


@pytest.mark.parametrize(
    ("files", "summary"),
    [
        ({}, {}),
        ({"summary.json": '{"a": 1}'}, {"a": 1}),
        ({"manifest.json": '{"summary": {"b": 2}}', "summary.json": '{"a": 1}'}, {"b": 2}),
        ({"manifest.json": "{", "summary.json": '{"a": 1}'}, {"a": 1}),
        ({"manifest.json": "[1]", "summary.json": '{"a": 1}'}, {"a": 1}),
        ({"summary.json": "[1]"}, {}),
        ({"manifest.json": '{"state": "complete"}'}, {}),
    ],
)
def test_a_summary_is_the_manifests_else_that_of_its_file_else_nothing(tmp_path, files, summary):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert _summary(tmp_path) == summary
