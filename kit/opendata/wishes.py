"""What is read of a file beyond the momenta of objects, only where an option asks for it.

The table `EXTRAS` tells for each schema which branches those are, as `schemas` does for objects; never code.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kit import wording
from kit.files import FormatError
from kit.opendata.schemas import Schema

__all__ = ["EXTRAS", "NOTHING", "Extras", "Found", "Wish", "extras_of", "find"]

PREFIX = "factor "  # of the role that a scale factor has among an event's numbers
WEIGHT = "weight"


@dataclass(frozen=True)
class Wish:
    """What options ask for: isolation of electrons, b-tag scores, tracks of jets, numbers of events, and weights.

    `triggers` are branches; `factors` are names of scale factors, None for those of the schema.
    """

    isolation: bool = False
    b_tag: bool = False
    tracks: bool = False
    ids: bool = False
    triggers: tuple[str, ...] = ()
    weights: bool = False
    factors: tuple[str, ...] | None = None


NOTHING = Wish()


@dataclass(frozen=True)
class Extras:
    """Further branches of a schema.

    `score` is the b-tag score of jets; or `flavours` the probabilities to be b, c and light of b-tag objects,
    which belong to jets by the numbers in `link`, one by one where it is empty. `threshold` is the smallest score
    of a b-jet. `tracks` counts the tracks of each jet, its first vertex being that of the hard collision. `weight`
    is the weight of an event; `normalisation` what it is multiplied by and, under ``sum``, divided by.
    `luminosity` is in fb⁻¹. `stem` is what names of scale factors begin with, `factors` are those used by default.
    """

    score: str = ""
    flavours: tuple[str, ...] = ()
    link: str = ""
    threshold: float = 0.0
    tracks: str = ""
    weight: str = ""
    normalisation: Mapping[str, str] = field(default_factory=dict)
    luminosity: float | None = None
    stem: str = ""
    factors: tuple[str, ...] = ()


def _physlite(separator: str, link: str = "") -> Extras:
    stem = f"BTagging_AntiKt4EMPFlowAuxDyn{separator}DL1dv01_p"
    return Extras(
        flavours=(f"{stem}b", f"{stem}c", f"{stem}u"),
        link=link,
        threshold=2.51,
        tracks=f"AnalysisJetsAuxDyn{separator}NumTrkPt500",
        weight=f"EventInfoAuxDyn{separator}mcEventWeights",
        normalisation={"channel": f"EventInfoAuxDyn{separator}mcChannelNumber"},
    )


_DEFAULT_FACTORS = ("PILEUP", "ELE", "MUON", "LepTRIGGER")
_BY_2020 = {"cross_section": "XSection", "sum": "SumWeights"}  # XSection contains efficiency and k-factor
_BY_2025 = {"cross_section": "xsec", "efficiency": "filteff", "k_factor": "kfac", "sum": "sum_of_weights"}

EXTRAS: Mapping[tuple[str, str], Extras] = {  # by schema and tree; numbers from the notes on the releases
    ("2024r-pp", "CollectionTree"): _physlite(".", "AnalysisJetsAuxDyn.btaggingLink.m_persIndex"),
    ("2024r-pp", "EventData"): _physlite(":"),
    ("2020e-13tev", "mini"): Extras(
        score="jet_MV2c10", threshold=0.8244273, weight="mcWeight", normalisation=_BY_2020, luminosity=10.0,
        stem="scaleFactor_", factors=_DEFAULT_FACTORS,
    ),
    ("2025e-13tev-beta", "analysis"): Extras(
        score="jet_btag_quantile", threshold=4.0, weight="mcWeight", normalisation=_BY_2025, luminosity=36.0,
        stem="ScaleFactor_", factors=_DEFAULT_FACTORS,
    ),
    ("2016e-8tev", "mini"): Extras(score="jet_MV1", threshold=0.7982),
    ("nanoaod", "Events"): Extras(score="Jet_btagDeepFlavB", threshold=0.5, weight="genWeight"),
    ("skim", "events"): Extras(score="Jets_score", tracks="Jets_tracks", weight="weight"),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The branches of one file that answer a wish.

    `lists` hold a value for each object, `first` lists of which the first counts, `numbers` one for each event,
    by their role.
    """

    score: str = ""
    flavours: tuple[str, ...] = ()
    link: str = ""
    tracks: str = ""
    triggers: tuple[str, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All of them, each once."""
        alone = [name for name in (self.score, self.link, self.tracks) if name]
        return list(dict.fromkeys([*alone, *self.flavours, *self.triggers, *self.numbers.values()]))


def extras_of(schema: Schema) -> Extras:
    """Return the further branches of a schema."""
    return EXTRAS.get((schema.name, schema.tree), Extras())


def find(schema: Schema, names: Collection[str], wish: Wish, path: str) -> Found:
    """Return the branches that answer a wish.

    Raises
    ------
    FormatError
        Naming what the file lacks; tracks and, in data, weights are there or not.
    """
    known, lacking = extras_of(schema), list[str]()
    score, flavours, link = "", tuple[str, ...](), ""
    if wish.b_tag:
        if known.score in names:
            score = known.score
        elif known.flavours and set(known.flavours) <= set(names):
            flavours, link = known.flavours, known.link if known.link in names else ""
        else:
            wanted = [known.score] if known.score else [name for name in known.flavours if name not in names]
            lacking.append(f"b-tag asked for: {_absent(wanted, schema)}")
    for trigger in wish.triggers:
        if trigger not in names:
            lacking.append(f"trigger asked for: no branch {trigger}{wording.suggestion(trigger, sorted(names))}")
    numbers: dict[str, str] = {}
    if wish.weights:
        found, faults = _weights(known, names, wish.factors, schema)
        numbers = found
        lacking += faults
    if wish.ids:
        wanted = [schema.ids[column] for column in ("run", "event") if column in schema.ids]
        if not wanted or set(wanted) - set(names):
            missing = [name for name in wanted if name not in names]
            lacking.append(f"duplicates asked for: {_absent(missing, schema)}")
    if lacking:
        raise FormatError("; ".join(f"{path}: {fault}" for fault in lacking))
    tracks = known.tracks if wish.tracks and known.tracks in names else ""
    return Found(score, flavours, link, tracks, wish.triggers, numbers)


def _weights(
    known: Extras, names: Collection[str], factors: tuple[str, ...] | None, schema: Schema
) -> tuple[dict[str, str], list[str]]:
    """Return the branches that make weights, by role, and what of them the file lacks."""
    if schema.name != "skim":
        wanted = {WEIGHT: known.weight} | dict(known.normalisation)
        wanted |= {PREFIX + name: known.stem + name for name in (known.factors if factors is None else factors)}
    else:
        wanted = {WEIGHT: known.weight}
    if not known.weight:
        return {}, [f"weights asked for: not in {schema.name} files"]
    missing = [name for name in wanted.values() if name not in names]
    return wanted, [f"weights asked for: {_absent(missing, schema)}"] if missing else []


def _absent(names: Collection[str], schema: Schema) -> str:
    shown = [name for name in names if name]
    return f"no branch {', '.join(shown)}" if shown else f"not in {schema.name} files"
