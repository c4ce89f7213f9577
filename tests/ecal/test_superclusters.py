"""The classical superclusters, against a loop over one event."""

import numpy as np

from kit.ecal.mustache import in_mustache
from kit.ecal.superclusters import SEED_ET_MIN, gather


def inside(eta, phi, iz, energy, seed, i):
    asked = eta[[seed]], phi[[seed]], eta[[i]], phi[[i]], energy[[i]]
    return iz[i] == iz[seed] and in_mustache(*asked)[0]


def plain(eta, phi, iz, energy):
    et = energy / np.cosh(eta)
    free, made = sorted(range(len(eta)), key=lambda i: -et[i]), []
    while free and et[free[0]] >= SEED_ET_MIN:
        seed = free[0]
        near = [i for i in free if i == seed or inside(eta, phi, iz, energy, seed, i)]
        made.append(near)
        free = [i for i in free if i not in near]
    return sorted(made, key=lambda group: (iz[group[0]] != 0, -et[group[0]]))


def test_it_gives_what_a_loop_over_each_event_gives(demo_file, read):
    events = read(demo_file("electrons"))
    clusters = events.clusters
    columns = [clusters[name] for name in ("eta", "phi", "iz", "rawEnergy")]
    seeds, members = gather(clusters.owners, *columns)
    place = 0
    for event in range(6):
        own = slice(*clusters.offsets[event : event + 2])
        for group in plain(*(column[own] for column in columns)):
            listed = (
                members["cluster"][members.offsets[place] : members.offsets[place + 1]] - clusters.offsets[event]
            )
            assert (listed.tolist(), seeds[place] - clusters.offsets[event]) == (group, group[0])
            place += 1


def test_no_cluster_is_in_two_superclusters(demo_file, read):
    clusters = read(demo_file("pairs")).clusters
    _, members = gather(clusters.owners, *(clusters[name] for name in ("eta", "phi", "iz", "rawEnergy")))
    assert len(np.unique(members["cluster"])) == len(members["cluster"])


def test_the_file_lists_what_was_gathered(demo_file, read):
    events = read(demo_file("pairs"))
    seeds, members = gather(
        events.clusters.owners, *(events.clusters[n] for n in ("eta", "phi", "iz", "rawEnergy"))
    )
    assert np.array_equal(
        events.superclusters["seedIndex"], seeds - events.clusters.offsets[events.clusters.owners[seeds]]
    )
    assert np.array_equal(events.members.offsets, members.offsets)
