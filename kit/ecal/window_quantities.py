"""The fields of windows, by the names of the public original; see `quantities` for those of their clusters."""

from __future__ import annotations

import numpy as np

from kit.ecal.association import score_to
from kit.ecal.branches import SHARED
from kit.ecal.content import Columns, Content, energies, positions, shapes, superclusters
from kit.ecal.engine import Engine
from kit.ecal.events import BoolArray, FloatArray, IntArray
from kit.ecal.quantities import pileup_fraction

__all__ = ["INSC", "insc_fields", "window_fields"]

INSC = ("nclusters_insc", "max_en_cluster_insc", "max_deta_cluster_insc", "max_dphi_cluster_insc")
SPANNED = {  # what window fields call the largest, smallest and mean of a field of clusters
    "en": "en_cluster",
    "et": "et_cluster",
    "deta": "cluster_deta",
    "dphi": "cluster_dphi",
    "den": "cluster_den_seed",
    "det": "cluster_det_seed",
}


def window_fields(c: Content, clusters: Columns, engine: Engine) -> Columns:
    """Return the fields of windows, given those of the clusters in them."""
    event, seed, calo = c.opened.event, c.opened.seed, c.opened.calo
    local = seed - c.events.clusters.offsets[event]
    supercluster = superclusters(c)
    numbers = {"run_id": "runId", "lumi_id": "lumiId", "event_id": "eventId", "nVtx": "nVtx"}
    columns: Columns = {name: c.events.event[b][event].astype(np.int64) for name, b in numbers.items()}
    columns |= {name: c.events.event[name][event].astype(np.float64) for name in ("rho", "obsPU", "truePU")}
    ids = zip(*(columns[n].tolist() for n in ("run_id", "lumi_id", "event_id")), local.tolist(), strict=True)
    first = c.events.superclusters.offsets[event]
    particle = c.events.calos.offsets[event] + calo
    main = np.full(len(seed), -1)
    main[c.opened.matched] = c.found.main[particle[c.opened.matched]]
    columns |= {
        "window_index": np.array([f"{r}:{lumi}:{e}:{s}" for r, lumi, e, s in ids], object),
        "seed_index": local,
        "is_seed_calo_matched": c.opened.matched,
        "calo_index": calo,
        "is_seed_calo_seed": c.opened.matched & (main == seed),
        "is_seed_mustache_matched": supercluster >= 0,
        "mustache_seed_index": np.where(supercluster >= 0, supercluster - first, -1),
        "seed_score": c.found.score[seed],
        "seed_simen_sig": score_to(c.events, SHARED, seed, calo),
        **_pileup_of_windows(c, clusters),
        **positions(c, seed, "seed_"),
        **shapes(c, seed, "seed_"),
        **energies(c, seed, "en_seed", engine),
        **_truth(c, engine),
        **_of_superclusters(c, supercluster, engine),
        "ncls": np.diff(c.offsets),
        "wtot_simen_sig": np.bincount(c.window, clusters["calo_simen_sig"], len(seed)),
    }
    for short, name in SPANNED.items():
        values = np.abs(clusters[name]) if short in ("deta", "dphi") else clusters[name]
        for kind, spanned in zip(("max", "min", "mean"), engine.spans(c.offsets, values), strict=True):
            columns[f"{kind}_{short}_cluster"] = spanned
    return columns


def insc_fields(c: Content, clusters: Columns, in_scluster: BoolArray) -> Columns:
    """Return number and maxima of the clusters in the supercluster; 0 and −1 where no particle is matched."""
    matched, first = c.opened.matched, c.offsets[:-1]
    number = np.bincount(c.window, in_scluster, len(matched)).astype(np.int64)
    columns: Columns = {INSC[0]: np.where(matched, number, 0)}
    for name, field in zip(INSC[1:], ("en_cluster", "cluster_deta", "cluster_dphi"), strict=True):
        values = np.where(in_scluster, np.abs(clusters[field]), -1.0)
        largest = np.maximum.reduceat(values, first) if len(first) else np.zeros(0)
        columns[name] = np.where(matched, largest, -1.0)
    return columns


def _truth(c: Content, engine: Engine) -> Columns:
    """Return position and energy of the window's particle, 0 where there is none."""
    known = c.opened.matched
    particle = (c.events.calos.offsets[c.opened.event] + c.opened.calo)[known]

    def placed(values: FloatArray) -> FloatArray:
        whole = np.zeros(len(known))
        whole[known] = values
        return whole

    calos = {name: values[particle].astype(np.float64) for name, values in c.events.calos.columns.items()}
    cosh = engine.cosh(calos["genEta"])
    columns: Columns = {}
    for kind in ("sim", "gen"):
        columns |= {f"{kind}_true_{axis.lower()}": placed(calos[f"{kind}{axis}"]) for axis in ("Eta", "Phi")}
    for kind, name in (("sim", "simEnergy"), ("gen", "genEnergy"), ("sim_good", "simEnergyGoodStatus")):
        columns[f"en_true_{kind}"] = placed(calos[name])
        columns[f"et_true_{kind}"] = placed(calos[name] / cosh)
    return columns


def _of_superclusters(c: Content, supercluster: IntArray, engine: Engine) -> Columns:
    """Return energy of the supercluster of the window's seed, 0 where there is none."""
    known = supercluster >= 0
    chosen = supercluster[known]
    cosh = engine.cosh(c.events.superclusters["eta"][chosen].astype(np.float64))
    columns: Columns = {}
    for kind, branch in (("raw", "rawEnergy"), ("calib", "energy")):
        energy = c.events.superclusters[branch][chosen].astype(np.float64)
        for name, values in ((f"en_mustache_{kind}", energy), (f"et_mustache_{kind}", energy / cosh)):
            columns[name] = np.zeros(len(known))
            columns[name][known] = values
    return columns


def _pileup_of_windows(c: Content, clusters: Columns) -> Columns:
    number = len(c.opened.seed)
    names = ("event_tot_simen_PU", "seed_simen_PU", "seed_recoen_PU", "seed_PUfrac")
    columns: Columns = dict.fromkeys(names, np.zeros(number))
    if c.pileup:
        seed = c.opened.seed
        columns = {
            names[0]: c.events.event["caloParticlePU_totEnergy"][c.opened.event].astype(np.float64),
            names[1]: c.of_clusters("simEnergy_sharedXtalsPU", seed),
            names[2]: c.of_clusters("recoEnergy_sharedXtalsPU", seed),
            names[3]: pileup_fraction(c.events, seed, c.opened.calo),
        }
    for kind in ("simen", "recoen"):
        columns[f"wtot_{kind}_PU"] = np.bincount(c.window, clusters[f"calo_{kind}_PU"], number)
    return columns
