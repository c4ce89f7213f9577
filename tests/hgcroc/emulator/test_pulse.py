import numpy as np
import pytest

from kit.hgcroc.emulator import pulse


def test_the_capacitors_give_their_published_charge_per_count():
    assert pulse.CALIB_CHARGE["LowRange"] == pytest.approx(0.122, abs=5e-4)  # fC, 0.5 pF at 1 V / 4096
    assert pulse.CALIB_CHARGE["HighRange"] == pytest.approx(1.953, abs=5e-4)  # fC, 8 pF
    both = pulse.charge_of(4096, 1, 1)
    assert both == pytest.approx(8500)


def test_the_pulse_falls_towards_its_start_as_measured():
    measured = np.array([1, 0.86, 0.67, 0.42, 0.21, 0.05])  # phases 4 to 9 of the real board
    seen = pulse.shape(pulse.sample_time(np.arange(4, 10), 0), 0.1)
    assert seen / seen[0] == pytest.approx(measured, abs=0.03)


@pytest.mark.parametrize("left", [0.07, 0.10, 0.15])
def test_the_fraction_of_the_range_is_left_one_crossing_later(left):
    time = pulse.sample_time(pulse.PHASE_OF_MAXIMUM, np.array([0, 1]))
    assert pulse.shape(time, left) == pytest.approx([1, left])


def test_there_is_nothing_before_the_pulse_and_one_maximum():
    time = np.linspace(-30, 100, 1301)
    seen = pulse.shape(time, 0.1)
    assert (seen[time <= 0] == 0).all()
    assert seen.max() == pytest.approx(1, abs=1e-4)
    assert (np.diff(np.sign(np.diff(seen[time >= 0]))) != 0).sum() == 1


def test_a_larger_phase_samples_earlier_by_a_sixteenth_of_a_crossing():
    assert np.diff(pulse.sample_time(np.arange(16), 0)) == pytest.approx(-1.5625)


def test_time_walk_follows_the_measured_law_and_is_held_where_that_runs_away():
    charge = np.array([128, 384, 1536]) * pulse.CALIB_CHARGE["HighRange"]
    assert pulse.time_walk(charge) == pytest.approx(9.5e4 / (np.array([128, 384, 1536]) - 13) ** 1.58)
    # the real board's chip 0: 285, 272, 303, 284 codes at Calib 128 against 242, 236, 244, 242 at 384
    assert pulse.time_walk(charge[0]) - pulse.time_walk(charge[1]) == pytest.approx(44, abs=4)
    assert pulse.time_walk([0, 13 * 1.953, 44 * 1.953]) == pytest.approx([410, 410, 410])
    assert (np.diff(pulse.time_walk(np.linspace(0, 8000, 1000))) <= 0).all()
