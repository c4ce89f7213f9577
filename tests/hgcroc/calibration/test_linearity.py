"""Gain between the pedestal's noise and 90 % of the top; cross-talk and shorts by groups."""

import numpy as np
import pytest

from kit.hgcroc.calibration.linearity import adc_lines, distil_crosstalk, distil_gain, one_phase
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


@pytest.fixture(scope="module")
def table():
    return measured(Hexaboard("char", 1), "injection_scan", n_events=50)


def test_the_line_takes_the_points_of_the_definition(table):
    found = adc_lines(table)
    for row in (0, 10, 71):
        mine = table.connected[:, row]
        charge, adc = table.charge[mine, row], table["adc_mean"][mine, row]
        low = adc[charge == 0].mean() + 5 * table["adc_stdd"][mine, row][charge == 0].mean()
        fired = table["tot_efficiency"][mine, row] > 0
        use = (adc > low) & (adc < 0.9 * adc.max()) & (charge > 0) & ~fired
        slope, offset = np.polyfit(charge[use], adc[use].astype(float), 1)
        assert found.line.slope[row] == pytest.approx(slope)
        assert found.line.offset[row] == pytest.approx(offset)


def test_an_adc_that_stays_low_and_one_that_does_not_change_are_flagged(table):
    hurt = table.taken(np.arange(len(table)))
    adc = hurt.columns["adc_mean"]
    adc[:, 4] = np.minimum(adc[:, 4], 450)
    adc[:, 7] = 200
    found = distil_gain(hurt, WISHES)
    assert found.reasons[4] & Reason.LOW_ADC
    assert found.reasons[7] & Reason.FLAT_ADC
    assert not (found.reasons[np.delete(np.arange(72), [4, 7])]).any()


def test_crosstalk_of_a_group_is_that_of_a_line_channel_by_channel(table):
    found = distil_crosstalk(table, WISHES)
    groups, matrix = found.curves["groups"], found.curves["matrix"]
    assert matrix.shape == (3, 78)
    for number in range(3):
        points = (table.connected == groups[number]).all(axis=1)
        row = int(np.flatnonzero(~groups[number] & (table.kind == 0))[0])
        half = table.group == table.group[row]
        slope = np.polyfit(
            table.charge[points][:, half].max(axis=1), table["adc_mean"][points, row].astype(float), 1
        )[0]
        assert matrix[number, row] == pytest.approx(slope)
        assert np.isnan(matrix[number, groups[number]]).all()


def test_of_several_phases_that_of_the_largest_signal_counts(table):
    both = type(table)(**{**vars(table), "columns": dict(table.columns)})
    phase = np.arange(len(table)) % 2
    both.columns["phase_strobe"] = np.broadcast_to(phase[:, None], table["adc_mean"].shape)
    both.columns["adc_mean"] = np.where(phase[:, None] == 1, table["adc_mean"] * 0.5, table["adc_mean"])
    assert np.array_equal(one_phase(both), phase == 0)
