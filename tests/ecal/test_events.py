"""Lists behind each other in flat arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kit.ecal.events import Lists, expand, starts

LISTS = st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=8)


def flat(lists):
    return Lists(starts([len(x) for x in lists]), {"x": np.array([y for x in lists for y in x], np.int64)})


def nested(lists):
    return [lists["x"][a:b].tolist() for a, b in zip(lists.offsets[:-1], lists.offsets[1:], strict=True)]


@given(LISTS, st.data())
def test_taking_lists_is_what_indexing_does(lists, data):
    chosen = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=9)) if lists else []
    taken = flat(lists).take(np.array(chosen, np.int64))
    assert nested(taken) == [lists[i] for i in chosen]


@given(LISTS)
def test_owners_tell_which_list_each_thing_is_in(lists):
    assert flat(lists).owners.tolist() == [i for i, x in enumerate(lists) for _ in x]
    assert flat(lists).counts.tolist() == [len(x) for x in lists]


def test_places_of_nothing_are_nothing():
    places, offsets = expand(np.array([0, 3, 5]), np.zeros(0, np.int64))
    assert (places.tolist(), offsets.tolist()) == ([], [0])


def test_the_chosen_events_keep_their_clusters_hits_and_scores(demo_file, read):
    events = read(demo_file("pairs"))
    chosen = np.array([3, 0, 17])
    some = events.take(chosen)
    assert some.entries.tolist() == [3, 0, 17]
    alone = read(demo_file("pairs"), 17, 18)
    last = slice(some.clusters.offsets[2], None)
    assert np.array_equal(some.clusters["energy"][last], alone.clusters["energy"])
    assert np.array_equal(some.hits["fraction"][some.hits.offsets[last][0] :], alone.hits["fraction"])
    assert np.array_equal(
        some.scores["sim_fraction"][some.scores.offsets[last][0] :], alone.scores["sim_fraction"]
    )
    assert np.array_equal(
        some.members["pfClustersIndex"][-len(alone.members["pfClustersIndex"]) :], alone.members["pfClustersIndex"]
    )
