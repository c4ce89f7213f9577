"""Pictures of an ensemble: what they say in words and axes."""

import numpy as np
import pytest

from kit.mu2e import mixture_plots
from kit.mu2e.momenta import EDGES, Momenta
from kit.mu2e.pulls import compare

N = len(EDGES) - 1


def _texts(axes):
    legend = axes.get_legend().get_texts() if axes.get_legend() else []
    return [text.get_text() for text in [*axes.texts, *legend]]


def test_drawn_and_expected_events_stand_in_one_picture_with_their_ratio():
    expected = Momenta(EDGES, {"DIO": np.full(N, 2.0), "CeMLL": np.full(N, 1.0)}, True, ("DIO",))
    picture = mixture_plots.spectra(expected, np.full(N, 3.0), "a title")
    top, bottom = picture.axes
    assert "drawn: 1 200" in _texts(top)
    assert "hatched: simulated stand-in, not Mu2e simulation" in _texts(top)
    assert bottom.get_ylabel() == "drawn / expected"
    assert bottom.get_xlabel() == "momentum [MeV]"
    points = bottom.containers[0].lines[0].get_ydata()
    assert np.allclose(points, 1)


@pytest.mark.parametrize(("jobs", "labels"), [(4, 8), (200, 0)])
def test_pulls_tell_their_sum_and_where_there_is_room_their_values(jobs, labels):
    found = compare(["DIO", "CeMLL"], np.full((jobs, 2), 12), np.full((jobs, 2), 9.0))
    axes = mixture_plots.pulls(found).axes[0]
    assert f"$\\chi^2$ = {2 * jobs}.0 for {2 * jobs}" in axes.get_title("left")
    assert _texts(axes) == ["1.0"] * labels


def test_counts_of_subruns_stand_over_bands_of_what_is_expected():
    found = compare(["DIO", "CeMLL"], [[12, 3], [7, 0]], np.full((2, 2), 9.0))
    axes = mixture_plots.counts(found).axes[0]
    assert axes.get_legend().get_title().get_text() == "points: drawn; bands: expected ± 1 σ"
    assert len({line.get_marker() for line in axes.lines}) == 2
    assert axes.get_yscale() == "log"


def test_toys_tell_their_spread():
    counts = np.random.default_rng(1).poisson(5, (100, 2, 40))
    axes = mixture_plots.toys(counts, ["DIO", "CeMLL"], np.linspace(70, 110, 41)).axes[0]
    assert _texts(axes) == ["central 68 %", "median of 100 toys"]
    assert axes.get_ylabel() == "Events / 1 MeV"


def test_a_blinded_picture_names_no_process():
    axes = mixture_plots.alone(np.full(N, 1.0), EDGES, "t", "blinded").axes[0]
    assert _texts(axes) == ["blinded: 400 events"]


def test_a_title_has_both_times_and_the_rate_only_where_it_is_known():
    summary = {"ensemble": "e", "on_spill_s": 3600.0, "wall_s": 11145.5}
    assert mixture_plots.title_of(summary) == "ensemble e: 3 600 s on spill, 11 146 s wall"
    assert mixture_plots.title_of(summary | {"r_mue": 1e-13}).endswith("conversion rate 1e-13")
