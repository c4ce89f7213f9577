"""The picture of the panel of masses."""

from typing import Any

import numpy as np
import pytest

from kit import figures
from kit.opendata.captions import Caption
from kit.opendata.contents import Contents
from kit.opendata.mass_view import view_of
from kit.opendata.view_plots import SIZE, draw_view

COUNTS = np.array([0, 3, 9, 40, *range(39, 9, -1), 0, 0, 4, 1, 0, 0])


def drawn(counts: np.ndarray = COUNTS, **values: Any) -> Any:
    look: dict[str, Any] = {"events": 900, "above": Caption("Open Data", ""), "name": "entries"} | values
    view = view_of(("2e_0m_0j_0g_0t_0b", "e0e1"), counts, 10.0, 1, **look)
    picture, axes = figures.grid(2, 1, size=SIZE)
    draw_view(axes, view)
    assert figures.png(picture)
    return axes.flat


def test_cut_split_and_axes_have_their_words_and_units():
    upper, lower = drawn()
    assert upper.get_ylabel() == "Events / 10 GeV"
    assert lower.get_xlabel().endswith("[GeV]")
    lines = [line.get_xdata()[0] for line in upper.get_lines() if len(set(line.get_xdata())) == 1]
    assert {30.0, 340.0} <= set(lines)
    assert upper.get_yscale() == "log"
    assert "σ" in lower.get_ylabel()


def test_another_spectrum_gives_a_ratio():
    upper, lower = drawn(others={"more": Contents(COUNTS * 2)}, logarithmic=False)
    assert lower.get_ylabel() == "Ratio"
    assert "more" in [text.get_text() for text in upper.get_legend().get_texts()]
    ratio = lower.containers[0].lines[0].get_ydata()
    assert set(np.round(ratio, 12)) == {0.5}
    assert upper.get_yscale() == "linear"


def test_the_same_area_makes_the_ratio_one():
    _, lower = drawn(others={"more": Contents(COUNTS * 2)}, normalised=True)
    assert set(np.round(lower.containers[0].lines[0].get_ydata(), 12)) == {1.0}


@pytest.mark.parametrize("marked", [True, False])
def test_known_particles_are_marked_where_wanted(marked: bool):
    upper, _ = drawn(marked=marked)
    assert ("Z" in [text.get_text() for text in upper.texts]) == marked


def test_nothing_to_draw_is_said():
    upper, _ = drawn(np.zeros(40, np.int64))
    assert "no mass of this pair" in " ".join(text.get_text() for text in upper.texts)
