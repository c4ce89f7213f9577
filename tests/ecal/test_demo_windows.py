"""Windows of demo events for the stage that reads windows."""

import json

from kit.ecal.datasets import DatasetParameters
from kit.ecal.demo_windows import demo_runs, prepare_windows, with_demo_windows
from kit.run import load


def test_runs_are_made_once_and_anew_if_the_kit_makes_others():
    prepare_windows(DatasetParameters(inputs=["others"]))
    assert not demo_runs()[0].exists()
    p = DatasetParameters()
    prepare_windows(p)
    first = [load(folder).manifest["started"] for folder in demo_runs()]
    prepare_windows(p)
    assert [load(folder).manifest["started"] for folder in demo_runs()] == first
    assert [load(folder).parameters["flavour"] for folder in demo_runs()] == [11, 22]
    manifest = demo_runs()[1] / "manifest.json"
    told = json.loads(manifest.read_text())
    told["parameters"]["et_seed_min"] = 3.0  # as if an earlier version had made it
    manifest.write_text(json.dumps(told))
    prepare_windows(p)
    assert load(demo_runs()[1]).parameters["et_seed_min"] == 1.0
    assert load(demo_runs()[0]).manifest["started"] == first[0]


def test_the_word_stands_for_both():
    assert with_demo_windows(["a", "demo"]) == ["a", *map(str, demo_runs())]
