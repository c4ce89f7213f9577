"""Faults of a plan: each names its key and spot."""

from dataclasses import replace

import pytest

from kit.mu2e.plan_faults import plan_faults
from kit.mu2e.plans import Plan
from kit.mu2e.sources import Source

SOUND = Plan(
    "e", "t", "poisson", 1, 1000, "entry", "sequential", 1430, 0, ["CRYCosmic", "DIO"], [8.0, 4.0], [0.7, 0.3],
    [Source("/a", "t", 10, "u1", 100), Source("/b", "t", 10, "u2", 100), Source("/c", "t", 10, "u3", 100)],
    [[0], [1], [2]], [("", 0.0), ("", 0.0), ("", 0.0)], [0, 0, 1], [[4, 2], [5, 2]],
    [[[(0, 0, 4)], [(2, 0, 2)]], [[(0, 4, 8), (1, 0, 1)], [(2, 2, 4)]]],
)  # fmt: skip


def test_a_sound_plan_has_none():
    assert plan_faults(SOUND) == []
    thinned = replace(SOUND, thinning=[("w", 2.0), ("", 0.0), ("", 0.0)], counts=[[2, 2], [3, 2]])
    assert plan_faults(thinned) == []  # how many are kept stands in the files
    assert plan_faults(replace(SOUND, counts=[], takes=[])) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"means": [8.0]}, "means has 1 entries, should have 2, one for each process"),
        ({"owners": [0, 0]}, "owners has 2 entries, should have 3, one for each source"),
        ({"takes": SOUND.takes[:1]}, "takes has 1 entries, should have 2, one for each subrun"),
        ({"mode": "art"}, "seeds has 0 entries, should have 2, one for each subrun"),
        ({"counts": [[4, 2], [5]]}, "counts: subrun 1 has 1 entries, not 2: one for each process"),
        ({"parts": [[0], [1], [3]]}, "parts: part 2 is of sources [3], should be some of the 3"),
        ({"parts": [[0], [1], []]}, "parts: part 2 is of sources [], should be some of the 3"),
        ({"parts": [[0], [1], [0]]}, "parts: source 0 is in part 0 and in part 2"),
        ({"parts": [[0], [1, 2]], "thinning": SOUND.thinning[:2]},
         "owners: the sources [1, 2] of part 1 belong to several processes"),
        ({"counts": [[4, 3], [5, 2]]}, "counts: subrun 0 has 3 of DIO, but its takes hold 2"),
        ({"counts": [[4, -1], [5, 2]]}, "counts: subrun 0 has -1 of DIO, but its takes hold 2"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_key(changes, said):
    assert plan_faults(replace(SOUND, **changes)) == [said]


@pytest.mark.parametrize(
    ("take", "said"),
    [
        ((3, 0, 2), "takes: subrun 0, DIO: 0 to 2 of part 3: there are 3 parts"),
        ((1, 5, 7), "takes: subrun 0, DIO: 5 to 7 of part 1: that is of CRYCosmic"),
        ((2, 9, 11), "takes: subrun 0, DIO: 9 to 11 of part 2: should be within its 0 to 10"),
        ((2, -1, 1), "takes: subrun 0, DIO: -1 to 1 of part 2: should be within its 0 to 10"),
        ((2, 6, 4), "takes: subrun 0, DIO: 6 to 4 of part 2: should be within its 0 to 10"),
        ((2, 1, 3), "takes: 1 to 3 of part 2 in subrun 0 and 2 to 4 in subrun 1 share items"),
    ],
)
def test_ranges_beyond_their_pool_and_shared_ones_are_told(take, said):
    takes = [[SOUND.takes[0][0], [take]], SOUND.takes[1]]
    assert said in plan_faults(replace(SOUND, takes=takes))
