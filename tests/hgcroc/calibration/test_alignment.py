"""Reference voltages and trims: the straight part, the target that most reach, refusals."""

import numpy as np
import pytest

from kit.hgcroc.calibration.alignment import best_target, distil_inv_vref, distil_trim_inv, falling_part
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


def test_the_straight_part_is_between_80_percent_of_the_top_and_the_bottom():
    curve = np.array([100, 500, 480, 450, 390, 300, 200, 100, 10, 0, 0.0])[:, None]
    assert np.flatnonzero(falling_part(curve, 0.8)).tolist() == [4, 5, 6, 7, 8]
    assert np.flatnonzero(falling_part(curve, 1.0)).tolist() == [2, 3, 4, 5, 6, 7, 8]


def test_the_best_target_is_the_one_that_most_can_reach():
    assert best_target(np.array([0.0, 10, 100]), np.array([50.0, 60, 150])) == 30
    assert np.isnan(best_target(np.empty(0), np.empty(0)))


def test_a_register_that_does_nothing_is_refused():
    table = measured(Hexaboard("char", 1), "vrefinv", n_events=20)
    table.columns["adc_mean"] = np.broadcast_to(table["adc_mean"][:1], table["adc_mean"].shape).copy()
    found = distil_inv_vref(table, WISHES)
    assert found.tree == {}
    assert np.isnan(found.halves["Inv_vref"]).all()
    assert (found.reasons == Reason.UNSOLVABLE).all()


def test_a_target_out_of_range_is_clipped_and_told():
    table = measured(Hexaboard("char", 1), "vrefinv", n_events=20)
    found = distil_inv_vref(table, type(WISHES)(target_inv=-900))
    assert found.halves["Inv_vref"].tolist() == [1023, 1023]
    assert found.remarks[0].startswith("half 0 of chip 0: Inv_vref would be 1")


def test_values_are_rounded_and_trims_stay_in_their_range():
    table = measured(Hexaboard("char", 2), "pedestal_scan", n_events=50)
    found = distil_trim_inv(table, type(WISHES)(target_trim=400))
    trims = found.rows["trim_inv"]
    assert (trims == np.rint(trims)).all()
    assert (trims.min(), trims.max()) == (0, 63) or trims.max() == 63
    listed = found.reasons & Reason.UNREACHABLE != 0
    assert np.abs(found.rows["expected"] - 400)[~listed].max() < 1.2
    assert (np.abs(found.rows["expected"] - 400)[listed] > 0.5).all()


@pytest.mark.parametrize("target", [None, 180.0])
def test_all_channels_of_a_half_have_one_target(target):
    table = measured(Hexaboard("char", 2), "pedestal_scan", n_events=50)
    found = distil_trim_inv(table, type(WISHES)(target_trim=target))
    assert (found.rows["target"] == found.halves["target"][table.group]).all()
    assert target is None or (found.halves["target"] == target).all()
