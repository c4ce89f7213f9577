"""Pedestals, noise and common mode, event by event, against a plain way."""

import numpy as np
import pytest

from kit.hgcroc.calibration.pedestals import bonded_rows, distil_pedestals, judge_noise, rows_of_events
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


@pytest.fixture(scope="module")
def table():
    return measured(Hexaboard("ld", 3), "pedestal_run", n_events=400)


def plain(table, half):
    """Return noise without common mode of the channels of a half, written down as it is defined."""
    values = rows_of_events(table.events(0)).astype(float)
    mine = np.flatnonzero(table.group == half)
    voters = [row for row in mine if bonded_rows(table)[row]]
    away = values - values.mean(axis=0)
    left = {}
    for row in mine:
        residual = [away[event, row] - np.mean([away[event, k] for k in voters]) for event in range(len(values))]
        left[row] = np.std(residual) * (np.sqrt(len(voters) / (len(voters) - 1)) if row in voters else 1)
    return left


def test_noise_without_common_mode_is_that_of_the_plain_way(table):
    found = distil_pedestals(table, WISHES)
    for row, value in plain(table, 4).items():
        assert found.rows["noise_own"][row] == pytest.approx(value, rel=1e-4)


def test_rows_of_events_are_those_of_the_summary(table):
    mean = rows_of_events(table.events(0)).mean(axis=0, dtype=np.float64)
    assert mean == pytest.approx(table["adc_mean"][0], abs=1e-3)


def test_broken_halves_are_left_out_unless_wished_otherwise(table):
    events = {name: values.copy() for name, values in table.events(0).items()}
    events["adc"][::10, 1, 0] = 1023
    events["corruption"][::10, 1, 0] = 2
    hurt = table.taken(np.arange(1))
    object.__setattr__(hurt, "events", lambda _point: events)
    good, bad = (distil_pedestals(hurt, type(WISHES)(exclude_corrupt=word)) for word in (True, False))
    assert good.rows["noise_own"][78 : 78 + 36].max() < 2

    assert bad.halves["common_mode"][2] > 50 > good.halves["common_mode"][2]


def test_channels_are_judged_by_their_own_half(table):
    noise = np.full(len(table.chip), 1.0)
    noise[[3, 90, 200]] = [0, 1.6, np.nan]
    reasons = judge_noise(table, noise, WISHES)
    assert {int(row): Reason(int(reasons[row])) for row in np.flatnonzero(reasons)} == {
        3: Reason.DEAD, 90: Reason.NOISY, 200: Reason.MISSING
    }  # fmt: skip


def test_noise_that_is_left_is_with_or_without_common_mode_as_wished(table):
    for word, name in ((True, "noise_own"), (False, "noise")):
        found = distil_pedestals(table, type(WISHES)(cm_subtract=word))
        assert np.array_equal(found.rows["noise_left"], found.rows[name])
