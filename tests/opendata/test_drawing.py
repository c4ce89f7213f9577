"""The parts of pictures: what is drawn equals the numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import figures
from kit.opendata import drawing
from kit.opendata.contents import Contents


@pytest.fixture
def axes():
    return figures.figure()[1]


# exact limits of a Poisson mean at one standard deviation: Gehrels 1986, tables 1 and 2
EXACT = {
    0: (0.0, 1.841),
    1: (0.173, 3.300),
    2: (0.708, 4.638),
    3: (1.367, 5.918),
    10: (6.891, 14.267),
    100: (90.02, 111.03),
}


@pytest.mark.parametrize(("count", "limits"), EXACT.items())
def test_statistical_errors_are_near_the_exact_ones(count, limits):
    down, up = drawing.poisson_errors([count])[:, 0]
    assert count - down == pytest.approx(limits[0], rel=0.015)
    assert count + up == pytest.approx(limits[1], rel=0.015)


def test_statistical_errors_of_many_entries_are_the_root():
    assert drawing.poisson_errors([10**6])[:, 0] == pytest.approx([1000, 1000], rel=2e-3)


tables = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 99), max_size=12)


@given(tables, st.integers(1, 8))
def test_the_largest_and_the_others_are_all_there_is(table, limit):
    shown, others = drawing.largest(table, limit)
    assert shown | others == table
    assert len(others) != 1
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    assert max(others.values(), default=0) <= min(shown.values(), default=0)


def test_bars_are_as_long_as_the_numbers_and_from_the_top_down(axes):
    drawing.bars(axes, {"first": 40, "second": 8}, "Events", whole=50, hollow=["second"], others={"x": 1, "y": 1})
    assert [bar.get_width() for bar in axes.patches] == [40, 8]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second", "2 others"]
    assert [text.get_text() for text in axes.texts] == ["40  (80.0%)", "8  (16.0%)", "2  (4.0%)"]
    assert axes.yaxis_inverted()
    assert axes.get_xlabel() == "Events"
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True]
    assert axes.get_xscale() == "linear"


def test_bars_that_differ_much_are_logarithmic_unless_told_otherwise(axes):
    table = {"many": 100_000, "few": 1}
    drawing.bars(axes, table, "Events")
    assert axes.get_xscale() == "log"
    assert axes.get_xlim()[0] < 1
    other = figures.figure()[1]
    drawing.bars(other, table, "Events", logarithmic=False)
    assert other.get_xscale() == "linear"


def test_the_numbers_at_the_bars_lie_inside_the_picture(axes):
    drawing.bars(axes, {"many": 123_456_789, "few": 3}, "Events", whole=123_456_792)
    axes.figure.draw_without_rendering()
    right = axes.get_window_extent().x1
    assert all(text.get_window_extent().x1 <= right for text in axes.texts)


def test_steps_have_the_heights_and_edges_of_the_bins(axes):
    drawing.steps(axes, np.array([3, 0, 1]), 80.0, 10.0, "some")
    data = axes.patches[0].get_data()
    assert data.values.tolist() == [3, 0, 1]
    assert data.edges.tolist() == [80, 90, 100, 110]


def test_points_stand_in_the_middle_of_filled_bins_alone(axes):
    drawing.points(axes, Contents(np.array([3, 0, 1])), 80.0, 10.0)
    x, y = axes.lines[0].get_data()
    assert (list(x), list(y)) == ([85, 105], [3, 1])


def test_only_resonances_inside_the_axes_are_marked(axes):
    axes.set_xlim(50, 150)
    drawing.mark(axes, [r"J/$\psi$", "Z", "H", "t"])
    assert [line.get_xdata()[0] for line in axes.lines] == [91.188, 125.20]
    assert [text.get_text() for text in axes.texts] == ["Z", "H"]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=50).map(np.array), st.integers(1, 9))
def test_bins_are_joined_until_they_can_be_read_and_none_is_lost(counts, most):
    bins, factor = drawing.shown_bins(counts, share=1.0, most=most)
    assert bins <= most
    assert Contents(counts).joined(bins, factor).total == counts.sum()


def test_the_bins_shown_hold_the_share_asked_for():
    counts = np.array([50, 40, 5, 4, 1])
    assert [drawing.last_shown(counts, share) for share in (0.5, 0.9, 0.95, 1.0)] == [1, 2, 3, 5]
    assert drawing.last_shown(np.zeros(4, np.int64), 0.99) == 1


@pytest.mark.parametrize(("highest", "logarithmic"), [(3, False), (3, True), (12_345, False), (12_345, True)])
def test_there_is_room_above_the_highest_bin(axes, highest, logarithmic):
    drawing.head_room(axes, highest, logarithmic)
    low, high = axes.get_ylim()
    assert low < 1
    assert high > 1.1 * highest


def test_sums_of_weights_have_their_errors_and_room_of_their_own(axes):
    values, squares = np.array([0.03, 0.0, -0.001]), np.array([1e-4, 0.0, 4e-6])
    drawing.points(axes, Contents(values, squares), 0.0, 10.0)
    assert list(axes.lines[0].get_ydata()) == [0.03, -0.001]
    drawing.head_room(axes, 0.03, True, least=0.03)
    assert axes.get_ylim()[0] == pytest.approx(0.015)
    assert axes.get_ylim()[1] > 0.1


@pytest.mark.parametrize(
    ("value", "text"), [(12345, "12 345"), (12345.6, "12 346"), (0.01234, "0.0123"), (0.0, "0")]
)
def test_numbers_are_told_with_their_thousands_apart_or_with_three_digits(value, text):
    assert drawing.number_text(value) == text
