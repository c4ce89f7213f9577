"""What the panel of yields shows: the same numbers as a run, quickly, and what does not fit is said."""

import time

import pytest

from kit.mu2e.yield_options import YieldParameters
from kit.mu2e.yield_view import YieldWorkshop, other_convention
from tests.mu2e.ensembles import COUNTED, count


@pytest.fixture
def catalogue(make_catalogue):
    return make_catalogue(CeMLL=([300], 3000), DIO=([400], 9000), CRYCosmic=([300], 8000.0))


@pytest.fixture
def p(catalogue):
    return YieldParameters(**COUNTED, primaries=str(catalogue))


def test_numbers_are_those_of_a_run(p, catalogue):
    view = YieldWorkshop(p).view(p)
    summary = count(catalogue).summary
    assert {row.process: row.mean for row in view.made.rows} == summary["expected"]
    assert f"{summary['on_spill_s']:.6g} s on spill, {summary['wall_s']:.6g} s wall" in view.words
    assert f"{summary['livetime_max_on_spill_s']:.5g} s on spill" in view.words
    assert view.spectrum.measured


def test_a_sample_of_another_part_of_the_spectrum_counts_before_selection_only(p):
    workshop = YieldWorkshop(p)
    view = workshop.view(p.with_values(dio_emin=97.0))
    rows = {row.process: row for row in view.made.rows}
    assert rows["DIO"].mean is None
    assert rows["CeMLL"].mean is not None
    assert "before selection only, since samples are of another part of the spectrum: DIO" in view.words
    assert set(view.spectrum.counts) == {"CeMLL", "CRYCosmic"}


def test_without_primaries_what_is_born_is_shown():
    p = YieldParameters()
    view = YieldWorkshop(p).view(p)
    assert not view.spectrum.measured
    assert len(view.spectrum.counts) == 8


def test_a_new_value_costs_less_than_a_tenth_of_a_second(p):
    workshop = YieldWorkshop(p)
    workshop.view(p)
    before = time.process_time()
    for i in range(10):
        workshop.view(p.with_values(r_mue=1e-12 * (i + 1)))
    assert (time.process_time() - before) / 10 < 0.1


@pytest.mark.parametrize("mode", ["1BB", "2BB"])
def test_the_other_convention_is_the_same_exposure(mode):
    p = YieldParameters(run_mode=mode)
    wall = p.with_values(**other_convention(p))
    assert wall.livetime_wall > 3 * p.livetime_on_spill
    assert wall.exposure().pot == pytest.approx(p.exposure().pot)
    back = wall.with_values(**other_convention(wall))
    assert back.livetime_on_spill == pytest.approx(3600)


def test_conversions_and_rate_lead_to_each_other(p):
    workshop = YieldWorkshop(p)
    rate = workshop.rate_for(p, 5.0)
    rows = {row.process: row for row in workshop.view(p.with_values(r_mue=rate)).made.rows}
    assert rows["CeMLL"].number == pytest.approx(5.0)
