"""Nothing goes that somebody writes or that something which stays refers to; what goes, goes whole."""

import json
import os

import pytest

from kit.directories import hold
from kit.runs import cleaning
from kit.runs.cleaning import clearance
from kit.runs.finding import runs_below


@pytest.fixture
def chain(tmp_path, make_run):
    """Return the outputs folder with a → b → c, each reading the file of the one before, and a loose d."""
    make_run("outputs/beam/scan/a")
    make_run("outputs/beam/scan/b", inputs=["outputs/beam/scan/a/points.txt"])
    make_run("outputs/beam/scan/c", inputs=["outputs/beam/scan/b/points.txt"])
    make_run("outputs/beam/scan/d", state="failed")
    return tmp_path / "outputs"


def decide(folder, letters):
    everything = runs_below(folder)
    found = clearance([one for one in everything if one.directory.name in letters], everything, folder)
    return (
        {one.directory.name for one, _ in found.going},
        {one.directory.name: reason for one, reason in found.staying},
    )


@pytest.mark.parametrize(
    ("wanted", "going"),
    [("abcd", "abcd"), ("bcd", "bcd"), ("a", ""), ("ab", ""), ("ad", "d"), ("ac", "c"), ("c", "c")],
)
def test_a_run_stays_while_one_that_stays_reads_it(chain, wanted, going):
    gone, stays = decide(chain, wanted)
    assert gone == set(going)
    assert set(stays) == set(wanted) - set(going)


def test_the_reason_names_who_refers_to_it(chain):
    _, stays = decide(chain, "ab")
    assert stays == {
        "a": "outputs/beam/scan/b refers to it",
        "b": "outputs/beam/scan/c refers to it",
    }


def test_a_run_named_in_a_parameter_stays_though_it_is_no_file(chain, make_run):
    make_run("outputs/beam/dump/e", stage="beam/dump", inputs=[])
    record = chain / "beam" / "dump" / "e" / "manifest.json"
    content = json.loads(record.read_text())
    content["parameters"]["inputs"] = ["outputs/beam/scan/d"]
    record.write_text(json.dumps(content))
    assert decide(chain, "d") == (set(), {"d": "outputs/beam/dump/e refers to it"})


def test_a_run_of_a_campaign_stays(chain):
    folder = chain / "campaigns" / "spring"
    folder.mkdir(parents=True)
    about = {"run": "outputs/beam/scan/d", "own": "1", "before": "2"}
    (folder / "campaign.json").write_text(json.dumps({"campaign": "spring", "stages": {"first": about}}))
    assert decide(chain, "d") == (set(), {"d": "outputs/campaigns/spring/campaign.json refers to it"})


def test_a_run_that_is_being_written_stays_and_so_does_what_it_reads(chain):
    descriptor = hold(chain / "beam" / "scan" / "b")
    gone, stays = decide(chain, "abc")
    os.close(descriptor)
    assert gone == {"c"}
    assert stays["b"] == "a process is writing it"


def test_a_batch_run_with_jobs_elsewhere_stays(chain, make_run):
    make_run("outputs/beam/scan/j", state="running")
    (chain / "beam" / "scan" / "j" / "points.jsonl").touch()
    assert decide(chain, "j")[1] == {"j": "its jobs may still run: kit status, or kit stop"}


def test_a_batch_run_that_has_stopped_but_is_not_merged_stays(toy, launched):
    (found,) = runs_below(launched(toy, {"x": [1, 2]}).run.directory)
    assert found.state == "stopped"
    (kept,) = clearance([found], [found], found.directory.parent).staying
    assert kept == (found, "its jobs may still run: kit status, or kit stop")


def test_sizes_add_up(chain):
    everything = runs_below(chain)
    found = clearance(everything, everything, chain)
    assert found.bytes == sum(path.stat().st_size for path in chain.rglob("*") if path.is_file())


def test_a_removal_that_is_cut_leaves_no_run_behind(chain, monkeypatch):
    def cut(_path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(cleaning.shutil, "rmtree", cut)
        cleaning.remove(runs_below(chain)[-1])
    assert [one.directory.name for one in runs_below(chain)] == ["a", "b", "c"]
