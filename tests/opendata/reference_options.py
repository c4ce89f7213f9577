"""R1 with the options: b-tag, overlap removal, isolation, triggers, duplicates and weights, one event at a time.

As `reference`, from the specification alone: lists, `math`, float64. Files are read once more for what the
options need; what is common, such as four-momenta and combinations, is taken from `reference`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uproot

from tests.opendata import reference
from tests.opendata.reference import Choice, Pair

THRESHOLD = {"CollectionTree": 2.51, "EventData": 2.51, "Events": 0.5, "analysis": 4.0}  # by tree; mini: see below
DEFAULTS = ("PILEUP", "ELE", "MUON", "LepTRIGGER")


@dataclass(frozen=True)
class Options:
    """What is on; the numbers of simulation are given, since the reference has no catalogue."""

    b_tag: bool = False
    threshold: float | None = None
    overlap: bool = False
    isolation: float | None = None
    triggers: tuple[str, ...] = ()
    deduplicate: bool = False
    luminosity: float | None = None  # with it, events have weights
    factors: tuple[str, ...] = DEFAULTS
    normalisation: float | None = None  # σ ε k / Σw where the file does not tell it


@dataclass
class Weighted:
    """As `reference.Answer`, with the weight of each mass, and what each step leaves."""

    events: Counter[str] = field(default_factory=Counter)
    masses: dict[Pair, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    steps: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)

    def step(self, name: str, weight: float) -> None:
        self.steps[name] += 1
        self.sums[name] += weight


@dataclass
class Thing:
    """An object: as stored, and what the options know of it."""

    particle: tuple
    score: float = 0.0
    tracks: int | None = None
    cone: float = 0.0
    tagged: bool = False

    @property
    def pt(self) -> float:
        return self.particle[0]


def answer(paths: Iterable[str | Path], choice: Choice, options: Options) -> Weighted:
    """Return the masses of all pairs over all files, with weights."""
    result, seen = Weighted(), set()
    for path in paths:
        letters, events = reference.read(path)
        letters += "b" * (options.b_tag and "j" in letters)
        every = [(reference.combination_name(c), c) for c in reference.combinations(letters, choice)]
        more = _More(path, options)
        for number, event in enumerate(events):
            weight = more.weight(number)
            result.step("read", weight)
            if options.deduplicate:
                if (key := more.key(number)) in seen:
                    continue
                seen.add(key)
                result.step("de-duplicated", weight)
            if options.triggers:
                if not any(more.columns[name][number] for name in options.triggers):
                    continue
                result.step("trigger", weight)
            _add(result, more.things(number, event), every, choice, options, weight)
    return result


class _More:
    """What the options need of a file."""

    def __init__(self, path: str | Path, options: Options) -> None:
        self.options = options
        with uproot.open(path) as file:
            self.tree, _, self.unit = reference.recognise(file)
            tree = file[self.tree]
            names = set(tree.keys(full_paths=False)) if hasattr(tree, "branches") else set(tree.keys())
            self.columns: dict[str, Any] = {
                name: tree[name].array().to_list() for name in names if _needed(name, options)
            }
        self.dot = ":" if self.tree == "EventData" else "."

    def key(self, number: int) -> tuple[int, ...]:
        names = {
            "Events": ("run", "luminosityBlock", "event"),
            "mini": ("channelNumber", "runNumber", "eventNumber"),
            "analysis": ("channelNumber", "runNumber", "eventNumber"),
            "events": ("channel", "run", "lumi", "event"),
        }
        info = [f"EventInfoAuxDyn{self.dot}{n}" for n in ("mcChannelNumber", "runNumber", "eventNumber")]
        return tuple(self.columns[name][number] for name in names.get(self.tree, info) if name in self.columns)

    def weight(self, number: int) -> float:
        if self.options.luminosity is None:
            return 1.0
        c = {name: column[number] for name, column in self.columns.items() if not isinstance(column[number], list)}
        if self.tree == "mini":
            factor = c["XSection"] / c["SumWeights"] * c["mcWeight"]
            stem = "scaleFactor_"
        elif self.tree == "analysis":
            factor = c["xsec"] * c["filteff"] * c["kfac"] / c["sum_of_weights"] * c["mcWeight"]
            stem = "ScaleFactor_"
        elif self.tree == "Events":
            return self.options.luminosity * 1000 * self.options.normalisation * c["genWeight"]
        else:
            first = self.columns[f"EventInfoAuxDyn{self.dot}mcEventWeights"][number][0]
            return self.options.luminosity * 1000 * self.options.normalisation * first
        for name in self.options.factors:
            factor *= c[stem + name]
        return self.options.luminosity * 1000 * factor

    def things(self, number: int, event: dict[str, list]) -> dict[str, list[Thing]]:
        found = {letter: [Thing(particle) for particle in particles] for letter, particles in event.items()}
        for place, jet in enumerate(found.get("j", [])):
            if self.options.b_tag:
                jet.score = self._score(number, place)
                jet.tagged = jet.score >= self.threshold
            tracks = self.columns.get("AnalysisJetsAuxDyn.NumTrkPt500")
            jet.tracks = tracks[number][place][0] if tracks else None
        cones = self._cones(number)
        for electron, cone in zip(found.get("e", []), cones or [], strict=False):
            electron.cone = cone / self.unit
        return found

    def _cones(self, number: int) -> list[float] | None:
        if self.options.isolation is None:
            return None
        for name, column in self.columns.items():
            if name in ("lep_ptcone30", "lep_ptvarcone30"):
                kinds = self.columns["lep_type"][number]
                return [cone for cone, kind in zip(column[number], kinds, strict=True) if abs(kind) == 11]
            if (
                name.startswith("AnalysisElectronsAuxDyn")
                and "ptvarcone30_Nonprompt" in name
                and name.endswith("_pt1000")
            ):
                return column[number]
        message = "no isolation"
        raise ValueError(message)

    def _score(self, number: int, place: int) -> float:
        for name in ("Jet_btagDeepFlavB", "jet_btag_quantile", "jet_MV2c10", "jet_MV1"):
            if name in self.columns:
                return self.columns[name][number][place]
        stem = f"BTagging_AntiKt4EMPFlowAuxDyn{self.dot}DL1dv01_p"
        links = self.columns.get("AnalysisJetsAuxDyn.btaggingLink.m_persIndex")
        place = links[number][place] if links else place
        b, c, u = (self.columns[stem + flavour][number][place] for flavour in "bcu")
        if b == 0:
            return -math.inf
        other = 0.018 * c + 0.982 * u
        return math.log(b / other) if other else math.inf

    @property
    def threshold(self) -> float:
        if self.options.threshold is not None:
            return self.options.threshold
        if self.tree == "mini":
            return 0.8244273 if "jet_MV2c10" in self.columns else 0.7982
        return THRESHOLD[self.tree]


def _needed(name: str, options: Options) -> bool:
    parts = ("btag", "BTagging_AntiKt4EMPFlowAuxDyn", "jet_MV", "AnalysisJetsAuxDyn.btaggingLink.m_persIndex")
    return (
        (options.b_tag and name.startswith(("Jet_", "jet_", *parts)))
        or (options.overlap and name == "AnalysisJetsAuxDyn.NumTrkPt500")
        or (options.isolation is not None and ("ptvarcone30_Nonprompt" in name or name.startswith("lep_")))
        or name in options.triggers
        or name.lower()
        in ("run", "event", "lumi", "channel", "luminosityblock", "runnumber", "eventnumber", "channelnumber")
        or name.endswith(("runNumber", "eventNumber", "mcChannelNumber"))
        or (
            options.luminosity is not None
            and (
                name
                in ("XSection", "SumWeights", "mcWeight", "xsec", "filteff", "kfac", "sum_of_weights", "genWeight")
                or name.lower().startswith("scalefactor")
                or name.endswith("mcEventWeights")
            )
        )
    )


def _delta_r(one: Thing, other: Thing) -> float:
    around = abs(one.particle[2] - other.particle[2]) % (2 * math.pi)
    around = 2 * math.pi - around if around > math.pi else around
    return math.hypot(one.particle[1] - other.particle[1], around)


def remove_overlaps(chosen: dict[str, list[Thing]]) -> None:
    """Drop, step by step; each step looks at the survivors of the one before."""

    def drop(letter: str, bad: Any) -> None:
        if letter in chosen:
            chosen[letter] = [thing for thing in chosen[letter] if not bad(thing)]

    def near(thing: Thing, letter: str, cone: float) -> list[Thing]:
        return [other for other in chosen.get(letter, []) if _delta_r(thing, other) < cone]

    drop("j", lambda jet: near(jet, "e", 0.2))
    drop(
        "j",
        lambda jet: (
            not (jet.tracks is not None and jet.tracks >= 3)
            and any(muon.pt / jet.pt > 0.7 for muon in near(jet, "m", 0.2))
        ),
    )
    for letter in "em":
        drop(letter, lambda lepton: near(lepton, "j", min(0.4, 0.04 + 10 / lepton.pt)))
    drop("j", lambda jet: near(jet, "g", 0.2))
    drop("g", lambda photon: near(photon, "e", 0.1))
    drop("t", lambda tau: near(tau, "e", 0.1))


def _add(
    result: Weighted, event: dict[str, list[Thing]], every: list, choice: Choice, options: Options, weight: float
) -> None:
    had = any(event.values())
    good = {letter: [t for t in things if reference.usable(t.particle)] for letter, things in event.items()}
    if not had or any(good.values()):
        result.step("finite", weight)
    chosen: dict[str, list[Thing]] = {}
    for letter, things in good.items():
        low, high = choice.pt_min.get(letter, 0.0), choice.eta_max.get(letter, math.inf)
        kept = [t for t in things if t.pt >= low and abs(t.particle[1]) <= high]
        if letter == "e" and options.isolation is not None:
            kept = [t for t in kept if t.cone < options.isolation * t.pt]
        chosen[letter] = kept
    _count(result, chosen, every, choice, options, weight)


def _count(
    result: Weighted, chosen: dict[str, list[Thing]], every: list, choice: Choice, options: Options, weight: float
) -> None:
    if options.b_tag and "j" in chosen:
        chosen["b"] = [jet for jet in chosen["j"] if jet.tagged]
        chosen["j"] = [jet for jet in chosen["j"] if not jet.tagged]
    if any(chosen.values()):
        result.step("object cuts", weight)
    if options.overlap:
        remove_overlaps(chosen)
        if any(chosen.values()):
            result.step("overlap removal", weight)
    chosen = {letter: sorted(things, key=lambda t: t.pt, reverse=True) for letter, things in chosen.items()}
    if choice.cap and "j" in chosen:
        chosen["j"] = chosen["j"][: choice.max_count]
    numbers = {letter: len(things) for letter, things in chosen.items()}
    present = sum(number > 0 for number in numbers.values())
    if not present or max(numbers.values(), default=0) > choice.max_count:
        return
    result.step("count window", weight)
    if not choice.final_state_types[0] <= present <= choice.final_state_types[1]:
        return
    result.step("type window", weight)
    state = reference.final_state_name(numbers)
    result.events[state] += 1
    momenta = {c: [reference.momentum(c, t.particle) for t in things] for c, things in chosen.items()}
    for name, combination in every:
        if reference.fits(combination, numbers, choice.exact):
            parts = [momenta[c][rank] for c, first, n in combination for rank in range(first, first + n)]
            result.masses[state, name].append((reference.invariant_mass(parts), weight))
