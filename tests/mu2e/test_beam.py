"""Time and protons: published rates, and every way round."""

import pytest

from kit.mu2e.beam import from_on_spill, from_pot, from_wall


@pytest.mark.parametrize(
    ("mode", "method", "rate"),
    [
        ("1BB", "spill", 9.32153e12),
        ("2BB", "spill", 2.31858e13),
        ("1BB", "cycle", 9.31120e12),
        ("2BB", "cycle", 2.32288e13),
    ],
)
def test_protons_for_each_second_on_spill_are_the_published_ones(mode, method, rate):
    assert from_on_spill(1.0, mode, method).pot == pytest.approx(rate, rel=2e-6)


@pytest.mark.parametrize(("mode", "rate"), [("1BB", 3.00752e12), ("2BB", 5.71429e12)])
def test_protons_for_each_second_of_running_are_the_published_ones(mode, rate):
    assert from_wall(1.0, mode, "cycle").pot == pytest.approx(rate, rel=2e-6)


def test_the_first_run_of_the_experiment_has_its_published_number_of_protons():
    pot = from_wall(9.52e6, "1BB", "cycle").pot + from_wall(1.58e6, "2BB", "cycle").pot
    assert pot == pytest.approx(3.766015e19, rel=1e-6)
    assert pot == pytest.approx(3.8e19, rel=0.01)  # arXiv:2210.11380


@pytest.mark.parametrize("mode", ["1BB", "2BB"])
@pytest.mark.parametrize("method", ["spill", "cycle"])
def test_wall_time_on_spill_time_and_protons_lead_to_each_other(mode, method):
    one = from_wall(5000.0, mode, method)
    for other in (from_on_spill(one.on_spill, mode, method), from_pot(one.pot, mode, method)):
        assert (other.wall, other.on_spill, other.pot) == pytest.approx(
            (one.wall, one.on_spill, one.pot), rel=1e-14
        )
    assert one.on_spill + one.off_spill == pytest.approx(one.wall)
    assert one.scaled(2.0).pot == 2 * one.pot
