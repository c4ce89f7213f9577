"""The stage `yields` as a whole: its demo, its files, its config, and refusals before anything is written."""

import json

import pytest

from kit.files import FormatError
from kit.manifest import load
from kit.mu2e import demo
from kit.mu2e.table import read_yields
from kit.mu2e.yields import YieldParameters, count_yields
from kit.parameters import ParameterError
from kit.run import Run
from tests.mu2e.conftest import MDC2020I
from tests.mu2e.test_config_texts import MDS1, MDS3


def _run(**values):
    p = YieldParameters.build(values | {"interactive": False})
    with Run("mu2e/yields", p) as run:
        run.summary = count_yields(p, run)
    return run


def test_the_demo_counts_all_processes():
    demo.prepare(YieldParameters(**demo.DEMO_YIELDS))
    run = _run(**demo.DEMO_YIELDS)
    summary = run.summary
    assert summary["on_spill_s"] == 36000
    assert summary["wall_s"] == pytest.approx(36000 / 0.323)
    assert summary["expected"]["CRYCosmic"] == pytest.approx(720)
    assert summary["limited_by"] == "IPAMichel"
    assert summary["synthetic"] == list(demo.POOLS)
    made = read_yields(run.directory / "yields.json")
    assert [row.process for row in made.rows] == list(demo.POOLS)
    assert made.parameters["livetime_on_spill"] == 36000
    assert {path.name for path in run.directory.glob("*.*")} == {
        "manifest.json",
        "yields.csv",
        "yields.json",
        "spectrum.json",
    }
    assert len(load(run.directory).manifest["inputs"]) == 32


def test_without_primaries_only_numbers_before_selection_are_told():
    summary = _run(pot=1e18, livetime_on_spill=0.0).summary
    assert "expected" not in summary
    assert summary["before_selection"]["CeMLL"] == pytest.approx(46.717, abs=1e-3)


@pytest.mark.parametrize(("values", "golden"), [(MDS1, "config_mds1_MDS1a.txt"), (MDS3, "config_mds3_MDS3c.txt")])
def test_configs_of_both_originals_come_out_of_ten_cosmic_files(public, tables, make_catalogue, values, golden):
    cosmic = "CRYCosmic"
    path = make_catalogue(**{cosmic: ([20] * 10, 1.0)})
    content = json.loads(path.read_text())
    first = 3600.125 if values is MDS1 else 8870.5
    content[cosmic]["normaliser"] = {"livetime_s": [first + i for i in range(10)]}
    path.write_text(json.dumps(content))
    more = {"efficiencies": str(public / MDC2020I)} if values is MDS1 else {}
    exposure = {"from_cosmics": True, "livetime_on_spill": 0.0, "primaries": str(path), "processes": [cosmic]}
    run = _run(**values, **(tables | more), **exposure)
    assert (run.directory / f"{values['tag']}.txt").read_bytes() == (public / golden).read_bytes()


def test_a_config_is_read_written_and_read_again(public, tables):
    values = tables | {
        "config": str(public / "config_mds3_MDS3c.txt"),
        "compat": "mds3",
        "write_config": "mds3",
        "tag": "MDS3c",
    }
    run = _run(**values)
    assert (run.directory / "MDS3c.txt").read_text() == (public / "config_mds3_MDS3c.txt").read_text()


def test_overrides_of_a_config_unknown_keys_and_times_without_effect_are_told(public, tmp_path):
    config = tmp_path / "c.txt"
    config.write_text((public / "config_mds1_MDS1a.txt").read_text() + "mine= 3\n")
    run = _run(config=str(config), run_mode="2BB", t_min=400.0)
    assert run.notices == [
        "run_mode is 1BB in c.txt, overridden by 2BB",
        "c.txt: keys of no meaning here, kept as they are: mine",
        "t_min is 400 ns: it is recorded and changes nothing, the cut is part of the pion filter",
    ]


def test_from_cosmics_takes_the_summed_livetime_as_on_spill(make_catalogue):
    path = make_catalogue(CRYCosmic=([20, 30], 500.25))
    run = _run(from_cosmics=True, livetime_on_spill=0.0, primaries=str(path), processes=["CRYCosmic"])
    assert run.summary["on_spill_s"] == 500.25
    assert run.summary["expected"] == {"CRYCosmic": 50.0}


def test_a_livetime_of_whole_seconds_raises_an_alarm(make_catalogue):
    path = make_catalogue(CRYCosmic=([20], 22.0))
    content = json.loads(path.read_text())
    for livetime in ([22.0], 22):
        content["CRYCosmic"]["normaliser"] = {"livetime_s": livetime}
        path.write_text(json.dumps(content))
        run = _run(primaries=str(path), processes=["CRYCosmic"])
        assert run.notices == ["CRYCosmic: livetimes: 1 of 1 are whole seconds, such as 22 s: cut by a division?"]


def test_cosmics_of_two_generators_that_count_twice_are_told(make_catalogue):
    path = make_catalogue(CRYCosmic=([20], 22.5), CORSIKACosmic=([30], 33.5))
    run = _run(primaries=str(path), processes=["CRYCosmic", "CORSIKACosmic"])
    (told,) = run.notices
    assert set(told.partition(" are samples of the same cosmics, which count twice")[0].split(" and ")) == {
        "CRYCosmic", "CORSIKACosmic",
    }  # fmt: skip


def test_a_process_without_primary_is_named(make_catalogue):
    path = make_catalogue(DIO=([20], 100))
    with pytest.raises(ParameterError, match="primaries has no entry for CeMLL: leave it out of processes"):
        _run(primaries=str(path), processes=["DIO", "CeMLL"])


def test_faults_of_all_primaries_are_told_at_once_and_nothing_is_written(make_catalogue, tmp_path):
    path = make_catalogue(DIO=([20], 10), IPAMichel=([30], 20))
    with pytest.raises(FormatError) as fault:
        _run(primaries=str(path), processes=["DIO", "IPAMichel"], output="out")
    assert str(fault.value).splitlines() == [
        "DIO: 20 entries of 10 generated (catalogue), should not be more",
        "IPAMichel: 30 entries of 20 generated (catalogue), should not be more",
    ]
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {"manifest.json"}


def test_real_conversion_electrons_give_expected_events(public, tmp_path):
    catalogue = tmp_path / "real.json"
    entry = {"files": [str(public / "uproot-issue-513.root")], "tree": "TrkAnaNeg/trkana", "momentum": "deent.mom"}
    catalogue.write_text(json.dumps({"CE": entry}))
    run = _run(primaries=str(catalogue), processes=["CE"], pot=1e18, livetime_on_spill=0.0)
    assert run.summary["expected"]["CeMLL"] == pytest.approx(46.717 * 101 / 4000, rel=1e-4)
    assert run.summary["synthetic"] == []
    record = json.loads((run.directory / "spectrum.json").read_text())
    assert sum(record["counts"]["CeMLL"]) > 0.9 * run.summary["expected"]["CeMLL"]
