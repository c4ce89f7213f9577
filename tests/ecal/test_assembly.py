"""Branches that do not fit to each other: the event and both lengths are named."""

import numpy as np
import pytest

from kit.ecal.assembly import Assembly
from kit.ecal.branches import Branch
from kit.files import FormatError


def columns():
    """Two events with clusters 2 and 1, one particle each, a supercluster in the first."""
    two, one = np.array([0, 2, 3]), np.array([0, 1, 2])
    return {
        "eventId": ([], np.array([7, 8])),
        "pfCluster_energy": ([two], np.arange(3.0)),
        "pfCluster_eta": ([two], np.arange(3.0)),
        "caloParticle_simEnergy": ([one], np.arange(2.0)),
        "superCluster_seedIndex": ([np.array([0, 1, 1])], np.array([0])),
        "pfClusterHit_ieta": ([two, np.array([0, 2, 2, 3])], np.arange(3)),
        "pfCluster_score": ([two, np.array([0, 1, 2, 3])], np.arange(3.0)),
        "superCluster_pfClustersIndex": ([np.array([0, 1, 1]), np.array([0, 2])], np.array([0, 1])),
    }


BRANCHES = [
    Branch("eventId", "event", "eventId", 0),
    Branch("pfCluster_energy", "cluster", "energy", 1),
    Branch("pfCluster_eta", "cluster", "eta", 1),
    Branch("caloParticle_simEnergy", "calo", "simEnergy", 1),
    Branch("superCluster_seedIndex", "supercluster", "seedIndex", 1),
    Branch("pfClusterHit_ieta", "hit", "ieta", 2),
    Branch("pfCluster_score", "score", "score", 2),
    Branch("superCluster_pfClustersIndex", "member", "pfClustersIndex", 2),
]


def assembled(changed=None):
    return Assembly("x.root", 100, 2, BRANCHES, {**columns(), **(changed or {})}, False).events()


def test_groups_are_put_together():
    events = assembled()
    assert (len(events), events.first, events.entries.tolist()) == (2, 100, [100, 101])
    assert events.hits.counts.tolist() == [2, 0, 1]
    assert events.scores.counts.tolist() == [1, 1, 1]
    assert events.members["pfClustersIndex"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "levels", "text"),
    [
        ("pfCluster_eta", [[0, 2, 4]], "event 101: pfCluster_eta has 2 entries, pfCluster_energy has 1"),
        ("pfClusterHit_ieta", [[0, 1, 3], [0, 2, 2, 3]], "event 100: pfClusterHit_ieta has 1 entries, .*has 2"),
        (
            "pfCluster_score",
            [[0, 2, 3], [0, 1, 3, 4]],
            r"event 100: pfCluster_score\[1\] has 2 entries, caloParticle_simEnergy has 1",
        ),
    ],
)
def test_what_does_not_fit_is_named(name, levels, text):
    with pytest.raises(FormatError, match=rf"x\.root: {text}; should be equal"):
        assembled({name: ([np.array(level) for level in levels], np.arange(4))})
