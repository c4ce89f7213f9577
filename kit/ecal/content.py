"""Windows and the clusters in them, before fields are made of them; and what both kinds of fields begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kit.ecal.association import Association
from kit.ecal.branches import SHAPES
from kit.ecal.engine import Engine
from kit.ecal.events import AnyArray, Events, FloatArray, IntArray
from kit.ecal.seeding import Field, Opened

__all__ = ["Columns", "Content", "energies", "positions", "shapes", "superclusters"]

Columns = dict[str, AnyArray]


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


def positions(c: Content, places: IntArray, prefix: str) -> Columns:
    """Return η, φ, iz, ieta and iphi of clusters, their names after a prefix."""
    clusters = c.events.clusters
    eta, phi, iz = c.field.positions
    columns: Columns = {f"{prefix}eta": eta[places], f"{prefix}phi": phi[places], f"{prefix}iz": iz[places]}
    return columns | {f"{prefix}{name}": clusters[name][places].astype(np.int64) for name in ("ieta", "iphi")}


def shapes(c: Content, places: IntArray, prefix: str) -> Columns:
    """Return shower shapes, widths and numbers of crystals of clusters, their names after a prefix."""
    names = {shape: shape for shape in (*SHAPES, "etaWidth", "phiWidth")}
    names |= {f"f5_{shape}": f"full5x5_{shape}" for shape in SHAPES} | {"nxtals": "nXtals"}
    return {f"{prefix}{name}": c.of_clusters(branch, places) for name, branch in names.items()}


def energies(c: Content, places: IntArray, name: str, engine: Engine) -> Columns:
    """Return energy and ET, raw and calibrated, each as it is and as logarithm."""
    columns: Columns = {}
    for branch, suffix in (("rawEnergy", ""), ("energy", "_calib")):
        energy = c.of_clusters(branch, places)
        columns[f"{name}{suffix}"] = energy
        columns[f"{name.replace('en_', 'et_')}{suffix}"] = energy / c.field.cosh[places]
    return columns | {f"{key}_log": engine.log1(values) for key, values in columns.items()}


def superclusters(c: Content) -> IntArray:
    """Return the first supercluster that each window's seed is the seed of; −1 for none."""
    superclusters = c.events.superclusters
    seeded = superclusters["seedIndex"] + c.events.clusters.offsets[superclusters.owners]
    first = np.full(int(c.events.clusters.offsets[-1]), -1)
    first[seeded[::-1]] = np.arange(len(seeded))[::-1]
    return first[c.opened.seed]
