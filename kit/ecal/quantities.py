"""The fields of clusters in windows, by the names of the public original.

Everything is done in double precision; energies in GeV, raw unless the name says `calib`. Sums go in the order of
the clusters, so that they agree with the original to the last bit.
"""

from __future__ import annotations

import numpy as np

from kit.ecal.association import score_to
from kit.ecal.branches import SHARED
from kit.ecal.content import Columns, Content, energies, positions, shapes, superclusters
from kit.ecal.engine import Engine
from kit.ecal.events import BoolArray, Events, FloatArray, IntArray
from kit.ecal.labels import Labels
from kit.ecal.mustache import in_mustache

__all__ = ["NOISE", "cluster_fields", "pileup_fraction"]

NOISE = {
    "noise_en": "noise",
    "noise_en_uncal": "noiseUncalib",
    "noise_en_nofrac": "noiseNoFractions",
    "noise_en_uncal_nofrac": "noiseUncalibNoFractions",
}


def cluster_fields(c: Content, labels: Labels, engine: Engine) -> Columns:
    """Return the fields of clusters in windows."""
    places, seed = c.cluster, c.opened.seed[c.window]
    columns: Columns = {
        "cl_index": places - c.events.clusters.offsets[c.opened.event[c.window]],
        "is_seed": places == seed,
        "in_geom_mustache": _in_geometry(c, places, seed),
        "in_mustache": _in_supercluster(c),
        **vars(labels),
        "calo_score": c.found.score[places],
        "cl_calo_index": c.found.calo[places],
        "calo_simen_sig": score_to(
            c.events, SHARED, places, np.where(labels.is_calo_matched, c.opened.calo[c.window], -1)
        ),
        **_pileup_of_clusters(c, places),
        **positions(c, places, "cluster_"),
        **shapes(c, places, "cl_"),
        **energies(c, places, "en_cluster", engine),
    }
    eta, seed_eta = c.field.positions[0][places], c.field.positions[0][seed]
    columns["cluster_deta"] = np.where(seed_eta > 0, eta - seed_eta, seed_eta - eta)
    columns["cluster_dphi"] = c.dphi
    for kind in ("en", "et"):
        energy = columns[f"{kind}_cluster"]
        own = c.of_clusters("rawEnergy", seed)
        difference = (own if kind == "en" else own / c.field.cosh[seed]) - energy
        columns[f"cluster_d{kind}_seed"] = difference
        with np.errstate(invalid="ignore", divide="ignore"):
            columns[f"cluster_d{kind}_seed_log"] = np.log(difference + 1)
    return columns


def pileup_fraction(events: Events, clusters: IntArray, calos: IntArray) -> FloatArray:
    """Return energy of pileup over that of a particle in a cluster, −1 where there is no particle."""
    signal = score_to(events, SHARED, clusters, calos)
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction = events.clusters["simEnergy_sharedXtalsPU"][clusters].astype(np.float64) / signal
    return np.where(calos >= 0, fraction, -1.0)


def _in_geometry(c: Content, places: IntArray, seed: IntArray) -> BoolArray:
    eta, phi, energy = (c.events.clusters[name] for name in ("eta", "phi", "rawEnergy"))
    return in_mustache(eta[seed], phi[seed], eta[places], phi[places], energy[places])


def _in_supercluster(c: Content) -> BoolArray:
    """Tell which clusters are listed in the supercluster of the window's seed."""
    members = c.events.members
    total = int(c.events.clusters.offsets[-1])
    base = c.events.clusters.offsets[c.events.superclusters.owners][members.owners]
    listed = members.owners * total + members["pfClustersIndex"] + base
    asked = superclusters(c)[c.window] * total + c.cluster
    found: BoolArray = np.isin(asked, listed)
    return found


def _pileup_of_clusters(c: Content, places: IntArray) -> Columns:
    names = {
        "calo_simen_PU": "simEnergy_sharedXtalsPU",
        "calo_recoen_PU": "recoEnergy_sharedXtalsPU",
        "calo_nxtals_PU": "simPU_nSharedXtals",
        **NOISE,
    }
    if c.pileup:
        return {name: c.of_clusters(branch, places) for name, branch in names.items()}
    return {name: np.zeros(len(places)) for name in names}
