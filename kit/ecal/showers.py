"""From showers to what the dumper knows: hits with fractions, clusters with shapes, scores from the hits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kit.ecal import calorimeter
from kit.ecal.events import AnyArray, FloatArray, IntArray, Lists, expand, starts
from kit.ecal.particles import Particles, Showers

__all__ = ["Clusters", "make_clusters"]

CLUSTER_ET_MIN = 0.14  # GeV
SIGNAL_REACH, PILEUP_REACH = 2, 1  # crystals to each side of the central one
CORE, HALO = 2.4, 0.7  # per crystal; how fast the energy falls off with the distance
HALO_SHARE = 0.004
HIT_THRESHOLD = 0.1  # GeV of ET, about what the reconstruction of hits asks for
FRACTION_MIN = 1e-7  # below, a hit is not part of a cluster
RESOLUTION = (0.028, 0.003)  # of a hit; stochastic, in √GeV, and constant
LOG_WEIGHT = 4.7  # crystals below e^-4.7 of the cluster do not count for widths


@dataclass(frozen=True)
class Clusters:
    """Clusters of some events.

    Attributes
    ----------
    event : ndarray of int
        Sorted.
    columns : dict
        By the dumper's name, without ``pfCluster_``.
    hits : Lists
        For each cluster; columns by the dumper's name.
    scores : dict
        Scores of each cluster to all particles of its event, one behind the other.
    """

    event: IntArray
    columns: dict[str, AnyArray]
    hits: Lists
    scores: dict[str, FloatArray]


@dataclass(frozen=True)
class _Cells:
    """Energy of a shower in a crystal, a row each, sorted by shower; `crystal` numbers the crystals hit."""

    shower: IntArray
    crystal: IntArray
    i: IntArray
    j: IntArray
    iz: IntArray
    di: IntArray
    dj: IntArray
    signal: FloatArray
    pileup: FloatArray


def make_clusters(showers: Showers, particles: Particles, rng: np.random.Generator) -> Clusters:
    """Return clusters whose raw energy is the sum of energy·fraction of their hits.

    Each crystal's energy is shared among the showers in it by what they deposited: that is the fraction. The score
    of a cluster to a particle is the particle's energy in its hits, times the fractions, over all its energy.
    """
    cells = _spread(showers)
    number = int(cells.crystal.max()) + 1 if len(cells.crystal) else 0
    deposited = np.bincount(cells.crystal, cells.signal + cells.pileup, number)
    noise = RESOLUTION[0] / np.sqrt(np.maximum(deposited, 1e-9)) + RESOLUTION[1]
    measured = deposited * np.maximum(1 + noise * rng.standard_normal(number), 0.1)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = (cells.signal + cells.pileup) / deposited[cells.crystal]
    eta, _ = calorimeter.position(cells.i, cells.j, cells.iz)
    seen = (measured[cells.crystal] > HIT_THRESHOLD * np.cosh(eta)) & (fraction > FRACTION_MIN)
    raw = np.bincount(cells.shower[seen], (measured[cells.crystal] * fraction)[seen], len(showers.event))
    kept = _shuffled(showers, np.flatnonzero(raw > CLUSTER_ET_MIN * np.cosh(showers.eta)), rng)
    inverse = np.full(len(raw), -1)
    inverse[kept] = np.arange(len(kept))
    rows, _ = expand(starts(np.bincount(cells.shower, minlength=len(raw))), kept)
    rows = rows[seen[rows]]
    owner = inverse[cells.shower[rows]]
    taken = _Cells(**{name: values[rows] for name, values in vars(cells).items()})
    hits = Lists(
        starts(np.bincount(owner, minlength=len(kept))),
        {
            "rechitEnergy": measured[taken.crystal].astype(np.float32),
            "fraction": fraction[rows].astype(np.float32),
            "ieta": taken.i.astype(np.int32),
            "iphi": taken.j.astype(np.int32),
            "iz": taken.iz.astype(np.int32),
        },
    )
    scores, columns = _scores(cells, number, fraction[rows], taken, owner, showers.event[kept], particles, showers)
    columns |= _describe(showers, kept, hits, taken, owner, rng)
    return Clusters(showers.event[kept], columns, hits, scores)


def _spread(showers: Showers) -> _Cells:
    """Return what each shower leaves in the crystals around it."""
    i, j, iz = calorimeter.crystal_at(showers.eta, showers.phi)
    reach = np.where(showers.calo >= 0, SIGNAL_REACH, PILEUP_REACH)
    side = 2 * reach + 1
    offsets = starts(side**2)
    shower = np.repeat(np.arange(len(reach)), side**2)
    place = np.arange(offsets[-1]) - offsets[:-1][shower]
    di, dj = place // side[shower] - reach[shower], place % side[shower] - reach[shower]
    new_i, new_j, there = calorimeter.neighbours(i[shower], j[shower], iz[shower], di, dj)
    offset_i, offset_j = _within(showers, i, j, iz)
    distance = np.hypot(di - offset_i[shower], dj - offset_j[shower])
    weight = np.where(there, np.exp(-CORE * distance) + HALO_SHARE * np.exp(-HALO * distance), 0)
    weight /= np.bincount(shower, weight, len(reach))[shower]
    rows = np.flatnonzero(there)
    shower = shower[rows]
    keys = calorimeter.key(showers.event[shower], new_i[rows], new_j[rows], iz[shower])
    _, crystal = np.unique(keys, return_inverse=True)
    energy = (showers.signal[shower] * weight[rows], showers.pileup[shower] * weight[rows])
    return _Cells(shower, crystal, new_i[rows], new_j[rows], iz[shower], di[rows], dj[rows], *energy)


def _within(showers: Showers, i: IntArray, j: IntArray, iz: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return how far from the middle of its crystal a shower is, in crystals; in the barrel only."""
    eta, phi = calorimeter.position(i, j, iz)
    turn = (showers.phi - phi + np.pi) % (2 * np.pi) - np.pi
    barrel = iz == 0
    return (
        np.where(barrel, np.clip((showers.eta - eta) / calorimeter.STEP, -0.5, 0.5), 0.0),
        np.where(barrel, np.clip(turn / calorimeter.STEP, -0.5, 0.5), 0.0),
    )


