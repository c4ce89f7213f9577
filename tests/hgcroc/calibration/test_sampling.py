"""Pulses sampled over phases and crossings: where their top is; times without jumps."""

import numpy as np
import pytest

from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.sampling import distil_phase, unwrapped
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


def test_times_go_on_over_the_end_of_a_crossing_and_over_gaps():
    codes = np.array([1000.0, np.nan, 20.0, 60.0, 900.0])[:, None]
    assert unwrapped(codes)[:, 0].tolist()[2:] == [1044.0, 1084.0, 900.0]
    assert np.isnan(unwrapped(codes)[1, 0])


@pytest.fixture(scope="module")
def table():
    return measured(Hexaboard("char", 1), "sampling_scan", n_events=30)


def test_the_top_is_at_phase_3_and_channels_without_pulses_do_not_vote(table):
    found = distil_phase(table, WISHES)
    assert found.tree == {"roc_s0": {"Top": {0: {"phase_strobe": 3}}}}
    assert np.nanmedian(found.rows["top"]) == pytest.approx(-25 / 16 * 3, abs=0.5)  # ns; it falls slower
    assert not np.isfinite(found.rows["phase"][table.kind == 100]).any()


def test_a_pulse_in_another_crossing_moves_l1offset_along(table):
    late = type(table)(**{**vars(table), "distance": table.distance - 1})
    found = distil_phase(late, WISHES)
    assert found.tree["roc_s0"]["DigitalHalf"] == {0: {"L1Offset": 11}, 1: {"L1Offset": 11}}
    assert found.remarks == ("chip 0: the pulse is -1 crossings away, L1Offset moves along",)


def test_a_scan_that_ends_before_the_top_is_flagged(table):
    time = 25 * table.bunch[:, 0] - 25 / 16 * table["phase_strobe"][:, 0]
    found = distil_phase(table.taken(time < -6), WISHES)
    assert found.tree == {}
    assert (found.reasons[table.kind == 0] == Reason.NO_FIT).all()
    assert found.summary["phase"] == [None]
