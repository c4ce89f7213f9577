"""TOT: the line above 384 counts, bins of eight, and the joint with the ADC."""

import numpy as np
import pytest

from kit.hgcroc.calibration.over_threshold import distil_joining, distil_tot_line
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.tabulation import joined
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


@pytest.fixture(scope="module")
def tables():
    board = Hexaboard("char", 1)
    return measured(board, "timewalk_scan"), measured(board, "injection_scan")


def test_the_line_is_that_of_numpy_above_384_counts(tables):
    table, _ = tables
    found = distil_tot_line(table, WISHES)
    calib = table["Calib"][:, 0]
    for row in (0, 33, 71):
        use = calib >= 384
        slope, offset = np.polyfit(table.charge[use, row], table["tot_mean_hit"][use, row].astype(float), 1)
        assert found.rows["slope"][row] == pytest.approx(slope)
        assert found.rows["offset"][row] == pytest.approx(offset)


def test_the_middle_of_the_bins_raises_the_line_where_codes_are_compressed(tables):
    edge, centre = (distil_tot_line(tables[0], type(WISHES)(tot_centre=word)) for word in (False, True))
    at_3000 = [found.rows["offset"] + 3000 * found.rows["slope"] for found in (edge, centre)]
    assert np.nanmedian(at_3000[1] - at_3000[0]) == pytest.approx(3.5, abs=0.5)


def test_the_bend_at_onset_is_found_and_the_charge_joins(tables):
    board = Hexaboard("char", 1)
    high = [{"roc_s": {"ReferenceVoltage": {"all": {"Tot_vref": 700}}}}]  # lower, the codes end at 1
    found = distil_tot_line(measured(board, "timewalk_scan", high), WISHES)
    good = found.kind == 0
    at_threshold = found.rows["bend"] * np.exp(-(371 - found.rows["onset"]) / found.rows["bend_reach"])
    assert np.median(at_threshold[good]) == pytest.approx(30, abs=6)  # counts, of the emulated board
    assert np.median(found.rows["bend_reach"][good]) == pytest.approx(60, abs=12)  # fC
    joint = distil_joining(joined(list(tables)), WISHES)
    assert np.abs(np.median(joint.rows["step"][good])) < 12  # fC at about 240
    assert (joint.rows["gap"][good] >= 0).all()


def test_a_chip_without_tdc_is_flat(tables):
    board = Hexaboard("char", 1)
    board.inject("dead_tdc", value=0)
    table = measured(board, "timewalk_scan", n_events=20)
    found = distil_tot_line(table, WISHES)
    assert (found.reasons[table.kind == 0] == Reason.FLAT_TOT).all()
    assert np.isnan(found.rows["slope"]).all()