def _shuffled(showers: Showers, kept: IntArray, rng: np.random.Generator) -> IntArray:
    """Return showers by event, those of the barrel first, else in no order, as the reconstruction lists them."""
    endcap = np.abs(showers.eta[kept]) >= calorimeter.BARREL_END
    return kept[np.lexsort((rng.random(len(kept)), endcap, showers.event[kept]))]


def _scores(
    cells: _Cells,
    number: int,
    fraction: FloatArray,
    taken: _Cells,
    owner: IntArray,
    event: IntArray,
    particles: Particles,
    showers: Showers,
) -> tuple[dict[str, FloatArray], dict[str, AnyArray]]:
    """Return scores, and columns about pileup, from the simulated energy in the crystals of each cluster."""
    of_signal = np.flatnonzero(cells.signal > 0)
    calo = showers.calo[cells.shower[of_signal]]
    key, group = np.unique(cells.crystal[of_signal] * len(particles.pt) + calo, return_inverse=True)
    energy = np.bincount(group, cells.signal[of_signal], len(key))
    crystal, calo = key // len(particles.pt), key % len(particles.pt)
    inside, counts = expand(starts(np.bincount(crystal, minlength=number)), taken.crystal)
    row = np.repeat(np.arange(len(owner)), np.diff(counts))
    first = np.searchsorted(particles.event, np.arange(int(particles.event.max(initial=-1)) + 2))
    width = np.diff(first)[event]
    base = starts(width)
    place = base[owner[row]] + calo[inside] - first[event[owner[row]]]
    shared = np.bincount(place, energy[inside] * fraction[row], int(base[-1]))
    whole = np.bincount(place, energy[inside], int(base[-1]))
    local = np.arange(base[-1]) - np.repeat(base[:-1] - first[event], width)
    total = particles.deposited[local]
    pileup = np.bincount(cells.crystal, cells.pileup, number)[taken.crystal]
    measured = pileup * fraction
    columns: dict[str, AnyArray] = {
        "simEnergy_sharedXtalsPU": np.bincount(owner, measured, len(event)),
        "recoEnergy_sharedXtalsPU": np.bincount(owner, measured, len(event)),
        "simPU_nSharedXtals": np.bincount(owner, pileup > 0, len(event)).astype(np.float64),
    }
    scores = {
        "sim_fraction": shared / total,
        "sim_fraction_noHitsFraction": whole / total,
        "simEnergy_sharedXtals": shared,
    }
    return scores, columns


