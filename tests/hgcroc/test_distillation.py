"""The stage: the demo's board is graded; users' analyses beside the kit's; what cannot be is refused."""

import csv
import json

import numpy as np
import pytest
import yaml

from kit.files import FormatError
from kit.hgcroc import plots
from kit.hgcroc.calibration.overlays import layer_of
from kit.hgcroc.calibration.user_distilleries import UserAnalysisError
from kit.hgcroc.distillation import DistillationParameters, distil_scans
from kit.hgcroc.registers import register_table
from kit.parameters import ParameterError
from kit.run import Run, load

LIMIT = 300  # s; most of it is for a busy machine
ANALYSES = {
    "pedestals", "inv_vref", "noinv_vref", "phase", "phase_steps", "trim_inv", "gain", "crosstalk", "toa_vref",
    "trim_toa", "toa_curves", "time_walk", "tot_vref", "trim_tot", "tot_line", "joining",
}  # fmt: skip


def distil(folder, output, **values):
    common = {"scans": [str(folder)], "output": str(output), "interactive": False}
    p = DistillationParameters.build(common | values)
    with Run("hgcroc/distillation", p) as run:
        run.summary = distil_scans(p, run)
    return run


def test_the_demo_is_a_graded_board_with_its_bad_channels(distilled):
    assert distilled.summary["grade"] == "good"
    assert [distilled.summary[f"chip_{chip}"] for chip in range(3)] == ["good"] * 3
    assert distilled.summary["noise"] == pytest.approx(1.05, abs=0.05)
    content = json.loads((distilled.directory / "grade.json").read_text())
    assert set(content["analyses"]) == ANALYSES
    told = {(each["chip"], each["channel"]): each["reasons"] for each in content["bad_channels"]}
    assert told[0, 5] == "dead: no noise"
    assert told[1, 40].startswith("noisy")
    assert told[2, 20] == told[2, 21] == "shorted with a neighbour"


def test_every_analysis_has_a_table_and_calibrations_are_trees_of_registers(distilled):
    for name in ANALYSES:
        with (distilled.directory / name / "summary.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == 234
        assert list(rows[0])[:3] == ["chip", "channel", "channeltype"]
    index, value = register_table("ld").leaves(layer_of(distilled.directory / "overlay.yaml").tree["target"])
    assert len(index) == len(value) == 6 + 6 + 3 + 6 + 6 + _trims(distilled)
    text = (distilled.directory / "trim_inv" / "overlay.yaml").read_text()
    assert text.startswith("# Registers found by trim_inv, kit ")
    assert "# from scan pedestal_scan-" in text


def _trims(run):
    paths = [run.directory / f"trim_{q}" / "overlay.yaml" for q in ("inv", "toa", "tot")]
    trees = [yaml.safe_load(path.read_text()) for path in paths]
    return sum(len(numbers) for tree in trees for roc in tree["target"].values() for block, numbers in roc.items())


def test_a_run_names_its_scans_as_inputs_and_all_files_as_outputs(distilled):
    manifest = load(distilled.directory).manifest
    assert len(manifest["inputs"]) == 15
    assert {f"{name}/summary.csv" for name in ANALYSES} < {each["path"] for each in manifest["outputs"]}


def test_some_analyses_and_targets_can_be_asked_for(demo_folder, tmp_path):
    run = distil(demo_folder, tmp_path / "run", analyses=["inv_vref", "trim_inv"], target_inv=250, target_trim=180)
    assert run.summary["analyses"] == 2
    assert run.summary["grade"] == "bad"  # nothing is known of most
    tree = yaml.safe_load((run.directory / "inv_vref" / "overlay.yaml").read_text())["target"]
    at_250 = tree["roc_s0"]["ReferenceVoltage"][0]["Inv_vref"]
    assert at_250 == pytest.approx(409 - 50 / 0.8, abs=15)
    targets = json.loads((run.directory / "grade.json").read_text())["analyses"]["trim_inv"]["target"]
    assert targets == [180.0] * 6
    # the trims were scanned at the voltage of the chain, so that all calibrations together keep it
    together = yaml.safe_load((run.directory / "overlay.yaml").read_text())["target"]
    chain = yaml.safe_load(next(demo_folder.glob("inv_vref-*/overlay.yaml")).read_text())["target"]
    for roc, tree in chain.items():
        for half, registers in tree["ReferenceVoltage"].items():
            assert together[roc]["ReferenceVoltage"][half]["Inv_vref"] == registers["Inv_vref"]
    assert any("all calibrations together keep the former" in told for told in run.notices)


def test_without_overlays_none_is_written(demo_folder, tmp_path):
    run = distil(demo_folder, tmp_path / "run", analyses=["inv_vref"], write_overlay=False)
    assert not list(run.directory.rglob("overlay.yaml"))


def test_analyses_of_a_user_run_beside_and_one_that_fails_does_not_stop_the_others(demo_folder, tmp_path):
    (tmp_path / "mine.py").write_text(
        "def wrong(table):\n    raise ValueError('too cold')\n\n\n"
        "def right(table, power=1):\n    return {'mean': table['adc_mean'].mean(axis=0) ** power}\n"
    )
    with pytest.raises(UserAnalysisError, match=r"(?s)wrong of .*mine.py fails with ValueError: too cold"):
        distil(demo_folder, tmp_path / "run", user_module=str(tmp_path / "mine.py"))
    run = load(tmp_path / "run")
    assert run.state == "failed"
    assert (run.directory / "right" / "summary.csv").is_file()
    assert (run.directory / "gain" / "summary.csv").is_file()
    assert run.summary["grade"] == "good"
    assert run.summary["own_analyses"] == ["right"]
    assert '<a href="right/summary.csv">' in (run.directory / "report.html").read_text()


def test_entries_of_a_procedure_file_give_users_analyses_their_scan_and_parameters(demo_folder, tmp_path):
    (tmp_path / "mine.py").write_text(
        "def largest(table, power=1):\n    return {'largest': table['adc_mean'].max(axis=0) ** power}\n"
    )
    entry = {"name": "mine", "type": "analysis", "daq": "pedestal_scan", "module_name": "largest"}
    (tmp_path / "main.yaml").write_text(json.dumps({"procedures": [entry | {"parameters": {"power": 2}}]}))
    values = {"user_module": str(tmp_path / "mine.py"), "config": str(tmp_path / "main.yaml")}
    run = distil(demo_folder, tmp_path / "run", analyses=["mine", "gain"], **values)
    with (run.directory / "mine" / "summary.csv").open() as stream:
        values = [float(row["largest"]) for row in csv.DictReader(stream)]
    assert 200**2 < np.median(values) < 350**2


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"analyses": ["gains"]}, r"analyses has gains, which the kit does not know \(did you mean gain\?\)"),
        ({"grade": {"nois": 3}}, r"grade has nois, which is no limit \(did you mean noise\?\)"),
        ({"scans": []}, "scans is empty, should name one at least"),
        ({"config": "main.yaml"}, "config gives parameters to the analyses of user_module, which is empty"),
        ({"toa_target": 0}, r"toa_target is 0 fC, should be > 0|toa_target is .* fC"),
        ({"target_inv": 2000}, r"target_inv is 2000.* ADC"),
    ],
)
def test_what_cannot_be_used_is_told_at_once(values, told):
    with pytest.raises(ParameterError, match=told):
        DistillationParameters.build(values)


