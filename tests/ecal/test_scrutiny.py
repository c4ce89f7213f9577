"""Events that cannot be used."""

import dataclasses

import numpy as np
import pytest

from kit.ecal.events import Lists
from kit.ecal.scrutiny import scrutinise
from kit.files import FormatError


def changed(events, group, name, place, value):
    lists = getattr(events, group)
    column = lists[name].copy()
    column[place] = value
    return dataclasses.replace(events, **{group: Lists(lists.offsets, {**lists.columns, name: column})})


@pytest.fixture(scope="module")
def events(demo_file, read):
    return read(demo_file("pairs", 12), 4, 8)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("energy", np.nan, "pfCluster_energy is nan, should be a finite number"),
        ("eta", np.inf, "pfCluster_eta is inf, should be a finite number"),
        ("phi", -np.inf, "pfCluster_phi is -inf, should be a finite number"),
        ("rawEnergy", 0.0, "pfCluster_rawEnergy is 0, should be above 0 GeV"),
        ("rawEnergy", -2.5, "pfCluster_rawEnergy is -2.5, should be above 0 GeV"),
    ],
)
def test_a_bad_cluster_is_named_with_file_event_and_place(events, name, value, text):
    place = int(events.clusters.offsets[2]) + 3
    bad = changed(events, "clusters", name, place, value)
    with pytest.raises(FormatError, match=rf"pairs_12_1_rntuple.root: event 6: cluster 3: {text}"):
        scrutinise(bad, skip_bad=False)
    left = scrutinise(bad, skip_bad=True)
    assert left.events.entries.tolist() == [4, 5, 7]
    assert len(left.bad) == 1
    assert text in left.bad[0]


def test_good_events_stay_as_they_are(events):
    found = scrutinise(events, skip_bad=False)
    assert (found.events.entries.tolist(), found.bad, found.nan_scores) == ([4, 5, 6, 7], [], 0)
    assert found.events.clusters is events.clusters


def test_scores_that_are_no_numbers_are_counted_and_mean_no_association(events):
    found = scrutinise(changed(events, "scores", "sim_fraction", slice(0, 5), np.nan), skip_bad=False)
    assert found.nan_scores == 5
    assert not found.events.scores["sim_fraction"][:5].any()


@pytest.mark.parametrize(
    ("group", "name", "shown"),
    [("superclusters", "seedIndex", "seedIndex"), ("members", "pfClustersIndex", "pfClustersIndex")],
)
@pytest.mark.parametrize("value", [-1, 10_000])
def test_members_that_are_not_there(events, group, name, shown, value):
    with pytest.raises(
        FormatError, match=rf"event 4: superCluster_{shown}\[0\] has index {value}, the event has \d+"
    ):
        scrutinise(changed(events, group, name, 0, value), skip_bad=True)


def test_several_bad_events_are_counted(events):
    first, second = (int(events.clusters.offsets[e]) for e in (1, 3))
    bad = changed(changed(events, "clusters", "eta", second, np.nan), "clusters", "phi", first, np.nan)
    with pytest.raises(FormatError, match=r"event 5: cluster 0: .*\(and 1 more events\)"):
        scrutinise(bad, skip_bad=False)
