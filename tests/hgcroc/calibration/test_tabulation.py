"""Tables of scans: charges from registers, several scans of one board together, points that are left out."""

import numpy as np
import pytest

from kit.hgcroc.calibration.tabulation import joined, pulse_distance, tabulate
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.marks import Mark
from kit.hgcroc.measurements import Scan
from kit.hgcroc.recording import open_again
from tests.hgcroc.boards import measured
from tests.hgcroc.plans import CALIB, plan_of
from tests.hgcroc.test_legacy import scan_in


@pytest.fixture(scope="module")
def injected():
    return measured(Hexaboard("char", 1), "injection_scan", n_events=20)


def test_charge_is_that_of_the_capacitor_which_is_switched_on(injected):
    charge = injected.charge
    assert charge.max() == pytest.approx(4000 * 500 / 4096)  # 0.5 pF, 1 V over 4096
    for point in range(len(injected)):
        fed = np.flatnonzero(injected.connected[point])
        assert len(fed) == 24
        assert set(fed % 3) == {int(fed[0]) % 3}
    assert (charge[~injected.connected] == 0).all()
    assert not injected.charge[:, injected.kind == 100].any()


def test_scans_of_one_board_are_joined_and_of_two_kinds_not(injected):
    calm = measured(Hexaboard("char", 1), "pedestal_run", n_events=20)
    both = joined([injected, calm])
    assert len(both) == len(injected) + 1
    assert np.array_equal(both.charge[:-1], injected.charge)
    assert not both.charge[-1].any()
    assert both.events(len(injected))["adc"].shape == (20, 1, 2, 37)
    with pytest.raises(KeyError, match="keeps no single events"):
        both.events(0)
    other = measured(Hexaboard("ld", 1), "pedestal_run", n_events=20)
    with pytest.raises(ValueError, match="scans of char and ld boards cannot be joined"):
        joined([injected, other])


def test_points_that_contradict_their_label_are_left_out_and_told(tmp_path):
    plan = plan_of([{"key": CALIB, "values": [0, 1, 2]}])
    scan_in(tmp_path, plan).close()
    with open_again(tmp_path / "scan.h5", plan) as recorder:
        recorder.mark({1: Mark.TOT_AT_ZERO, 2: Mark.SHORT})
    with Scan.open(tmp_path / "scan.h5") as scan:
        table = tabulate(scan)
        assert table["Calib"][:, 0].tolist() == [0, 2]
        assert table.remarks == (f"scan-{plan.hash}: point 1 is left out, its data contradict its label",)


def test_rows_with_too_few_events_are_nan_and_told(tmp_path):
    scan_in(tmp_path, plan_of([{"key": CALIB, "values": [0, 1]}])).close()
    with Scan.open(tmp_path / "scan.h5") as scan:
        count = int(scan.array("n").max())
        assert np.isfinite(tabulate(scan, min_events=1)["adc_mean"]).all()
        table = tabulate(scan, min_events=count + 1)
        assert np.isnan(table["adc_mean"]).all()
        assert table.remarks[0].endswith(f"2 points have rows with less than {count + 1} events")


GENERATOR = {"name": "A", "enable": 1, "BX": 16, "flavor": "CALPULINT", "followMode": "DISABLE"}
TRIGGER = {"name": "B", "enable": 0, "BX": 38, "flavor": "L1A", "followMode": "A"}


@pytest.mark.parametrize(
    ("daq", "distance"),
    [
        ({"active_menu": "calibAndL1A", "menus": {"calibAndL1A": {"bxCalib": 10, "bxL1A": 33}}}, 23),
        ({"active_menu": "randomL1A", "menus": {"randomL1A": {}}}, None),
        ({"l1a_generator_settings": [GENERATOR, TRIGGER]}, 22),
        ({"l1a_generator_settings": [GENERATOR | {"enable": 0}, TRIGGER]}, None),
        ({}, None),
    ],
)
def test_pulses_are_recognised_in_both_dialects(daq, distance):
    found = pulse_distance({"daq": daq})
    assert np.isnan(found) if distance is None else found == distance
