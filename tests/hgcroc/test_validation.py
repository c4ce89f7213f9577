"""Labels that data contradict: the wrong one of the real files, and made ones."""

import numpy as np
import pytest

from kit.hgcroc.marks import Mark
from kit.hgcroc.measurements import Scan
from kit.hgcroc.rawdata import decode
from kit.hgcroc.recording import open_again
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from kit.hgcroc.summaries import summarise
from kit.hgcroc.validation import full_scale, times_off_phase, tot_at_zero, twins, validate
from tests.hgcroc.plans import plan_of
from tests.hgcroc.samples import RUNS, point_columns, real_file

TABLE = register_table("ld")
LABELS = {1: (0, 0), 66: (128, 4), 68: (384, 4), 77: (1536, 4), 81: (0, 5), 160: (1920, 9)}  # Calib, phase
COUPLED = """
target:
  roc_s:
    ReferenceVoltage: {all: {Calib: {{ value.calib }} }}
    Top: {all: {phase_strobe: {{ value.phase }} }}
"""


@pytest.fixture
def real_scan(shared_data, tmp_path):
    """Return the six real files as a scan, with the settings of their labels."""
    values = [{"calib": LABELS[run][0], "phase": LABELS[run][1]} for run in RUNS]
    plan = plan_of([{"template": COUPLED, "values": values}])
    create(tmp_path / "scan.h5", plan, TABLE.reset, {})
    with open_again(tmp_path / "scan.h5", plan) as recorder:
        for point, run in enumerate(RUNS):
            recorder.write(point, point_columns(), summarise(decode(real_file(shared_data, run)), 3))
    with Scan.open(tmp_path / "scan.h5") as scan:
        yield scan


def test_the_wrong_label_of_run_81_is_found_and_no_other(real_scan):
    assert validate(real_scan) == {RUNS.index(81): Mark.TOT_AT_ZERO}


def test_times_follow_the_right_phase_and_no_other(real_scan):
    points = [RUNS.index(77), RUNS.index(160)]
    toa, fired = real_scan.array("toa_median", points), real_scan.array("toa_efficiency", points)
    alike = np.zeros(2, int)
    assert not times_off_phase(np.array([4, 9]), alike, toa, fired).any()
    for wrong in (8, 10, 5):
        assert times_off_phase(np.array([4, wrong]), alike, toa, fired).tolist() == [0, Mark.TOA_STEP]


def test_points_that_differ_in_more_than_the_phase_are_not_compared(real_scan):
    toa = np.array([[100.0], [500.0]])
    assert not times_off_phase(np.array([0, 1]), np.array([0, 1]), toa, np.ones((2, 1))).any()


def test_times_are_compared_across_the_edge():
    toa = np.array([[1000], [(1000 + 64 * 3) % 1024]], dtype=np.uint16)
    assert not times_off_phase(np.array([2, 5]), np.zeros(2, int), toa, np.ones((2, 1))).any()


def test_tot_may_fire_where_charge_is_injected():
    fired = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 0.1]])
    calib = np.array([[0, 100], [0, 0], [0, 0]])
    assert tot_at_zero(calib, fired).tolist() == [0, Mark.TOT_AT_ZERO, 0]


def test_equal_data_of_different_settings_are_twins_but_not_those_of_repeats():
    mean = np.array([[1.5, 2.5], [1.5, 2.5], [1.5, 2.5], [3.5, 2.5]])
    label = np.array([0, 0, 1, 2])
    assert twins(label, [mean]).tolist() == [Mark.TWIN, 0, Mark.TWIN, 0]
    assert not twins(np.zeros(4, int), [mean]).any()


def test_points_without_data_are_no_twins():
    mean = np.full((3, 2), np.nan)
    assert not twins(np.arange(3), [mean, mean]).any()


def test_full_scale_everywhere_is_told():
    columns = {"adc_median": np.array([[1023, 1023], [1023, 5]]), "toa_median": np.zeros((2, 2), int)}
    assert full_scale(columns).tolist() == [Mark.FULL_SCALE, 0]


def test_a_scan_without_data_has_no_doubts(tmp_path):
    create(tmp_path / "scan.h5", plan_of([]), TABLE.reset, {})
    with Scan.open(tmp_path / "scan.h5") as scan:
        assert validate(scan) == {}