def _describe(
    showers: Showers,
    kept: IntArray,
    hits: Lists,
    taken: _Cells,
    owner: IntArray,
    rng: np.random.Generator,
) -> dict[str, AnyArray]:
    """Return energies, position and shapes of the clusters."""
    number = len(kept)
    share = hits["rechitEnergy"].astype(np.float64) * hits["fraction"]
    raw = np.bincount(owner, share, number)
    i, j, iz = calorimeter.crystal_at(showers.eta[kept], showers.phi[kept])
    columns: dict[str, AnyArray] = {
        "rawEnergy": raw,
        "energy": raw * rng.uniform(1.03, 1.06, number),
        "eta": showers.eta[kept],
        "phi": showers.phi[kept],
        "ieta": i.astype(np.int32),
        "iphi": j.astype(np.int32),
        "iz": iz.astype(np.int32),
        "nXtals": np.diff(hits.offsets).astype(np.float64),
        **_shapes(share, taken, owner, ""),
        **_shapes(hits["rechitEnergy"].astype(np.float64), taken, owner, "full5x5_"),
    }
    for name in ("noise", "noiseUncalib", "noiseNoFractions", "noiseUncalibNoFractions"):
        columns[name] = np.abs(rng.normal(0, 0.04, number)) * np.sqrt(columns["nXtals"])
    eta, phi = calorimeter.position(taken.i, taken.j, taken.iz)
    turn = (phi - showers.phi[kept][owner] + np.pi) % (2 * np.pi) - np.pi
    for name, distance in (("etaWidth", eta - showers.eta[kept][owner]), ("phiWidth", turn)):
        columns[name] = np.sqrt(np.bincount(owner, share * distance**2, number) / raw)
    whole = ("ieta", "iphi", "iz", "nXtals", "simEnergy_sharedXtalsPU")
    return {name: values if name in whole else values.astype(np.float32) for name, values in columns.items()}


def _shapes(energy: AnyArray, taken: _Cells, owner: IntArray, prefix: str) -> dict[str, AnyArray]:
    """Return widths and shares of a 5×5 square around the central crystal, for the given energy of each hit."""
    number = int(owner.max(initial=-1)) + 1
    centre = (taken.di == 0) & (taken.dj == 0)
    cross = np.abs(taken.di) + np.abs(taken.dj) == 1
    square = (np.abs(taken.di) <= 1) & (np.abs(taken.dj) <= 1)
    middle = np.maximum(np.bincount(owner, energy * centre, number), 1e-6)
    total = np.bincount(owner, energy, number)
    weight = np.maximum(0, LOG_WEIGHT + np.log(np.maximum(energy / total[owner], 1e-12)))
    weights = np.maximum(np.bincount(owner, weight, number), 1e-9)
    moments = {}
    for one, d in (("i", taken.di), ("j", taken.dj)):
        moments[one] = np.bincount(owner, weight * d, number) / weights

    def spread(first: IntArray, second: IntArray, a: str, b: str) -> FloatArray:
        product = (first - moments[a][owner]) * (second - moments[b][owner])
        found: FloatArray = np.bincount(owner, weight * product, number) / weights * calorimeter.STEP**2
        return found

    return {
        f"{prefix}r9": np.bincount(owner, energy * square, number) / total,
        f"{prefix}sigmaIetaIeta": np.sqrt(np.maximum(spread(taken.di, taken.di, "i", "i"), 0)),
        f"{prefix}sigmaIetaIphi": spread(taken.di, taken.dj, "i", "j"),
        f"{prefix}sigmaIphiIphi": np.sqrt(np.maximum(spread(taken.dj, taken.dj, "j", "j"), 0)),
        f"{prefix}swissCross": np.maximum(1 - np.bincount(owner, energy * cross, number) / middle, -1),
    }
