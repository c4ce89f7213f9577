"""What further branches hold: scores, tracks, triggers, numbers; and what is wrong with them."""

import numpy as np
import pytest

from kit.files import FormatError
from kit.opendata.chunks import Chunk, Objects
from kit.opendata.extras import with_extras
from kit.opendata.trees import Column
from kit.opendata.wishes import Found

JETS = Objects(np.array([0, 2, 2, 3]), *(np.array([30.0, 40.0, 50.0], "f4") for _ in range(3)))
CHUNK = Chunk(10, 13, "GeV", {"j": JETS})
FLAVOURS = ("b", "c", "u")


def lists(values: list[float], *sizes: int, kind: str = "f4") -> Column:
    return Column(np.cumsum([0, *sizes]), np.array(values, kind))


def score(b: Column, c: Column, u: Column, link: Column | None = None) -> list[float]:
    columns = {"b": b, "c": c, "u": u} | ({"l": link} if link else {})
    found = with_extras(CHUNK, Found(flavours=FLAVOURS, link="l" if link else ""), columns, "x.root")
    assert found.objects["j"].score is not None
    return found.objects["j"].score.tolist()


def test_dl1d_is_the_logarithm_of_a_ratio_and_knows_its_limits():
    b, c, u = (lists(values, 2, 0, 1) for values in ([0.5, 0.0, 0.5], [0.2, 0.2, 0.0], [0.3, 0.3, 0.0]))
    known = np.log(0.5 / (0.018 * np.float32(0.2) + 0.982 * np.float32(0.3)))
    assert score(b, c, u) == [pytest.approx(float(known), rel=1e-7), -np.inf, np.inf]


def test_links_tell_which_b_tag_object_is_a_jets():
    b, c, u = (lists(values, 2, 0, 1) for values in ([0.1, 0.9, 0.5], [0.5] * 3, [0.5] * 3))
    straight = score(b, c, u)
    crossed = score(b, c, u, lists([1, 0, 0], 2, 0, 1, kind="u4"))
    assert crossed == [straight[1], straight[0], straight[2]]
    assert score(b, c, u, lists([0, 2**32 - 1, 0], 2, 0, 1, kind="u4"))[1] == -np.inf


def test_a_link_to_nowhere_is_refused_by_entry():
    b = lists([0.1, 0.9, 0.5], 2, 0, 1)
    with pytest.raises(FormatError, match=r"x\.root:l: entry 12 has a jet linked to b-tag object 1, there are 1"):
        score(b, b, b, lists([0, 1, 1], 2, 0, 1, kind="u4"))


def test_lists_of_other_lengths_are_refused_by_entry():
    with pytest.raises(FormatError, match=r"x\.root:s: entry 11 has 1 values, for 0 jets"):
        with_extras(CHUNK, Found(score="s"), {"s": lists([1, 2, 3], 2, 1, 0)}, "x.root")
    b, c = lists([0.1, 0.9, 0.5], 2, 0, 1), lists([0.1, 0.9, 0.5], 1, 1, 1)
    with pytest.raises(FormatError, match=r"x\.root:c: its lists are not as long as those of b"):
        score(b, c, b)
    with pytest.raises(FormatError, match=r"x\.root:t: must be a list per entry"):
        with_extras(CHUNK, Found(tracks="t"), {"t": Column(None, np.zeros(3))}, "x.root")


def test_triggers_are_flags_and_weights_numbers_or_the_first_of_a_list():
    columns = {
        "t": Column(None, np.array([1, 0, 1], "u1")),
        "w": lists([3, 4, 5, 6], 2, 1, 1),
        "x": Column(None, np.ones(3)),
    }
    found = with_extras(CHUNK, Found(triggers=("t",), numbers={"weight": "w", "sum": "x"}), columns, "x.root")
    assert found.triggers["t"].tolist() == [True, False, True]
    assert found.numbers["weight"].tolist() == [3, 5, 6]
    assert found.numbers["sum"].tolist() == [1, 1, 1]
    with pytest.raises(FormatError, match=r"x\.root:w: entry 11 has no value"):
        with_extras(CHUNK, Found(numbers={"weight": "w"}), {"w": lists([3, 4], 1, 0, 1)}, "x.root")
    with pytest.raises(FormatError, match=r"x\.root:t: must be one flag per entry"):
        with_extras(CHUNK, Found(triggers=("t",)), {"t": Column(None, np.ones(3))}, "x.root")
