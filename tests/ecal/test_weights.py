"""Weights: what is flat after them, and what a reader of correctionlib's form computes."""

import numpy as np
import pytest

from kit.ecal import weights
from kit.ecal.weights import ELECTRON, PHOTON, balance

RNG = np.random.default_rng(1)
N = 60_000
FLAVOUR = RNG.choice([ELECTRON, PHOTON], N, p=[0.7, 0.3])
ET, ETA = RNG.uniform(1, 480, N) ** 0.9, RNG.uniform(-2.9, 2.9, N)
NCLS = np.where(FLAVOUR == ELECTRON, RNG.integers(2, 9, N), RNG.integers(1, 6, N))


@pytest.fixture(scope="module")
def made():
    return balance(FLAVOUR, ET, ETA, NCLS, 1e6)


def test_the_mean_weight_of_a_flavour_is_one(made):
    assert made.clipped == 0
    for place, pdg in enumerate(made.flavours):
        own = pdg == FLAVOUR
        flat = made.flattening[
            place, weights._bin(ET[own], weights.ET_EDGES), weights._bin(np.abs(ETA[own]), weights.ETA_EDGES)
        ]
        assert flat.mean() == pytest.approx(1)


def test_the_spectrum_is_flat_after_them(made):
    own = FLAVOUR == ELECTRON
    weight = made.of(FLAVOUR[own], ET[own], ETA[own], NCLS[own])
    filled = np.histogram2d(ET[own], np.abs(ETA[own]), (weights.ET_EDGES, weights.ETA_EDGES), weights=weight)[0]
    filled = filled[filled > 0]
    assert filled.std() / filled.mean() < 1e-9


def test_photons_have_the_sizes_of_electrons_after_them(made):
    weight = made.of(FLAVOUR, ET, ETA, NCLS)
    sums = [
        np.histogram(NCLS[pdg == FLAVOUR], weights.NCLS_EDGES, weights=weight[pdg == FLAVOUR])[0]
        for pdg in (ELECTRON, PHOTON)
    ]
    common = sums[1] > 0
    both = np.isin(NCLS, [2, 3, 4, 5])
    assert sums[0][1:5] == pytest.approx(sums[1][1:5], rel=1e-9)
    assert common[1:5].all()
    assert both.any()


def test_a_large_weight_is_cut_and_counted():
    et = np.concatenate([np.full(1000, 20.0), [400.0]])
    cut = balance(np.full(1001, ELECTRON), et, np.zeros(1001), np.full(1001, 3), 20.0)
    assert cut.clipped == 1
    assert cut.flattening.max() == 20.0


def test_one_flavour_alone_needs_no_sizes():
    own = FLAVOUR == PHOTON
    assert (balance(FLAVOUR[own], ET[own], ETA[own], NCLS[own], 20.0).to_electrons == 1).all()


def evaluate(node, given):
    """Evaluate a node of correctionlib's form, written from its description."""
    if isinstance(node, float):
        return node
    if node["nodetype"] == "category":
        return evaluate(next(e["value"] for e in node["content"] if e["key"] == given[node["input"]]), given)
    place = 0
    for name, edges in zip(node["inputs"], node["edges"], strict=True):
        i = int(np.clip(np.searchsorted(edges, given[name], side="right") - 1, 0, len(edges) - 2))
        place = place * (len(edges) - 1) + i
    assert node["flow"] == "clamp"
    return node["content"][place]


def test_the_written_form_gives_the_same_weights(made):
    told = made.as_corrections()
    nodes = {entry["name"]: entry["data"] for entry in told["corrections"]}
    assert told["compound_corrections"][0]["stack"] == list(nodes)
    direct = made.of(FLAVOUR, ET, ETA, NCLS)
    for i in range(0, N, 977):
        given = {"flavour": FLAVOUR[i], "seed_et": ET[i], "seed_eta": abs(ETA[i]), "ncls": NCLS[i]}
        assert np.prod([evaluate(node, given) for node in nodes.values()]) == pytest.approx(direct[i], rel=1e-12)
