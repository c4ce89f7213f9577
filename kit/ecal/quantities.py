"""All fields of windows and of the clusters in them, by the names of the public original.

Everything is done in double precision; energies in GeV, raw unless the name says `calib`. Sums go in the order of
the clusters, so that they agree with the original to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kit.ecal.association import Association, score_to
from kit.ecal.branches import SHAPES, SHARED
from kit.ecal.engine import Engine
from kit.ecal.events import AnyArray, BoolArray, Events, FloatArray, IntArray
from kit.ecal.labels import Labels
from kit.ecal.mustache import in_mustache
from kit.ecal.seeding import Field, Opened

__all__ = ["INSC", "Content", "cluster_fields", "insc_fields", "pileup_fraction", "window_fields"]

Columns = dict[str, AnyArray]

INSC = ("nclusters_insc", "max_en_cluster_insc", "max_deta_cluster_insc", "max_dphi_cluster_insc")
SPANNED = {  # what window fields call the largest, smallest and mean of a field of clusters
    "en": "en_cluster",
    "et": "et_cluster",
    "deta": "cluster_deta",
    "dphi": "cluster_dphi",
    "den": "cluster_den_seed",
    "det": "cluster_det_seed",
}
NOISE = {
    "noise_en": "noise",
    "noise_en_uncal": "noiseUncalib",
    "noise_en_nofrac": "noiseNoFractions",
    "noise_en_uncal_nofrac": "noiseUncalibNoFractions",
}


@dataclass(frozen=True)
class Content:
    """Windows and what lies in them, before fields are made of it.

    Attributes
    ----------
    events, field, found, opened
        The chunk, its clusters, their particles; the windows.
    offsets : ndarray of int
        Where the clusters of each window begin.
    cluster : ndarray of int
        Their places in the chunk.
    dphi : ndarray
        φ_seed − φ, in rad.
    pileup : bool
        Whether the branches of pileup were read.
    """

    events: Events
    field: Field
    found: Association
    opened: Opened
    offsets: IntArray
    cluster: IntArray
    dphi: FloatArray
    pileup: bool

    @property
    def window(self) -> IntArray:
        """The window of each entry of `cluster`."""
        return np.repeat(np.arange(len(self.opened.seed)), np.diff(self.offsets))

    def of_clusters(self, name: str, places: IntArray) -> FloatArray:
        """Return a branch of clusters, in double precision."""
        return self.events.clusters[name][places].astype(np.float64)


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
        **_positions(c, places, "cluster_"),
        **_shapes(c, places, "cl_"),
        **_energies(c, places, "en_cluster", engine),
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


def window_fields(c: Content, clusters: Columns, engine: Engine) -> Columns:
    """Return the fields of windows, given those of the clusters in them."""
    event, seed, calo = c.opened.event, c.opened.seed, c.opened.calo
    local = seed - c.events.clusters.offsets[event]
    supercluster = _superclusters(c)
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
        **_positions(c, seed, "seed_"),
        **_shapes(c, seed, "seed_"),
        **_energies(c, seed, "en_seed", engine),
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


def pileup_fraction(events: Events, clusters: IntArray, calos: IntArray) -> FloatArray:
    """Return energy of pileup over that of a particle in a cluster, −1 where there is no particle."""
    signal = score_to(events, SHARED, clusters, calos)
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction = events.clusters["simEnergy_sharedXtalsPU"][clusters].astype(np.float64) / signal
    return np.where(calos >= 0, fraction, -1.0)


def _in_geometry(c: Content, places: IntArray, seed: IntArray) -> BoolArray:
    eta, phi, energy = (c.events.clusters[name] for name in ("eta", "phi", "rawEnergy"))
    return in_mustache(eta[seed], phi[seed], eta[places], phi[places], energy[places])


def _superclusters(c: Content) -> IntArray:
    """Return the first supercluster that each window's seed is the seed of; −1 for none."""
    superclusters = c.events.superclusters
    seeded = superclusters["seedIndex"] + c.events.clusters.offsets[superclusters.owners]
    first = np.full(int(c.events.clusters.offsets[-1]), -1)
    first[seeded[::-1]] = np.arange(len(seeded))[::-1]
    return first[c.opened.seed]


def _in_supercluster(c: Content) -> BoolArray:
    """Tell which clusters are listed in the supercluster of the window's seed."""
    members = c.events.members
    total = int(c.events.clusters.offsets[-1])
    base = c.events.clusters.offsets[c.events.superclusters.owners][members.owners]
    listed = members.owners * total + members["pfClustersIndex"] + base
    asked = _superclusters(c)[c.window] * total + c.cluster
    found: BoolArray = np.isin(asked, listed)
    return found


def _positions(c: Content, places: IntArray, prefix: str) -> Columns:
    clusters = c.events.clusters
    eta, phi, iz = c.field.positions
    columns: Columns = {f"{prefix}eta": eta[places], f"{prefix}phi": phi[places], f"{prefix}iz": iz[places]}
    return columns | {f"{prefix}{name}": clusters[name][places].astype(np.int64) for name in ("ieta", "iphi")}


def _shapes(c: Content, places: IntArray, prefix: str) -> Columns:
    names = {shape: shape for shape in (*SHAPES, "etaWidth", "phiWidth")}
    names |= {f"f5_{shape}": f"full5x5_{shape}" for shape in SHAPES} | {"nxtals": "nXtals"}
    return {f"{prefix}{name}": c.of_clusters(branch, places) for name, branch in names.items()}


def _energies(c: Content, places: IntArray, name: str, engine: Engine) -> Columns:
    """Return energy and ET, raw and calibrated, each as it is and as logarithm."""
    columns: Columns = {}
    for branch, suffix in (("rawEnergy", ""), ("energy", "_calib")):
        energy = c.of_clusters(branch, places)
        columns[f"{name}{suffix}"] = energy
        columns[f"{name.replace('en_', 'et_')}{suffix}"] = energy / c.field.cosh[places]
    return columns | {f"{key}_log": engine.log1(values) for key, values in columns.items()}


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
