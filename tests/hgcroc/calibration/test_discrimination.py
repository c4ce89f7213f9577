"""Thresholds: plateaus of times at code 0, trims at their ends, voltages from two charges."""

import numpy as np
import pytest

from kit.hgcroc.calibration.discrimination import distil_curves, distil_threshold, distil_trim, plateaus
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.tabulation import joined
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured

X = np.arange(20.0)[:, None]
LOWER = [{"roc_s": {"ReferenceVoltage": {"all": {"Toa_vref": 148}}}}]  # so that curves lie within the scan


def test_a_plateau_is_told_from_a_curve_that_has_not_ended():
    trials = np.full((20, 1), 200.0)
    ended = np.where(X < 8, 0.0, 0.6)
    rising = np.clip((X - 8) / 15, 0, 1)
    assert plateaus(X, ended, trials).tolist() == [0.6]
    assert plateaus(X, rising, trials).tolist() == [1.0]
    assert plateaus(X, np.where(X < 8, 0.0, 1.0), trials).tolist() == [1.0]
    assert plateaus(X, np.full((20, 1), 0.3), trials).tolist() == [1.0]  # never begun


def test_a_channel_whose_times_are_at_code_0_has_the_same_threshold():
    board = Hexaboard("char", 1)
    board.truth.toa_offset[:] = 300.0
    plain = distil_curves(measured(board, "toa_scurve", LOWER), WISHES)
    # 410 codes of time-walk hold for all small charges: these times come at code 0 or 1023
    board.truth.toa_offset[0, 0, 5] = 1024.5 - 410 * board.truth.walk[0, 0, 5]
    hurt = measured(board, "toa_scurve", LOWER)
    assert hurt["toa_efficiency"][:, 5].max() < 0.98
    found = distil_curves(hurt, WISHES)
    assert found.rows["q50"][5] == pytest.approx(plain.rows["q50"][5], abs=0.15)
    assert found.rows["sigma"][5] == pytest.approx(0.35, rel=0.3)


def test_thresholds_out_of_reach_have_the_trim_at_that_end():
    board = Hexaboard("char", 1)
    board.truth.toa_threshold[0, 0, :2] = [5.0, 20.0]  # always fires, never fires
    found = distil_trim(measured(board, "toa_trim"), WISHES)
    assert found.rows["trim_toa"][0] == 63
    assert found.reasons[0] == Reason.UNREACHABLE
    assert np.isnan(found.rows["trim_toa"][1])
    assert found.reasons[1] == Reason.FLAT_TOA
    assert 1 not in found.tree["roc_s0"]["ch"]


def test_one_charge_alone_gives_no_voltage_and_says_so():
    board = Hexaboard("char", 1)
    high = measured(board, "toa_vref")
    found = distil_threshold(high, WISHES)
    assert found.tree == {}
    assert found.remarks == ("Toa_vref was scanned at 1 charges, should be at two at least",)
    both = joined([measured(board, "toa_vref_noinj"), high])
    vref = distil_threshold(both, WISHES).halves["Toa_vref"]
    trimmed = 12 + 0.05 * 32  # the threshold at Toa_vref 155 with trims in their middle
    assert vref == pytest.approx(155 - (trimmed - WISHES.toa_target) / 0.35, abs=1.5)
