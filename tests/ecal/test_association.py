"""Clusters and their particles."""

import numpy as np

from kit.ecal.association import associate, score_to
from tests.ecal import reference


def test_it_agrees_with_the_plain_reference_in_every_corner(ecal_data, read, loops):
    events = read(ecal_data / "edge.root")
    found = associate(events, "sim_fraction", 1e-4, loops)
    for number, event in enumerate(reference.events_in(ecal_data / "edge.root")):
        calo, score, main = reference.best_particles(event["pfCluster_sim_fraction"])
        first, last = events.clusters.offsets[number : number + 2]
        assert found.calo[first:last].tolist() == calo
        assert found.score[first:last].tolist() == score
        mains = found.main[slice(*events.calos.offsets[number : number + 2])]
        assert [x - first if x >= 0 else -1 for x in mains] == [main.get(j, -1) for j in range(len(mains))]
        assert found.is_main[first:last].tolist() == [i in main.values() for i in range(last - first)]


def test_a_score_on_the_threshold_is_none(ecal_data, read, loops):
    event = read(ecal_data / "edge.root", 5, 6)  # scores 0.6, 1e-4, just above, …
    assert associate(event, "sim_fraction", 1e-4, loops).calo.tolist()[:3] == [0, -1, 0]


def test_the_score_to_no_particle_is_zero(ecal_data, read):
    event = read(ecal_data / "edge.root", 10, 11)
    asked = score_to(event, "sim_fraction", np.array([0, 1, 1]), np.array([0, 1, -1]))
    assert asked.tolist() == [0.9, 0.85, 0.0]
