"""Weights that make training windows flat in flavour, ET and η, and photons look like electrons in size.

The bins are those of the public DeepSuperCluster reweighting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.ecal.events import FloatArray, IntArray

__all__ = ["ELECTRON", "PHOTON", "Weights", "balance"]

ELECTRON, PHOTON = 11, 22  # PDG
CRACK = (1.4442, 1.566)
ET_EDGES = np.array([0.0, *np.linspace(3, 500, 50)])  # GeV
ETA_EDGES = np.array([0.0, 0.6, 1.2, *CRACK, 2.1, 3.0])
NCLS_EDGES = np.array([*range(1, 15), 16.0, 25.0])
FINE_ETA_EDGES = np.array([*np.linspace(0, CRACK[0], 10), *np.linspace(CRACK[1], 3, 10)])


@dataclass(frozen=True)
class Weights:
    """The two tables, and how they are multiplied.

    Attributes
    ----------
    flavours : list of int
        PDG ids.
    flattening : ndarray, shape (flavours, bins in ET, bins in |η|)
        Mean 1 over the windows of each flavour, before it was clipped.
    to_electrons : ndarray, shape (bins in ncls, bins in |η|)
        For photons; 1 where one of the two flavours is not there.
    clipped : int
        Windows whose weight was cut at the largest allowed.
    """

    flavours: list[int]
    flattening: FloatArray
    to_electrons: FloatArray
    clipped: int

    def of(self, flavour: IntArray, et: FloatArray, eta: FloatArray, ncls: IntArray) -> FloatArray:
        """Return the weight of windows; what lies beyond the tables takes the nearest bin."""
        place = np.searchsorted(self.flavours, flavour)
        weight = self.flattening[place, _bin(et, ET_EDGES), _bin(np.abs(eta), ETA_EDGES)]
        more = self.to_electrons[_bin(ncls, NCLS_EDGES), _bin(np.abs(eta), FINE_ETA_EDGES)]
        total: FloatArray = np.where(flavour == PHOTON, weight * more, weight)
        return total

    def as_corrections(self) -> dict[str, Any]:
        """Return the JSON form of correctionlib, schema 2: both tables and their product."""
        flat = {
            "nodetype": "category",
            "input": "flavour",
            "content": [
                {"key": flavour, "value": _binning(("seed_et", "seed_eta"), (ET_EDGES, ETA_EDGES), values)}
                for flavour, values in zip(self.flavours, self.flattening, strict=True)
            ],
        }
        size = {
            "nodetype": "category",
            "input": "flavour",
            "content": [
                {
                    "key": flavour,
                    "value": _binning(("ncls", "seed_eta"), (NCLS_EDGES, FINE_ETA_EDGES), self.to_electrons)
                    if flavour == PHOTON
                    else 1.0,
                }
                for flavour in self.flavours
            ],
        }
        first, second = "flattening_seed_et_eta", "photon_to_electron_weight"
        return {
            "schema_version": 2,
            "description": "weights of training windows; seed_eta is |η|, seed_et raw in GeV",
            "corrections": [
                _correction(first, ("flavour", "seed_et", "seed_eta"), flat),
                _correction(second, ("flavour", "ncls", "seed_eta"), size),
            ],
            "compound_corrections": [
                {
                    "name": "total_reweighting",
                    "inputs": [_input(name) for name in ("flavour", "seed_eta", "seed_et", "ncls")],
                    "output": {"name": "weight", "type": "real"},
                    "inputs_update": [],
                    "input_op": "*",
                    "output_op": "*",
                    "stack": [first, second],
                }
            ],
        }


def balance(flavour: IntArray, et: FloatArray, eta: FloatArray, ncls: IntArray, largest: float) -> Weights:
    """Return weights that flatten windows in flavour, ET and |η|, and then give photons the sizes of electrons.

    Parameters
    ----------
    flavour, et, eta, ncls : ndarray
        PDG id, raw ET of the seed in GeV, η of the seed, and number of clusters, of the training windows.
    largest : float
        Weights of the flattening are cut here.
    """
    flavours, place = np.unique(flavour, return_inverse=True)
    i, j = _bin(et, ET_EDGES), _bin(np.abs(eta), ETA_EDGES)
    shape = (len(flavours), len(ET_EDGES) - 1, len(ETA_EDGES) - 1)
    counts = np.zeros(shape)
    np.add.at(counts, (place, i, j), 1)
    flat = np.divide(1.0, counts, out=np.zeros(shape), where=counts > 0)
    for f in range(len(flavours)):
        flat[f] *= counts[f].sum() / max(
            (counts[f] > 0).sum(), 1
        )  # the sum over windows of 1/N is the bins' number
    clipped = int((flat[place, i, j] > largest).sum())
    flat = np.minimum(flat, largest)
    shares = np.zeros((2, len(NCLS_EDGES) - 1, len(FINE_ETA_EDGES) - 1))
    for row, pdg in enumerate((ELECTRON, PHOTON)):
        own = flavour == pdg
        np.add.at(
            shares[row],
            (_bin(ncls[own], NCLS_EDGES), _bin(np.abs(eta[own]), FINE_ETA_EDGES)),
            flat[place[own], i[own], j[own]],
        )
    both = (shares > 0).all(axis=0)
    more = np.divide(shares[0], shares[1], out=np.ones(shares.shape[1:]), where=both)
    return Weights([int(pdg) for pdg in flavours], flat, more, clipped)


def _bin(values: FloatArray | IntArray, edges: FloatArray) -> IntArray:
    place: IntArray = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return place


def _input(name: str) -> dict[str, str]:
    return {"name": name, "type": "int" if name == "flavour" else "real"}


def _correction(name: str, inputs: tuple[str, ...], content: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "version": 1,
        "inputs": [_input(given) for given in inputs],
        "output": {"name": "weight", "type": "real"},
        "data": content,
    }


def _binning(inputs: tuple[str, str], edges: tuple[FloatArray, FloatArray], values: FloatArray) -> dict[str, Any]:
    return {
        "nodetype": "multibinning",
        "inputs": list(inputs),
        "edges": [each.tolist() for each in edges],
        "content": values.ravel().tolist(),
        "flow": "clamp",
    }