def test_a_file_that_is_no_scan_is_refused(tmp_path):
    (tmp_path / "scan.h5").write_text("nothing")
    with pytest.raises(FormatError, match=r"scan.h5: .*should be the file of a scan"):
        distil(tmp_path / "scan.h5", tmp_path / "run")


def test_real_files_are_a_scan_as_well(shared_data, tmp_path):
    run = distil(shared_data / "hgcroc" / "raw", tmp_path / "run")
    told = [text for text in run.notices if "test_run_81" in text]
    assert len(told) == 1
    assert "TOT fired at Calib 0" in told[0]
    assert json.loads((run.directory / "grade.json").read_text())["analyses"]["tot_line"]["slope_per_dac"] == (
        pytest.approx(0.80, abs=0.05)
    )


def test_scans_that_suit_no_analysis_are_told_with_what_they_suit(demo_folder, tmp_path):
    (scan,) = demo_folder.glob("pedestal_run-*")
    with pytest.raises(FormatError, match=r"pedestal_run-\w+: suit none of gain, but pedestals$"):
        distil(scan, tmp_path / "run", analyses=["gain"])


def test_a_charge_out_of_the_voltages_reach_is_told_and_not_set(demo_folder, tmp_path):
    run = distil(demo_folder, tmp_path / "run", analyses=["toa_vref"], toa_target=1e6)
    assert not list(run.directory.rglob("overlay.yaml"))
    assert any("for 1e+06 fC, is not set" in told for told in run.notices)


def test_where_all_points_have_too_few_events_every_row_is_flagged_and_pictures_say_so(demo_folder, tmp_path):
    (scan,) = demo_folder.glob("pedestal_run-*")
    run = distil(scan, tmp_path / "run", min_events=100_000)
    with (run.directory / "pedestals" / "summary.csv").open() as stream:
        assert {row["reasons"] for row in csv.DictReader(stream)} == {"too few events or points"}
    assert set(plots.distillation_figures(run)) == {"grades", "pedestals", "noise"}
