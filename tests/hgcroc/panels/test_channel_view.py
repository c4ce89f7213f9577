"""One channel with its fit: the line goes through the points that it was made of."""

import numpy as np
import pytest

from kit.hgcroc.panels.channel_view import channel_records, channel_view, fitted
from kit.hgcroc.plots import distillates_of


@pytest.fixture(scope="module")
def found(distilled):
    return distillates_of(distilled)


@pytest.mark.parametrize(
    ("name", "near"),
    [("trim_inv", 1.0), ("gain", 2.0), ("toa_curves", 0.15), ("time_walk", 1.0), ("tot_line", 40.0)],
)
def test_the_fit_goes_through_the_points(found, name, near):
    for row in (10, 78 + 50):
        view = channel_view(found[name], row)
        line = fitted(found[name], row, view.x)
        line[view.x > found[name].rows.get("linear_to", np.full(234, np.inf))[row]] = np.nan
        off = np.abs(view.y - line)
        assert np.isfinite(off).sum() >= 5
        assert np.nanmax(off) < near


def test_an_analysis_without_curves_by_channel_says_what_it_is(found):
    view = channel_view(found["crosstalk"], 3)
    assert not len(view.x)
    assert view.title == "crosstalk, chip 0, channel 3"


def test_records_have_place_results_and_reasons(found):
    records = channel_records(found["pedestals"])
    assert len(records) == 234
    assert records[5]["reasons"] == "dead: no noise"
    assert records[233]["kind"] == "common mode"
    assert all(value is None or np.isfinite(value) for value in (each["noise"] for each in records))
