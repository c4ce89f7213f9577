import numpy as np
import pytest
import yaml

from kit.hgcroc import messages
from kit.hgcroc.emulator.truth import COMMON_NOISE, ROUNDING, Truth, place_of, unbonded


def test_a_seed_is_a_board_and_another_seed_another():
    one, same, other = Truth.drawn(3, 7), Truth.drawn(3, 7), Truth.drawn(3, 8)
    assert (one.pedestal == same.pedestal).all()
    assert (one.toa_offset == same.toa_offset).all()
    assert (one.pedestal != other.pedestal).all()


def test_constants_spread_as_measured():
    truth = Truth.drawn(60, 1)
    pads = ~unbonded(60)
    total = np.sqrt(truth.noise**2 + COMMON_NOISE**2 + ROUNDING**2)[pads]
    assert truth.pedestal.mean() == pytest.approx(285, abs=1.5)
    assert truth.pedestal.std() == pytest.approx(20, rel=0.1)
    assert np.median(total) == pytest.approx(1.05, abs=0.02)
    assert np.percentile(total, [5, 95]) == pytest.approx([0.90, 1.24], abs=0.03)
    assert (truth.tot_slope * 1.953).mean() == pytest.approx(0.80, abs=0.01)


def test_channels_without_a_pad_have_less_noise():
    truth = Truth.drawn(60, 1)
    without = unbonded(60)
    assert without.sum() == 60 * 8
    assert np.median(truth.noise[without]) < 0.75 * np.median(truth.noise[~without])


def test_places_count_within_the_half():
    assert [place_of(channel) for channel in (0, 35, 36, 71)] == [(0, 0), (0, 35), (1, 0), (1, 35)]


def test_all_constants_travel_in_a_message():
    truth = Truth.drawn(1, 1)
    tree = yaml.safe_load(messages.dump(truth.tree()))
    assert np.array(tree["toa_threshold"]) == pytest.approx(truth.toa_threshold)
    assert tree["dead"] == np.zeros((1, 2, 39), dtype=bool).tolist()
