"""What demo files hold besides objects: weights, triggers, isolation and b-tag scores, by the release's names.

All of it follows from the events themselves, so that a seed still gives the same events in every schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.opendata.collisions import Collisions
from kit.opendata.processes import Particles
from kit.opendata.schemas import Schema, Storage
from kit.opendata.wishes import extras_of

__all__ = ["CHANNEL", "GENERATED", "cone_sums", "event_columns", "scores"]

CHANNEL = 410_000  # number of the dataset that the events are said to be of
# of that dataset: cross section in pb, filter efficiency, k-factor, Σw of all generated events
GENERATED = {"cross_section": 2.0, "efficiency": 0.5, "k_factor": 1.25, "sum": 1000.0}
QUANTILES = (0.1, 0.3, 0.6, 0.85)  # scores at which the b-tag quantile of 2025e rises from 1 to 5
TRIGGERED = {"e": 26.0, "m": 20.0}  # GeV; pT from which on an electron or muon fires its trigger
TRIGGERS = {"nanoaod": {"e": "HLT_Ele26", "m": "HLT_Mu20"}}
EDUCATION = {"e": "trigE", "m": "trigM"}


def event_columns(entry: Schema, made: Collisions) -> Iterator[tuple[str, Any]]:
    """Yield branches with a value for each event, or a list of which the first counts."""
    import awkward as ak

    extras, number = extras_of(entry), made.ids["event"]
    if "channel" in entry.ids:
        yield (
            entry.ids["channel"],
            np.full(made.events, CHANNEL, np.uint32 if "." in entry.ids["run"] else np.int32),
        )
    weight = (1 + (number % 5 - 1) / 4) * np.where(number % 11, 1, -1)
    if extras.weight.endswith("s"):  # PHYSLITE keeps a list of weights, of which the first is the nominal one
        yield extras.weight, ak.unflatten(np.repeat(weight, 2).astype(np.float32), np.full(made.events, 2))
    elif extras.weight:
        yield extras.weight, weight.astype(np.float32)
    known = dict(GENERATED)
    if "efficiency" not in extras.normalisation:
        known["cross_section"] *= known.pop("efficiency") * known.pop("k_factor")
    for role, name in extras.normalisation.items():
        if role in known:
            yield name, np.full(made.events, known[role], np.float32)
    for place, factor in enumerate(extras.factors):
        yield extras.stem + factor, (1 + (number % (place + 3)) / 64).astype(np.float32)
    if entry.name == "nanoaod" or extras.stem:
        for letter, name in TRIGGERS.get(entry.name, EDUCATION).items():
            objects = made.objects[letter]
            hard = objects.event[objects.pt > TRIGGERED[letter]]
            yield name, np.bincount(hard, minlength=made.events) > 0


def cone_sums(particles: Particles) -> npt.NDArray[np.float64]:
    """Return momenta in cones around objects, in GeV: up to 0.3 of their own."""
    with np.errstate(invalid="ignore"):
        share = 0.15 * (1 + np.cos(1e3 * particles.phi))
    return np.where(np.isfinite(particles.phi), share, 0.0) * particles.pt


def scores(entry: Schema, storage: Storage, jets: Particles) -> dict[str, npt.NDArray[Any]]:
    """Return the branches that tell b-jets."""
    score, extras = jets.score.astype(np.float32), extras_of(entry)
    if extras.flavours:
        shares = (score, 0.3 * (1 - score), 0.7 * (1 - score))
        columns = {name: share.astype(np.float32) for name, share in zip(extras.flavours, shares, strict=True)}
        if storage == "RNTuple":
            return columns
        rank = np.arange(len(score)) - np.searchsorted(jets.event, jets.event)
        return {extras.link: rank.astype(np.uint32), **columns}
    single: dict[str, npt.NDArray[Any]] = {
        "2020e-13tev": 2 * score - 1,
        "2016e-8tev": score,
        "2025e-13tev-beta": 1 + np.digitize(score, QUANTILES).astype(np.int32),
        "nanoaod": score,
    }
    return {extras.score: single[entry.name]} if entry.name in single else {}
