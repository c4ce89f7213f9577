"""What the panel looks at: parts, verdicts, cuts by rule and by hand."""

from typing import Any

import numpy as np
import pytest

from kit.opendata.bumpnet import refusal
from kit.opendata.captions import Caption
from kit.opendata.contents import Contents
from kit.opendata.mass_view import MassView, view_of

PAIR = ("2e_0m_0j_0g_0t_0b", "e0e1")
COUNTS = np.array([0, 3, 9, 40, *range(39, 9, -1), 0, 0, 4, 1, 0, 0])
LOOK: dict[str, Any] = {"events": 900, "above": Caption("x", ""), "name": "entries"}


def view(factor: int = 1, **values: Any) -> MassView:
    return view_of(PAIR, COUNTS, 10.0, factor, **LOOK | values)


def test_parts_follow_the_rules_and_lose_nothing():
    found = view()
    assert (found.peak, found.split) == (3, 34)
    assert [found.entries(part) for part in found.parts] == [12, COUNTS[3:34].sum(), 5]
    assert sum(found.entries(part) for part in found.parts) == COUNTS.sum()
    assert found.verdict() == found.verdict(30) == "accepted"


def test_cuts_by_hand_act_in_the_middle_of_nothing_else():
    found = view(peak=100.0, split=200.0)
    assert (found.peak, found.split) == (10, 20)
    assert found.entries("main") == COUNTS[10:20].sum()
    assert found.verdict() == "few bins"
    assert view(split=0.0).split is None
    assert view(peak=200.0, split=100.0).split is None
    assert view(peak=1e7).peak == len(COUNTS) - 1


def test_joined_bins_keep_the_entries_and_the_rules():
    found = view(2)
    assert found.width == 20.0
    assert sum(found.entries(part) for part in found.parts) == COUNTS.sum()
    assert found.peak == int(np.argmax(COUNTS[:40].reshape(-1, 2).sum(axis=1)))


def test_the_histogram_is_what_bumpnet_would_get():
    found = view()
    assert found.histogram is not None
    assert (found.histogram.low, found.histogram.high) == (30.0, 340.0)
    assert refusal(found.histogram.name, found.histogram.counts) == ""


def test_an_empty_spectrum_is_no_fault():
    found = view_of(PAIR, np.zeros(40, np.int64), 10.0, 1, **LOOK)
    assert (found.end, found.histogram, found.verdict()) == (0, None, "empty")
    assert "main 0" in found.words


def test_words_tell_what_is_seen():
    words = view(others={"more": Contents(COUNTS)}).words
    for part in (
        "2e_0m_0j_0g_0t_0b e0e1: 900 events",
        "peak cut at 30 GeV, split at 340 GeV",
        "accepted",
        "over it: more",
    ):
        assert part in words


@pytest.mark.parametrize("factor", [1, 3])
def test_what_is_laid_over_is_joined_alike(factor: int):
    found = view(factor, others={"more": Contents(COUNTS)})
    assert found.others["more"].values.tolist() == found.counts.tolist()
