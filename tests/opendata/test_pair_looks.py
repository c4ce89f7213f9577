"""How a pair is looked at, without controls and without a picture."""

from pathlib import Path

import pytest

from kit.opendata.mass_sets import open_set
from kit.opendata.pair_looks import LOOKS, PairLooks
from kit.parameters import ParameterError
from tests.opendata.many_pairs import write_many


@pytest.fixture
def looks(tmp_path: Path) -> PairLooks:
    first = open_set("this", [write_many(tmp_path / "run", 40)])
    made = PairLooks(first, hook="kit-test", interactive=False)
    made.list_pairs(first, 1)
    return made


def test_the_view_follows_every_look(looks: PairLooks):
    rule = looks.viewed()
    looks.peak_cut, looks.split, looks.joined = 200.0, 800.0, 2
    looks.scale, looks.normalised, looks.marked = "linear", True, False
    view = looks.viewed()
    assert (view.peak, view.split, view.width) == (10, 40, 20.0)
    assert (view.logarithmic, view.normalised, view.marked) == (False, True, False)
    assert view.counts.sum() == rule.counts.sum()
    looks.by_rule()
    looks.joined = 1
    assert (looks.viewed().peak, looks.viewed().split) == (rule.peak, rule.split)


def test_a_pair_is_laid_over_others_and_not_over_itself(looks: PairLooks):
    first = " ".join(looks.pair)
    looks.overlay()
    assert (looks.overlays, dict(looks.viewed().others)) == ((first,), {})
    looks.browser.next()
    assert list(looks.viewed().others) == [first]
    looks.select(tuple(first.split()))
    looks.overlay()
    assert looks.overlays == ()


def test_a_state_is_whole_and_comes_back(looks: PairLooks):
    looks.joined, looks.browser.filter, looks.min_entries = 3, "e0", 10
    state, view = looks.state(), looks.viewed()
    assert set(LOOKS) < set(state)
    looks.joined, looks.browser.filter, looks.min_entries = 1, "", 0
    looks.browser.next()
    looks.restore(state)
    assert (looks.state(), looks.viewed().words) == (state, view.words)


def test_what_cannot_be_laid_over_leaves_what_is(looks: PairLooks):
    with pytest.raises(
        ParameterError, match=r"overlays has 'x', should be .* that was added \(none yet\) or a pair"
    ):
        looks.overlays = ("x",)
    assert looks.overlays == ()
