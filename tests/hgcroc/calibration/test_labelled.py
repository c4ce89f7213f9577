"""The real files: noise, TOA codes of a phase step, slope of TOT, and the run with the wrong label."""

import shutil

import numpy as np
import pytest

from kit.files import FormatError
from kit.hgcroc.calibration.distilleries import distil
from kit.hgcroc.calibration.grading import grade_board
from kit.hgcroc.calibration.labelled import doubts, raw_files, tabulate_labelled
from kit.hgcroc.calibration.pedestals import bonded_rows
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.wishes import Wishes
from kit.hgcroc.marks import Mark
from kit.hgcroc.planning.documents import ProcedureError

INJECTED = (10, 20, 40, 50)


@pytest.fixture(scope="module")
def real(shared_data):
    return tabulate_labelled(raw_files(shared_data / "hgcroc" / "raw"))


def picked(table, calibs):
    calib = table["Calib"][:, 0]
    return table.taken(np.isin(calib, calibs))


def working(table, chips=(0, 2)):
    """Return the injected channels of the chips whose TDC works."""
    return (table.kind == 0) & np.isin(table.channel, INJECTED) & np.isin(table.chip, chips)


def test_the_run_with_the_wrong_label_is_left_out_and_told(real):
    assert sorted(real["Calib"][:, 0]) == [0, 128, 384, 1536, 1920]
    (told,) = real.remarks
    assert "test_run_81" in told
    assert "TOT fired at Calib 0" in told


def test_noise_of_channels_without_injection_is_1_05_adc(real):
    chosen = bonded_rows(real) & ~np.isin(real.channel, INJECTED)
    assert np.median(real["adc_stdd"][:, chosen]) == pytest.approx(1.05, abs=0.05)


def test_a_phase_step_is_64_codes(real):
    found = distil([picked(real, [1536, 1920])], Wishes())["phase_steps"]
    codes = found.rows["codes_per_phase"][working(real)]
    assert np.isfinite(codes).all()
    assert ((codes > 62.8 - 0.1) & (codes < 64.0 + 0.1)).all()


def test_slope_of_tot_is_0_80_per_dac_count(real):
    found = distil([picked(real, [384, 1536])], Wishes())["tot_line"]  # both at phase 4
    slope = found.rows["slope_per_dac"][working(real)]
    assert np.isfinite(slope).all()
    assert np.abs(slope - 0.80).max() < 0.05


def test_the_chip_without_tdc_has_no_times_and_the_others_nothing_against_them(real):
    found = distil([real], Wishes())
    dead, alive = working(real, chips=(1,)), working(real)
    assert np.isnan(found["tot_line"].rows["slope"][dead]).all()
    assert np.isnan(found["phase_steps"].rows["codes_per_phase"][dead]).all()
    assert (found["tot_line"].reasons[dead] == Reason.FLAT_TOT).all()
    assert (found["phase_steps"].reasons[dead] == Reason.FLAT_TOA).all()
    assert all((each.reasons[alive] == 0).all() for each in found.values())
    told = {each.chip: each.numbers for each in grade_board(found)}
    assert [told[chip]["bad_tot"] for chip in range(3)] == [0, 4, 0]
    assert [told[chip]["bad_toa"] for chip in range(3)] == [0, 4, 0]


def test_noise_of_the_real_board_is_that_of_its_channels_without_injection(real):
    found = distil([real], Wishes())["pedestals"]
    assert found.summary["noise"] == pytest.approx(1.05, abs=0.05)
    assert np.isnan(found.rows["noise"][np.isin(found.channel, INJECTED) & (found.kind == 0)]).all()
    assert "channels without injection" in found.remarks[-1]


def test_two_phases_whose_times_do_not_fit_are_told(real):
    one = picked(real, [1536])
    columns = {name: np.concatenate([values, values]) for name, values in one.columns.items()}
    columns["phase_strobe"] = np.stack([columns["phase_strobe"][0], columns["phase_strobe"][0] + 5])
    columns["adc_mean"] = columns["adc_mean"] + np.array([[0.0], [0.1]])  # no twin
    both = type(one)(
        one.chip, one.channel, one.kind, one.half, columns, np.repeat(one.distance, 2), np.zeros(2, int), ("x",)
    )
    assert doubts(both).tolist() == [0, Mark.TOA_STEP]


def test_a_label_with_a_wrong_name_and_a_file_that_is_none_are_refused(shared_data, tmp_path):
    source = shared_data / "hgcroc" / "raw"
    shutil.copy(source / "test_run_1.raw.gz", tmp_path)
    text = (source / "test_run_1.yaml").read_text()
    (tmp_path / "test_run_1.yaml").write_text(text.replace("Inv_vref", "Inv_vreff", 1))
    with pytest.raises(ProcedureError, match=r"test_run_1.yaml:\d+: .*Inv_vreff.*did you mean"):
        tabulate_labelled(raw_files(tmp_path))
    (tmp_path / "test_run_1.yaml").write_text(text)
    (tmp_path / "test_run_1.raw.gz").unlink()
    (tmp_path / "test_run_1.raw").write_bytes(b"")
    with pytest.raises(FormatError, match="has 0 bytes, should be a raw file"):
        tabulate_labelled(raw_files(tmp_path))
