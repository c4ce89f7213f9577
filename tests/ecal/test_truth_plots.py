"""The pictures of the truth study."""

import numpy as np
import pytest

from kit.ecal import truth_plots
from kit.ecal.working_points import WorkingPoint


def test_the_distance_that_holds_a_share_of_the_energy():
    distance, energy = np.array([0.3, 0.1, 0.2]), np.array([1.0, 98.0, 1.0])
    assert truth_plots.contained(distance, energy, (0.98, 0.99, 0.999)).tolist() == [0.1, 0.2, 0.3]
    assert np.isnan(truth_plots.contained(np.zeros(0), np.zeros(0), (0.5,))).all()


EDGES = np.array([1.0, 10, 100]), np.array([0.0, 1, 2, 3])
POINTS = WorkingPoint("mine", "", *EDGES, np.full((2, 3), 0.01))


@pytest.mark.parametrize("other", [None, WorkingPoint("public", "", *EDGES, np.full((2, 3), 0.002))])
def test_tables_stand_side_by_side_with_borrowed_bins_hatched(other):
    borrowed = np.array([[True, False, False], [False, False, False]])
    picture = truth_plots.working_points(POINTS, borrowed, other)
    maps = [axes for axes in picture.axes if axes.get_xlabel()]
    assert [axes.get_title(loc="right") for axes in maps] == ["mine", "public"][: len(maps)]
    assert len(maps) == (2 if other else 1)
    assert "neighbour" in maps[0].get_legend().get_texts()[0].get_text()


def test_the_hatch_can_be_seen_and_hides_no_colour():
    """With and without it, the pixels of the borrowed bin alone differ; most of them keep their colour."""
    pixels = []
    for borrowed in (np.zeros((2, 3), bool), np.array([[True, False, False], [False] * 3])):
        picture = truth_plots.working_points(POINTS, borrowed, None)
        axes = picture.axes[0]
        axes.set_position([0.1, 0.2, 0.6, 0.7])
        picture.set_layout_engine("none")
        picture.canvas.draw()
        corners = [axes.transData.transform(place) for place in ((0.05, 1.1), (0.95, 9), (1.05, 1.1), (1.95, 9))]
        image = np.asarray(picture.canvas.buffer_rgba())[::-1]
        pixels.append([
            image[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])].reshape(-1, 4)
            for low, high in (corners[:2], corners[2:])
        ])  # fmt: skip
    changed = [(plain != hatched).any(axis=1).mean() for plain, hatched in zip(*pixels, strict=True)]
    assert 0.02 < changed[0] < 0.5
    assert changed[1] == 0


def test_a_score_of_nothing_has_a_colour_of_its_own_and_is_told():
    chosen = np.full((2, 3), 0.01)
    chosen[0, 1] = 0
    picture = truth_plots.working_points(WorkingPoint("mine", "", *EDGES, chosen), np.zeros((2, 3), bool), None)
    drawn = picture.axes[0].collections[0]
    assert not np.ma.getmaskarray(drawn.norm(drawn.get_array())).any()
    colours = drawn.to_rgba(drawn.get_array())
    assert colours[0, 1].tolist() == drawn.cmap.get_under().tolist()
    assert (colours.reshape(6, 4)[[0, 2, 3, 4, 5]] == colours[0, 0]).all()
    assert "0, or below 0.0001" in picture.axes[0].get_legend().get_texts()[0].get_text()
    plain = truth_plots.working_points(POINTS, np.zeros((2, 3), bool), None)
    assert plain.axes[0].get_legend() is None


def test_a_bin_that_knows_no_gain_is_empty():
    told = {"gain": [[None, 5.0]], "borrowed": [[True, False]], "et_edges": [1, 10], "eta_edges": [0, 1, 2]}
    drawn = truth_plots.gain(told).axes[0].collections[0].get_array()
    assert np.ma.getmaskarray(np.ma.masked_invalid(drawn)).ravel().tolist() == [True, False]


def test_energy_and_shares_can_be_drawn():
    rng = np.random.default_rng(1)
    rows = {name: rng.uniform(0.01, 1, 100) for name in truth_plots.REACH_FIELDS} | {
        "is_seed": np.arange(100) % 3 == 0
    }
    assert len(truth_plots.extents(rows).axes) == 3
    assert truth_plots.shares(rows).axes[0].get_xscale() == "log"
