"""The clusters of each particle, by falling score: the rows that the truth study is made of."""

from __future__ import annotations

import numpy as np

from kit.ecal.association import Association, score_to
from kit.ecal.branches import SHARED
from kit.ecal.engine import Engine
from kit.ecal.events import AnyArray, Events, FloatArray, IntArray
from kit.ecal.geometry import inside, offsets
from kit.ecal.quantities import NOISE, pileup_fraction
from kit.ecal.seeding import Field

__all__ = ["CALO_COLUMNS", "list_matches"]

CALO_COLUMNS = {
    "calo_simen": "simEnergy",
    "calo_simen_good": "simEnergyGoodStatus",
    "calo_genen": "genEnergy",
    "calo_geneta": "genEta",
    "calo_genphi": "genPhi",
    "calo_simeta": "simEta",
    "calo_simphi": "simPhi",
}


def list_matches(
    events: Events, field: Field, found: Association, engine: Engine, *, first: int = 0, pileup: bool = False
) -> dict[str, AnyArray]:
    """Return one row for each cluster that belongs to a particle.

    Particles come by event and first appearance among the clusters, their clusters by falling score; the first is
    the seed, and `is_seed` says so.

    Parameters
    ----------
    first : int
        Number of the first particle, ``wi``.
    pileup : bool
        Whether the columns of pileup and noise are added.
    """
    cluster, particle, number = _ordered(events, found)
    bounds = np.flatnonzero(np.concatenate([np.ones(1, np.bool_), np.diff(number) != 0])[: len(number)])
    seed = np.repeat(cluster[bounds], np.diff(np.append(bounds, len(cluster))))
    event = np.searchsorted(events.clusters.offsets, cluster, side="right") - 1
    eta, phi, iz = field.positions
    raw = events.clusters["rawEnergy"][cluster].astype(np.float64)
    e, p = offsets(eta[seed], phi[seed], eta[cluster], phi[cluster])
    up, down, width = (limit[seed] for limit in field.limits)
    calo = {name: events.calos[branch][particle].astype(np.float64) for name, branch in CALO_COLUMNS.items()}
    shared = score_to(events, SHARED, cluster, found.calo[cluster])
    rows: dict[str, AnyArray] = {
        "wi": first + number,
        **{name: events.event[b][event].astype(np.int64) for name, b in _IDS.items()},
        "calo_index": found.calo[cluster],
        "cl_index": cluster - events.clusters.offsets[event],
        "en": raw,
        "et": raw / field.cosh[cluster],
        "ieta": events.clusters["ieta"][cluster].astype(np.int64),
        "iphi": events.clusters["iphi"][cluster].astype(np.int64),
        "eta": eta[cluster],
        "phi": phi[cluster],
        "iz": iz[cluster],
        "nxtals": events.clusters["nXtals"][cluster].astype(np.float64),
        "simfrac_sig": found.score[cluster],
        "simen_sig": shared,
        "simen_sig_frac": shared / raw,
        "is_seed": cluster == seed,
        "in_window": inside(e, p, iz[cluster] == iz[seed], (up, down, width)),
        "deta_seed": np.where(eta[seed] < 0, -1.0, 1.0) * (eta[cluster] - eta[seed]),
        "dphi_seed": p,
        "nVtx": events.event["nVtx"][event].astype(np.int64),
        "obsPU": events.event["obsPU"][event].astype(np.float64),
        **calo,
        "calo_simet": calo["calo_simen"] / engine.cosh(calo["calo_simeta"]),
        "calo_genet": calo["calo_genen"] / engine.cosh(calo["calo_geneta"]),
        "en_mustache": _mustache_energy(events, seed),
    }
    return rows | (_pileup(events, found, cluster) if pileup else {})


_IDS = {"run_id": "runId", "lumi_id": "lumiId", "event_id": "eventId"}


def _ordered(events: Events, found: Association) -> tuple[IntArray, IntArray, IntArray]:
    """Return the clusters that have a particle in order of the rows, the particle, and its number from 0 on."""
    cluster = np.flatnonzero(found.calo >= 0)
    event = np.searchsorted(events.clusters.offsets, cluster, side="right") - 1
    particle = events.calos.offsets[event] + found.calo[cluster]
    appearance = np.full(int(events.calos.offsets[-1]), len(found.calo))
    np.minimum.at(appearance, particle, cluster)
    order = np.lexsort((cluster, -found.score[cluster], appearance[particle]))
    cluster, particle = cluster[order], particle[order]
    _, number = np.unique(appearance[particle], return_inverse=True)
    return cluster, particle, number


def _mustache_energy(events: Events, seed: IntArray) -> FloatArray:
    """Return the raw energy of the first supercluster with this seed, NaN where there is none."""
    superclusters = events.superclusters
    seeded = superclusters["seedIndex"] + events.clusters.offsets[superclusters.owners]
    energy = np.full(int(events.clusters.offsets[-1]), np.nan)
    energy[seeded[::-1]] = superclusters["rawEnergy"][::-1]
    return energy[seed]


def _pileup(events: Events, found: Association, cluster: IntArray) -> dict[str, AnyArray]:
    raw, simulated = (
        events.clusters[name][cluster].astype(np.float64) for name in ("rawEnergy", "simEnergy_sharedXtalsPU")
    )
    return {
        "simen_pu": simulated,
        "simen_pu_frac": simulated / raw,
        "PUsimen_frac": pileup_fraction(events, cluster, found.calo[cluster]),
        "nxtals_PU": events.clusters["simPU_nSharedXtals"][cluster].astype(np.float64),
        **{name: events.clusters[branch][cluster].astype(np.float64) for name, branch in NOISE.items()},
    }
