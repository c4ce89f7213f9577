"""The pictures of scale and width."""

import dataclasses

import numpy as np
import pytest

from kit.ecal import resolution_plots
from kit.ecal.resolution_tables import fit_rows
from kit.ecal.working_points import WorkingPoint
from tests.ecal.test_resolution import scanned

EDGES = np.array([1.0, 10, 100]), np.array([0.0, 1, 2, 3])
POINTS = WorkingPoint("mine", "", *EDGES, np.array([[0.01, 0.01, 0.01], [0.002, 0.0, 0.0]]))
NONE = np.zeros((2, 3), bool)


def rows(name, tried):
    """Two bins, the second ten times as full."""
    n = len(tried)
    return {
        "et_min": np.repeat([1.0, 10.0], n), "et_max": np.repeat([10.0, 100.0], n),
        "eta_min": np.repeat([0.0, 1.0], n), "eta_max": np.repeat([1.0, 2.0], n), "entries": np.repeat([5, 50], n),
        name: np.tile(tried, 2), "w68": np.full(2 * n, 0.02), "scale": np.ones(2 * n),
        "mustache_w68": np.full(2 * n, 0.04), "mustache_scale": np.ones(2 * n),
    }  # fmt: skip


def texts(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_width_over_that_of_the_mustache_is_drawn_for_the_fullest_bin_first():
    first, second = resolution_plots.thresholds(rows("threshold", [0.001, 0.01]), POINTS, NONE).axes[:2]
    assert "10–100" in first.get_title(loc="right")
    assert first.lines[0].get_ydata().tolist() == [0.5, 0.5]
    assert texts(second)[-1] == "chosen: 0.01"


def test_a_chosen_score_of_nothing_is_told_without_a_line_and_a_borrowed_one_as_such():
    borrowed = NONE.copy()
    borrowed[0, 0] = True
    first, second = resolution_plots.thresholds(rows("threshold", [0.0, 0.001, 0.01]), POINTS, borrowed).axes[:2]
    assert texts(first)[-1] == "chosen: 0"
    assert not any(line.get_linestyle() == ":" for line in first.lines)
    assert texts(second)[-1] == "of a neighbour: 0.01"
    assert first.lines[0].get_xdata().tolist() == [0.001, 0.01]


@pytest.mark.parametrize(("name", "text"), [("pileup", "Largest energy of pileup"), ("noise", "Largest noise")])
def test_limits_are_drawn_over_what_is_without_one(name, text):
    found = rows("limit", [0.1, 1.0, np.inf])
    found["w68"] = np.array([0.03, 0.02, 0.04, 0.01, 0.015, 0.02])
    axes = resolution_plots.limits(found, POINTS, name).axes[0]
    assert axes.lines[0].get_ydata().tolist() == [0.5, 0.75]
    assert axes.lines[0].get_xdata().tolist() == [0.1, 1.0]
    assert text in axes.get_xlabel()


def test_short_axes_of_ratios_have_plain_numbers():
    axes = resolution_plots.thresholds(rows("threshold", [0.001, 0.01]), POINTS, NONE).axes[0]
    axes.figure.canvas.draw()
    shown = [tick.label1.get_text() for tick in (*axes.yaxis.get_major_ticks(), *axes.yaxis.get_minor_ticks())]
    assert any(text and float(text) < 1 for text in shown)


def test_fitted_peaks_stand_on_their_particles():
    rng = np.random.default_rng(1)
    particles = dataclasses.replace(scanned(2000), mustache=rng.normal(9.9, 0.04, 2000))
    points = WorkingPoint("mine", "", np.array([0.0, 10]), np.array([0.0, 1, 2]), np.array([[0.01, 0.01]]))
    found = fit_rows(particles, points, np.array([[True, False]]))
    first, second = resolution_plots.fits(found, points, particles).axes[:2]
    drawn = {line.get_label().split(":")[0]: line for line in (*first.lines, *second.lines)}
    assert set(drawn) == {"above the working point", "in the mustache"}
    axes = first if np.isfinite(first.lines[0].get_ydata()).all() else second
    curve = axes.lines[0]
    top = np.argmax(curve.get_ydata())
    assert curve.get_xdata()[top] == pytest.approx(found["peak"][0], abs=0.003)
    held = axes.patches[0].get_data()
    assert curve.get_ydata()[top] == pytest.approx(held.values.max(), rel=0.2)
