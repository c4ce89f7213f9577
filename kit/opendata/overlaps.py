"""Overlap removal: of objects that are one particle seen twice, the less likely goes.

The rules are those of arXiv:1606.03903, table 2: each step looks at the survivors of the one before. Jets of b
quarks take no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kit.opendata.chunks import Objects
from kit.opendata.engine import NUMPY, Engine
from kit.opendata.twins import BoolArray, FloatArray, IntArray

__all__ = ["without_overlaps"]

JET_CONE = 0.2  # ΔR in which a jet is an electron, muon or photon
PAIR_CONE = 0.1  # ΔR in which a photon or tau is an electron
TRACKS = 3  # a jet with as many tracks is one, whatever muon is in it
SOFT = 0.7  # share of the jet's pT up to which a muon is part of it
LEPTON_CONE, LEPTON_LEAST, LEPTON_PT = 0.4, 0.04, 10.0  # ΔR ≤ min(0.4, 0.04 + 10 GeV / pT) of leptons from jets
ANY = -1.0  # share of the pT from which on an object counts: all do


@dataclass
class _Side:
    """The objects of one type that pass the cuts, in float64 and GeV; `kept` tells which are left."""

    places: IntArray
    offsets: IntArray
    pt: FloatArray
    eta: FloatArray
    phi: FloatArray
    kept: BoolArray
    many_tracks: BoolArray

    def cone(self, size: float) -> FloatArray:
        return np.full(len(self.pt), size)


def without_overlaps(
    objects: Mapping[str, Objects], passing: Mapping[str, BoolArray], unit: float, engine: Engine = NUMPY
) -> dict[str, Objects]:
    """Return the objects that are `passing` the cuts, shape (m,) of each type, and survive.

    Momenta are divided by `unit` to be in GeV.
    """
    sides = {letter: _side(objects[letter], kept, unit) for letter, kept in passing.items()}

    def strike(
        struck: str, by: str, cones: FloatArray | float, share: float = ANY, *, spared: bool = False
    ) -> None:
        """Drop what is too near to an object of type `by`."""
        if struck not in sides or by not in sides:
            return
        side, other = sides[struck], sides[by]
        cone = side.cone(cones) if isinstance(cones, float) else cones
        if spared:
            cone = np.where(side.many_tracks, 0.0, cone)
        arrays = (other.offsets, other.pt, other.eta, other.phi, other.kept)
        side.kept = engine.strike(side.offsets, side.pt, side.eta, side.phi, side.kept, cone, *arrays, share)

    strike("j", "e", JET_CONE)
    strike("j", "m", JET_CONE, SOFT, spared=True)
    for letter in "em":
        if letter in sides:
            cones = np.minimum(LEPTON_CONE, LEPTON_LEAST + LEPTON_PT / sides[letter].pt)
            strike(letter, "j", cones)
    strike("j", "g", JET_CONE)
    strike("g", "e", PAIR_CONE)
    strike("t", "e", PAIR_CONE)
    return {letter: _left(objects[letter], side) for letter, side in sides.items()}


def _side(objects: Objects, kept: BoolArray, unit: float) -> _Side:
    places = np.flatnonzero(kept)
    pt, eta, phi = (values[places].astype(np.float64) for values in (objects.pt, objects.eta, objects.phi))
    tracks = np.zeros(len(places), bool) if objects.tracks is None else objects.tracks[places] >= TRACKS
    offsets = np.concatenate(([0], np.cumsum(kept)))[objects.offsets]
    return _Side(places, offsets, pt / unit, eta, phi, np.ones(len(places), bool), tracks)


def _left(objects: Objects, side: _Side) -> Objects:
    return objects.taken(side.places[side.kept], np.concatenate(([0], np.cumsum(side.kept)))[side.offsets])
