"""Kernels are forked from a process without threads, and each is as good as new."""

import json
import sys

import pytest

from kit.batch.worker.nursery import Nursery

THREADED = "import threading, time\nthreading.Thread(target=time.sleep, args=(100,), daemon=True).start()\n"


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Return modules of our own: one harmless, one that starts a thread, one that cannot be imported."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "harmless_one.py").write_text("value = 1\n")
    (folder / "harmless_two.py").write_text("value = 2\n")
    (folder / "threaded_one.py").write_text(THREADED)
    (folder / "broken_one.py").write_text("raise RuntimeError\n")
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_modules_that_start_threads_or_fail_are_left_to_the_kernels(modules):
    nursery = Nursery(["harmless_one", "threaded_one", "broken_one", "harmless_two"])
    try:
        assert nursery.usable
        assert nursery.preloaded == ["harmless_one", "harmless_two"]
    finally:
        nursery.close()


def test_matplotlibs_inline_backend_is_never_preloaded():
    nursery = Nursery(["matplotlib_inline.backend_inline", "json"])
    try:
        assert nursery.preloaded == ["json"]
    finally:
        nursery.close()


def test_a_nursery_that_dies_is_not_usable(modules):
    (modules / "deadly_one.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    nursery = Nursery(["deadly_one"])
    try:
        assert not nursery.usable
    finally:
        nursery.close()


def test_without_a_nursery_each_point_starts_an_ordinary_kernel(chunk):
    made = chunk(("parameters", "x = 1"), "x")
    (made.folder / "deadly_one.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    made.orders(preload=["deadly_one"])
    made.points({"x": 1})
    status, out, _ = made.run(PYTHONPATH=str(made.folder))
    assert status == 0
    assert "kernels cannot be forked here" in out
    assert made.lines()[0]["state"] == "done"


def test_points_share_no_names_no_random_numbers_and_no_current_directory(chunk):
    made = chunk(
        ("parameters", "x = 0"),
        "import json, os, random\nimport numpy as np\nfrom pathlib import Path\n"
        "seen = 'left_over' in dir()\nleft_over = x\nos.environ['LEFT'] = os.environ.get('LEFT', '') + 'x'\n"
        "summary = {'seen': seen, 'left': len(os.environ['LEFT'])}\n"
        "summary |= {'random': random.random(), 'numpy': np.random.rand()}\n"
        "Path('summary.json').write_text(json.dumps(summary | {'files': len(list(Path('.').iterdir()))}))",
    )
    made.orders(preload=["numpy", "random"])
    made.points(*({"x": number} for number in range(3)))
    assert made.run()[0] == 0
    summaries = [line["summary"] for line in made.lines()]
    assert all(not summary["seen"] and summary["left"] == 1 and summary["files"] == 0 for summary in summaries)
    for name in ("random", "numpy"):
        assert len({summary[name] for summary in summaries}) == 3


def test_kernels_import_nothing_from_the_workers_own_folder(chunk):
    made = chunk(
        ("parameters", "x = 0"),
        "import sys, json\nopen('summary.json', 'w').write(json.dumps({'path': sys.path}))",
    )
    made.points({"x": 1})
    made.run()
    path = made.lines()[0]["summary"]["path"]
    assert str(made.folder) not in path
    assert "" in path


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of threads on Linux only")
def test_libraries_of_the_field_can_be_preloaded(chunk):
    pytest.importorskip("uproot")
    made = chunk(("parameters", "x = 0"), "import awkward, uproot\nawkward.Array([1, x])")
    made.orders(preload=["awkward", "uproot", "hist", "numpy"])
    made.points({"x": 1})
    status, out, _ = made.run(JE_ARROW_MALLOC_CONF="background_thread:false")
    assert (status, json.loads(made.results.read_text())["state"]) == (0, "done")
    assert "forked with awkward, uproot, hist, numpy imported" in out
