"""The stage `mixture` as a whole: every value from its source, no event twice, refusals first."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from kit.files import FormatError, resolve
from kit.manifest import load
from kit.mu2e import demo
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture import MixtureParameters, mix
from kit.run import Run, RunError
from tests.mu2e.ensembles import count, delete, draw, plan_of, read
from tests.mu2e.test_primaries import NEWER, REAL

PROJECT = Path(__file__).resolve().parents[2]
OTHER = {"ledger": "other.sqlite"}
COLUMNS = ("run", "subrun", "event", "proc", "src_file", "src_entry", "src_run", "src_subrun", "src_event", "mom")


@pytest.fixture
def yields(make_catalogue):
    path = make_catalogue(CeMLL=([300, 300], 3000), DIO=([400, 500], 9000), CRYCosmic=([300, 300], 8000.0))
    return count(path, livetime_on_spill=3600.0)


def _ledger():
    return Ledger(resolve("outputs/mu2e/ledger.sqlite"))


def _pairs(run):
    """Return what of which file is in an ensemble: identity of the file, and entry."""
    sources = plan_of(run)["sources"]
    found = read(run, "src_file", "src_entry")
    return [(sources[f][3], int(e)) for f, e in zip(found["src_file"], found["src_entry"], strict=True)]


def test_every_value_equals_that_of_its_source(yields):
    run = draw(yields)
    sources = plan_of(run)["sources"]
    for path in sorted(run.directory.glob("nts.*.root")):
        with uproot.open(path) as file:
            made = file["ntuple"].arrays()
        for number, (name, tree, *_) in enumerate(sources):
            mine = made[made["src_file"] == number]
            with uproot.open(name) as file:
                truth = file[tree].arrays()[ak.to_numpy(mine["src_entry"])]
            for column in truth.fields:
                ours = f"src_{column}" if column in ("run", "subrun", "event") else column
                assert ak.array_equal(mine[ours], truth[column]), column


def test_ids_are_new_and_provenance_is_told(yields):
    run = draw(yields, run_number=1201, first_subrun=5)
    found = read(run, *COLUMNS)
    plan = plan_of(run)
    assert set(found["run"].tolist()) == {1201}
    for i, counts in enumerate(plan["counts"]):
        mine = found["subrun"] == 5 + i
        assert found["event"][mine].tolist() == list(range(1, sum(counts) + 1))
        assert np.bincount(found["proc"][mine], minlength=3).tolist() == counts
    assert (found["proc"].dtype, found["src_file"].dtype, found["src_entry"].dtype) == (
        np.uint8,
        np.uint16,
        np.int32,
    )
    assert run.summary["code"] == {"0": "CRYCosmic", "1": "CeMLL", "2": "DIO"}
    assert run.summary["drawn"] == {
        name: sum(of[i] for of in plan["counts"]) for i, name in enumerate(plan["processes"])
    }
    assert len(list(run.directory.glob("nts.mu2e.ensembledemo.MDC2025af.001201_0000000[5-7].root"))) == 3


def test_drawn_twice_from_one_plan_the_columns_are_the_same(yields):
    one = draw(yields)
    two = draw(yields)
    assert two.notices == ["ensemble demo had its events before; the same ones are used"]
    a, b = read(one, *COLUMNS), read(two, *COLUMNS)
    assert all(np.array_equal(a[name], b[name]) for name in COLUMNS)
    assert (one.directory / "plan.json").read_bytes() == (two.directory / "plan.json").read_bytes()


def test_two_ensembles_share_no_event(yields):
    values = {"mode": "asimov"}
    pairs = [_pairs(draw(yields, ensemble=name, **values)) for name in ("a", "b")]
    assert len(set(pairs[0]) | set(pairs[1])) == len(pairs[0]) + len(pairs[1])
    assert set(_ledger().ensembles().values()) == {"used"}


def test_a_shortage_leaves_no_file_and_no_reservation(yields):
    draw(yields, ensemble="a")
    with pytest.raises(RunError, match=r"CRYCosmic needs \d+ events, \d+ are available: \d+ short"):
        for name in "bcdefg":
            draw(yields, ensemble=name, output=name)
    failed = next(name for name in "bcdefg" if load(name).state == "failed")
    assert {path.name for path in Path(failed).iterdir()} == {"manifest.json"}
    assert failed not in _ledger().ensembles()


def test_releasing_an_ensemble_gives_its_events_back(yields):
    run = draw(yields, ensemble="a")
    first = _pairs(run)
    with pytest.raises(
        RunError, match=f"files of ensemble a are still there: delete those in {run.directory} first"
    ):
        _ledger().release("a")
    assert _ledger().ensembles() == {"a": "used"}
    delete(run)
    assert _ledger().release("a") == len(first)
    assert sorted(_pairs(draw(yields, ensemble="b"))) == sorted(first)


def test_the_same_name_with_another_configuration_is_refused(yields):
    draw(yields)
    with pytest.raises(RunError, match="ensemble demo has reserved events with another configuration"):
        draw(yields, seed=2)


def test_planning_building_and_closing_apart_give_the_same_ensemble(yields):
    whole = draw(yields, ensemble="whole", step="all")
    aside = whole.directory.rename(whole.directory.with_suffix(".aside"))
    _ledger().release("whole")
    aside.rename(whole.directory)
    planned = draw(yields, ensemble="whole", step="plan")
    assert not list(planned.directory.glob("*.root"))
    assert _ledger().ensembles()["whole"] == "reserved"
    plan = str(planned.directory / "plan.json")
    ledger = resolve("outputs/mu2e/ledger.sqlite")
    away = ledger.rename(ledger.with_suffix(".away"))  # jobs do not see it
    built = [draw("", step="build", plan=plan, index=i, output=f"jobs/{i}") for i in range(3)]
    assert not ledger.exists()
    away.rename(ledger)
    assert [run.summary["files"] for run in built] == [1, 1, 1]
    closed = draw("", step="close", inputs_built=["jobs"])
    assert _ledger().ensembles()["whole"] == "used"
    with pytest.raises(RunError, match=r"still there: delete those in .*jobs/0, .*jobs/1, .*jobs/2 first"):
        _ledger().release("whole")
    assert closed.summary["drawn"] == whole.summary["drawn"]
    assert (closed.directory / "validation.csv").read_text() == (whole.directory / "validation.csv").read_text()
    for i, run in enumerate(built):
        (mine,) = run.directory.glob("nts.*.root")
        with uproot.open(mine) as a, uproot.open(whole.directory / mine.name) as b:
            assert ak.array_equal(a["ntuple"].arrays(), b["ntuple"].arrays())
        assert mine.name.endswith(f"{i:08d}.root")


def test_closing_without_all_subruns_or_with_others_is_refused(yields):
    planned = draw(yields, step="plan")
    plan = str(planned.directory / "plan.json")
    draw("", step="build", plan=plan, index=1, output="jobs/1")
    with pytest.raises(RunError, match="2 of 3 subruns are not built: 0, 2"):
        draw("", step="close", plan=plan, inputs_built=["jobs"], output="c1")
    assert _ledger().ensembles() == {"demo": "reserved"}
    draw("", step="build", plan=plan, output="jobs/all")
    with pytest.raises(RunError, match=r"subrun 1 was built twice"):
        draw("", step="close", plan=plan, inputs_built=["jobs"], output="c2")
    (path,) = (resolve("jobs/all")).glob("*_00000002.root")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(RunError, match="is not what its run has written"):
        draw("", step="close", plan=plan, inputs_built=["jobs/all"], output="c3")


def test_closing_with_another_ledger_is_refused_and_makes_none(yields):
    planned = draw(yields, step="plan")
    draw("", step="build", plan=str(planned.directory / "plan.json"), output="built")
    with pytest.raises(
        RunError, match=r"x\.sqlite: there is no such file; should be the one that demo was planned"
    ):
        draw("", step="close", inputs_built=["built"], ledger="x.sqlite", output="c")
    assert not resolve("x.sqlite").exists()
    assert not (resolve("c") / "validation.csv").exists()


def test_numbers_of_the_same_seed_are_told(yields):
    notices = [
        draw(yields, step="plan", subruns=1, ensemble=name, **values).notices
        for name, values in (("a", {}), ("b", {}), ("c", OTHER), ("d", OTHER | {"seed": 2}))
    ]
    said = "the numbers of b fluctuate as those of a, of the same seed; choose another one"
    assert notices == [[], [said], [], []]


def test_closing_nothing_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"no complete run with a plan\.json there; should be runs with step build"):
        draw("", step="close", inputs_built=["empty"])


def test_a_subrun_that_is_not_there_is_refused(yields):
    plan = str(draw(yields, step="plan").directory / "plan.json")
    with pytest.raises(ValueError, match="index is 3, should be below the number of subruns, 3"):
        draw("", step="build", plan=plan, index=3)


def test_a_killed_build_goes_on_with_the_first_subrun_that_is_not_whole(yields):
    values = {
        "yields": str(yields.directory),
        "subruns": 12,
        "export_grid": False,
        "output": "killed",
        "interactive": False,
    }
    script = (
        "import sys; from kit.run import Run; from kit.mu2e.mixture import MixtureParameters, mix\n"
        f"p = MixtureParameters(**{values!r})\nwith Run('mu2e/mixture', p) as run:\n    run.summary = mix(p, run)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": str(PROJECT)}, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 60
    while (
        len(list(resolve("killed").glob("nts.*.root"))) < 3 and time.monotonic() < end and process.poll() is None
    ):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = {path.name: path.stat().st_mtime_ns for path in resolve("killed").glob("nts.*.root")}
    assert 3 <= len(there) < 12
    run = draw(yields, subruns=12, output="killed")
    assert run.summary["files_done_before"] == len(there)
    assert run.summary["rows"] == sum(run.summary["drawn"].values())
    assert all((run.directory / name).stat().st_mtime_ns == at for name, at in there.items())
    whole = draw(yields, subruns=12)
    a, b = read(run, *COLUMNS), read(whole, *COLUMNS)
    assert all(np.array_equal(a[name], b[name]) for name in COLUMNS)


def test_two_processes_that_mix_from_one_ledger_at_once_share_no_event(yields):
    script = (
        "import sys; from kit.run import Run; from kit.mu2e.mixture import MixtureParameters, mix\n"
        "name = sys.argv[1]\n"
        f"p = MixtureParameters(yields={str(yields.directory)!r}, ensemble=name, output=name, mode='asimov',"
        " subruns=2, export_grid=False, interactive=False)\n"
        "with Run('mu2e/mixture', p) as run:\n    run.summary = mix(p, run)"
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    started = [
        subprocess.Popen([sys.executable, "-c", script, name], env=environment, stderr=subprocess.PIPE)
        for name in "ab"
    ]
    for process in started:
        assert process.wait() == 0, process.stderr.read()
        process.stderr.close()
    both = [_pairs(load(name)) for name in "ab"]
    assert len(set(both[0]) | set(both[1])) == len(both[0]) + len(both[1]) == 2 * len(both[0])
    base = sqlite3.connect(resolve("outputs/mu2e/ledger.sqlite"))
    held = base.execute(
        "SELECT identity, start, stop FROM ranges WHERE state = 'used' ORDER BY identity, start"
    ).fetchall()
    base.close()
    for (one, _, stop), (other, start, _) in itertools.pairwise(held):
        assert one != other or stop <= start


def test_art_draws_the_labels_of_the_sampler_in_their_order(yields):
    from kit.mu2e.sampler import simulate_job

    run = draw(yields, mode="art", subruns=2, sampling_seed=77, chunk=1000)
    plan = plan_of(run)
    found = read(run, "subrun", "proc", "src_file")
    for i in range(2):
        labels = found["proc"][found["subrun"] == i]
        expected = simulate_job(plan["weights"], 77 + i, plan["counts"][i], len(labels)).labels
        assert labels.tolist() == expected.tolist()
    assert set(found["src_file"][found["subrun"] == 0].tolist()) == {0, 2, 4}
    assert plan["stopped_by"] == ["CRYCosmic", "CRYCosmic"]


def test_asimov_is_the_rounded_expectation(yields):
    run = draw(yields, mode="asimov")
    assert run.summary["drawn"] == {name: round(mean) for name, mean in run.summary["expected"].items()}
    assert run.summary["chi2"] < 1


def test_a_virtual_ensemble_writes_no_file_and_uses_its_events(yields):
    run = draw(yields, output_format="virtual")
    assert not list(run.directory.glob("*.root"))
    assert _ledger().ensembles() == {"demo": "used"}


def test_toys_are_written_beside(yields):
    run = draw(yields, toys=20, toy_edges=[90.0, 110.0, 40.0])
    with np.load(run.directory / "toys.npz") as file:
        assert file["counts"].shape == (20, 3, 40)


def test_random_order_takes_from_everywhere_and_each_entry_once(yields):
    run = draw(yields, order="random", mode="asimov")
    pairs = _pairs(run)
    assert len(set(pairs)) == len(pairs)
    entries = read(run, "src_entry", "proc")
    mine = entries["src_entry"][entries["proc"] == 0]
    assert mine.max() > 250
    assert abs(np.corrcoef(np.arange(len(mine)), mine)[0, 1]) < 4 / np.sqrt(len(mine))  # also within a subrun
    with pytest.raises(
        FormatError, match="is consumed by entry in random order, and cannot be by entry in sequential"
    ):
        draw(yields, ensemble="other")


def test_branches_are_chosen(yields):
    run = draw(yields, branches=["mom", "hits_*"])
    with uproot.open(next(run.directory.glob("nts.*.root"))) as file:
        assert set(file["ntuple"].keys()) == {
            "run", "subrun", "event", "proc", "src_file", "src_entry", "mom", "hits_t", "hits_edep", "hits_r",
            "hits_z", "nhits_",
        }  # fmt: skip


def test_files_say_what_is_no_simulation(yields):
    run = draw(yields)
    with uproot.open(next(run.directory.glob("nts.*.root"))) as file:
        assert (
            file["ntuple"].title == "ensemble demo; CRYCosmic, CeMLL, DIO: simulated stand-in, not Mu2e simulation"
        )
    assert run.summary["synthetic"] == ["CRYCosmic", "CeMLL", "DIO"]


def _real(tmp_path, name, tree, generated):
    catalogue = tmp_path / "real.json"
    catalogue.write_text(
        json.dumps({"CE": {"files": [str(name)], "tree": tree, "normaliser": {"generated": generated}}})
    )
    return count(catalogue, processes=["CE"], r_mue=1e-9, livetime_on_spill=600.0)


def test_real_conversion_electrons_are_copied_value_by_value(public, tmp_path):
    yields = _real(tmp_path, public / REAL, "TrkAnaNeg/trkana", 4000)
    run = draw(yields, mode="asimov", subruns=2)
    made = read(
        run, "src_entry", "deent.mom", "demc._pdg", "demc._opos.fCoordinates.fZ", "src_event", "evtinfo.eventid"
    )
    with uproot.open(public / REAL) as file:
        tree = file["TrkAnaNeg/trkana"]
        at = made["src_entry"]
        assert made["deent.mom"].tolist() == tree["deent"].array(library="np")["mom"][at].tolist()
        assert made["demc._pdg"].tolist() == tree["demc/_pdg"].array(library="np")[at].tolist()
        z = tree["demc/_opos"].array()["fCoordinates", "fZ"].to_numpy()
        assert made["demc._opos.fCoordinates.fZ"].tolist() == z[at].tolist()
        assert made["src_event"].tolist() == made["evtinfo.eventid"].tolist()
    assert run.summary["repeated_event_ids"] > 0


def test_whole_events_keep_all_their_tracks(public, tmp_path):
    trees = ["TrkAnaNeg/trkana", "TrkAnaPos/trkana"]
    yields = _real(tmp_path, public / REAL, trees, 4000)
    run = draw(yields, mode="asimov", subruns=1, unit="event")
    found = read(run, "event", "src_event", "src_file")
    assert len(found["event"]) > found["event"].max()
    pairs = dict(zip(found["event"].tolist(), found["src_event"].tolist(), strict=True))
    assert len(set(pairs.values())) == len(pairs) == found["event"].max()
    assert np.all(np.diff(found["event"]) >= 0)
    assert run.summary["drawn"] == {"CeMLL": len(pairs)}


def test_nested_branches_of_a_real_file_survive_in_an_rntuple(public, tmp_path):
    yields = _real(tmp_path, public / NEWER, "TrkAna/trkana", 1)
    p = {"subruns": 1, "branches": ["evtinfo.*", "demfit", "demtsh", "dem.*", "evtwt.*"], "seed": 3}
    mean = next(iter(yields.summary["expected"].values()))
    scaled = json.loads((yields.directory / "yields.json").read_text())
    scaled["rows"][0]["mean"] = mean / mean
    (tmp_path / "one.json").write_text(json.dumps(scaled))
    with pytest.raises(
        FormatError, match="a TTree cannot hold the nested columns demfit, demtsh; output_format: rntuple"
    ):
        draw(str(tmp_path / "one.json"), mode="asimov", **p)
    run = draw(str(tmp_path / "one.json"), mode="asimov", output_format="rntuple", **p)
    with uproot.open(next(run.directory.glob("nts.*.root"))) as made, uproot.open(public / NEWER) as file:
        tree = file["TrkAna/trkana"]
        for name in ("demfit", "demtsh"):
            assert ak.to_list(made["ntuple"][name].array()) == ak.to_list(tree[name].array())
        assert made["ntuple"]["evtinfo_event"].array().tolist() == tree["evtinfo./evtinfo.event"].array().tolist()


def test_the_demo_draws_all_processes():
    p = MixtureParameters(subruns=2, interactive=False)
    demo.prepare(p)
    with Run("mu2e/mixture", p) as run:
        run.summary = mix(p, run)
    assert list(run.summary["drawn"]) == sorted(demo.POOLS)
    assert run.summary["rows"] == sum(run.summary["drawn"].values())
    assert run.summary["grid_jobs"] == demo.FILES
    assert run.summary["p_value"] > 1e-4
    text = (run.directory / "plan.json").read_text().replace(str(resolve(".")), "")
    assert len(text) < 9_000


def test_a_full_disk_leaves_no_part_of_a_file(yields):
    import resource

    script = (
        "import resource; from kit.run import Run; from kit.mu2e.mixture import MixtureParameters, mix\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"p = MixtureParameters(yields={str(yields.directory)!r}, output='full', export_grid=False, subruns=1,"
        " interactive=False)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "with Run('mu2e/mixture', p) as run:\n    run.summary = mix(p, run)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "File too large" in done.stderr
    assert not list(resolve("full").glob("*.root"))
    assert not list(resolve("full").rglob(".*.part*"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 60_000


@pytest.mark.parametrize(
    ("name", "said"), [("nowhere", "there is no such file"), (".", "0 complete runs of mu2e/yields there")]
)
def test_yields_that_are_not_there_are_refused(name, said):
    with pytest.raises(RunError, match=said):
        draw(name)


def test_yields_without_primaries_are_refused(tmp_path):
    from kit.mu2e.yields import YieldParameters, count_yields

    p = YieldParameters(output="y", interactive=False)
    with Run("mu2e/yields", p) as run:
        run.summary = count_yields(p, run)
    with pytest.raises(RunError, match="counted without primaries: there is nothing to draw from"):
        draw("y")


def test_a_primary_that_has_changed_since_is_refused(yields):
    from kit.mu2e.standins import Standin, write_standin

    planned = draw(yields, step="plan")
    path = Path(plan_of(planned)["sources"][0][0])
    write_standin(path, Standin("CRYCosmic", 300, 4000, None, 99))
    plan = str(planned.directory / "plan.json")
    with pytest.raises(FormatError, match="has changed since it was planned with"):
        draw("", step="build", plan=plan)
    with pytest.raises(FormatError, match="has changed since the ledger saw it"):
        draw(yields, ensemble="other")
