"""What the stages read of a dumper tree: names, how deep they are nested, what belongs together."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ASSOCIATIONS", "OPPOSITE_ASSOCIATIONS", "SHAPES", "TREE", "Branch", "wanted"]

TREE = "recosimdumper/caloTree"
SHAPES = ("r9", "sigmaIetaIeta", "sigmaIetaIphi", "sigmaIphiIphi", "swissCross")

FRACTIONS = ("sim_fraction", "sim_fraction_noHitsFraction")
ASSOCIATIONS = (*FRACTIONS, "simEnergy_sharedXtals", "recoEnergy_sharedXtals", "sim_nSharedXtals")
# of these a small value, or one near 1, is the best: the largest means nothing
OPPOSITE_ASSOCIATIONS = ("dR_simScore", "dR_genScore", "recoToSim_fraction", "recoToSim_fraction_sharedXtals")

EVENT = ("eventId", "lumiId", "runId", "nVtx", "rho", "truePU", "obsPU")
CLUSTER = (
    *("energy", "rawEnergy", "eta", "phi", "ieta", "iphi", "iz", "nXtals", "etaWidth", "phiWidth"),
    *SHAPES,
    *(f"full5x5_{shape}" for shape in SHAPES),
)
HIT = ("rechitEnergy", "fraction", "ieta", "iphi", "iz")
CALO = ("simEnergy", "simEnergyGoodStatus", "genEnergy", "simEta", "simPhi", "genEta", "genPhi", "simIz")
SUPERCLUSTER = ("seedIndex", "rawEnergy", "energy", "eta")
PILEUP_CLUSTER = (
    *("noise", "noiseUncalib", "noiseNoFractions", "noiseUncalibNoFractions"),
    *("simPU_nSharedXtals", "simEnergy_sharedXtalsPU", "recoEnergy_sharedXtalsPU"),
)
PILEUP_EVENT = ("caloParticlePU_totEnergy",)
SHARED = "simEnergy_sharedXtals"


@dataclass(frozen=True)
class Branch:
    """A branch: its full name, the group it belongs to, its short name there, how deep its lists are nested."""

    name: str
    group: str
    short: str
    depth: int


def wanted(association: str, *, pileup: bool) -> list[Branch]:
    """Return the branches that are read.

    Parameters
    ----------
    association : str
        Name of the score between clusters and particles, without ``pfCluster_``.
    pileup : bool
        Whether the branches about energy of pileup and noise are read, too.
    """
    scores = dict.fromkeys((association, SHARED))
    groups = (
        ("event", "", (*EVENT, *(PILEUP_EVENT if pileup else ())), 0),
        ("cluster", "pfCluster_", (*CLUSTER, *(PILEUP_CLUSTER if pileup else ())), 1),
        ("hit", "pfClusterHit_", HIT, 2),
        ("score", "pfCluster_", tuple(scores), 2),
        ("calo", "caloParticle_", CALO, 1),
        ("supercluster", "superCluster_", SUPERCLUSTER, 1),
        ("member", "superCluster_", ("pfClustersIndex",), 2),
    )
    return [Branch(f"{prefix}{n}", group, n, depth) for group, prefix, names, depth in groups for n in names]
