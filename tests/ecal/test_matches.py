"""Rows of the truth study, against the plain reference."""

import numpy as np
import pytest

from kit.ecal.association import associate
from kit.ecal.engine import NUMPY
from kit.ecal.matches import list_matches
from kit.ecal.seeding import prepare
from tests.ecal import reference


def rows_of(events, version=3, **options):
    found = associate(events, "sim_fraction", 1e-4, NUMPY)
    return list_matches(events, prepare(events, version, NUMPY), found, NUMPY, **options)


def plain_rows(path, version):
    """Yield for each row event, particle, cluster, whether it is the seed, whether it is in the window."""
    for event in reference.events_in(path):
        calo, score, _ = reference.best_particles(event["pfCluster_sim_fraction"])
        eta, phi, iz = (event[f"pfCluster_{k}"] for k in ("eta", "phi", "iz"))
        for own in dict.fromkeys(c for c in calo if c >= 0):
            clusters = sorted((i for i in range(len(calo)) if calo[i] == own), key=lambda i: -score[i])
            seed = clusters[0]
            for i in clusters:
                inside = reference.is_inside(eta[seed], phi[seed], iz[seed], eta[i], phi[i], iz[i], version)
                yield event["eventId"], own, i, i == seed, inside


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize("sample", ["pairs", "edge", "ele4_50"])
def test_rows_are_those_of_the_plain_reference(demo_file, ecal_data, read, sample, version):
    path = demo_file("pairs") if sample == "pairs" else ecal_data / f"{sample}.root"
    rows = rows_of(read(path), version)
    names = ("event_id", "calo_index", "cl_index", "is_seed", "in_window")
    mine = list(zip(*(rows[name].tolist() for name in names), strict=True))
    assert mine == list(plain_rows(path, version))


def test_the_published_numbers_of_rows(ecal_data, read):
    events = read(ecal_data / "ele4_50.root")
    rows = rows_of(events, 1)
    assert (len(rows["wi"]), rows["wi"].max() + 1, rows["in_window"].sum()) == (394, 199, 340)
    assert rows_of(events, 3)["in_window"].sum() == 374


def test_scores_fall_within_a_particle_and_the_seed_is_where_it_is(demo_file, read):
    rows = rows_of(read(demo_file("pairs")))
    same = np.diff(rows["wi"]) == 0
    assert (np.diff(rows["simfrac_sig"])[same] <= 0).all()
    seed = rows["is_seed"]
    assert np.array_equal(np.flatnonzero(seed), np.flatnonzero(np.diff(rows["wi"], prepend=-1)))
    assert not rows["deta_seed"][seed].any()
    assert not rows["dphi_seed"][seed].any()


def test_particles_are_numbered_on(demo_file, read):
    rows = rows_of(read(demo_file("pairs")), first=100)
    assert rows["wi"][0] == 100
    assert set(np.diff(rows["wi"]).tolist()) <= {0, 1}


def test_pileup_adds_columns(demo_file, read):
    events = read(demo_file("pairs"), pileup=True)
    plain, more = rows_of(events), rows_of(events, pileup=True)
    assert set(more) - set(plain) >= {"simen_pu", "PUsimen_frac", "noise_en"}
    assert (more["simen_pu_frac"] >= 0).all()


def test_of_no_event_there_are_no_rows_but_all_columns(demo_file, read):
    assert {len(values) for values in rows_of(read(demo_file("pairs"), 0, 0)).values()} == {0}
