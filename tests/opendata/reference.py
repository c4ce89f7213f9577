"""R1, the independent answer: one event at a time, in plain Python, straight from the specification.

It shares no line with the stage. Files are opened with uproot, everything after that is lists, the
`math` module and Python's own floats (float64), written to be read beside the specification and not
to be fast (about 10 000 events a second). A pair is (final state, combination); energies are in GeV.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import uproot

FINAL_STATE_ORDER = "emjgtb"
COMBINATION_ORDER = "emjbgt"
TABLE = {"e": 0.00051099895, "m": 0.1056583755, "t": 1.77693, "g": 0.0, "j": 0.0, "b": 0.0}  # GeV; PDG
PT_MIN = {"e": 25.0, "m": 25.0, "j": 30.0, "g": 25.0, "t": 20.0}
ETA_MAX = {"e": 2.47, "m": 2.5, "j": 4.5, "g": 2.37, "t": 2.5}

Particle = tuple[float, float, float, float | None, float | None]  # pt, eta, phi, energy, mass
Momentum = tuple[float, float, float, float]  # px, py, pz, E
Combination = tuple[tuple[str, int, int], ...]  # (type, first rank, count), in COMBINATION_ORDER
Pair = tuple[str, str]  # final state, combination
Columns = dict[str, tuple[str, str, str, str, str]]  # letter → pt, eta, phi, energy, mass; no name = none


@dataclass(frozen=True)
class Choice:
    """What is chosen; the defaults are the specification's."""

    objects: str | None = None  # letters in use; None = what the file has
    pt_min: dict[str, float] = field(default_factory=lambda: PT_MIN)
    eta_max: dict[str, float] = field(default_factory=lambda: ETA_MAX)
    max_count: int = 4
    cap: bool = False
    final_state_types: tuple[int, int] = (1, 4)
    combination_types: tuple[int, int] = (1, 4)
    max_total: int = 4
    max_rank: int = 0  # 0 = leading combinations only
    exact: bool = False


NO_CUTS: dict[str, dict[str, float]] = {"pt_min": {}, "eta_max": {}}


def _physlite(dot: str) -> Columns:
    names = {"e": "Electrons", "m": "Muons", "j": "Jets", "g": "Photons", "t": "TauJets"}
    columns = {}
    for letter, name in names.items():
        stem = f"Analysis{name}AuxDyn{dot}"
        mass = "" if letter in "mg" else stem + "m"
        columns[letter] = (stem + "pt", stem + "eta", stem + "phi", "", mass)
    return columns


def _education(energy: str, *names: str) -> Columns:
    letters = {"lep": "em", "jet": "j", "photon": "g", "tau": "t"}
    columns = {}
    for name in names:
        for letter in letters[name]:
            columns[letter] = (f"{name}_pt", f"{name}_eta", f"{name}_phi", f"{name}_{energy}", "")
    return columns


def _flat(**names: str) -> Columns:
    return {c: (f"{n}_pt", f"{n}_eta", f"{n}_phi", "", f"{n}_mass") for c, n in names.items()}


def _skim() -> Columns:
    names = {"e": "Electrons", "m": "Muons", "j": "Jets", "g": "Photons", "t": "Taus", "b": "BJets"}
    return {c: (f"{n}_pt", f"{n}_eta", f"{n}_phi", f"{n}_E", f"{n}_m") for c, n in names.items()}


def recognise(file: uproot.ReadOnlyDirectory) -> tuple[str, Columns, float]:
    """Return the tree's name, its branches by letter and how many of its energy units make a GeV."""
    trees = {key.split(";")[0] for key in file.keys(recursive=False)}
    if "EventData" in trees:
        return "EventData", _physlite(":"), 1000.0
    if "CollectionTree" in trees:
        if "AnalysisJetsAuxDyn.pt" in file["CollectionTree"]:
            return "CollectionTree", _physlite("."), 1000.0
        stem = "MuonsAuxDyn."
        return "CollectionTree", {"m": (stem + "pt", stem + "eta", stem + "phi", "", "")}, 1000.0
    if "mini" in trees:
        names = ("lep", "jet", "photon", "tau") if "photon_pt" in file["mini"] else ("lep", "jet")
        return "mini", _education("E", *names), 1000.0
    if "analysis" in trees:
        return "analysis", _education("e", "lep", "jet", "photon", "tau"), 1.0
    if "Events" in trees:
        return "Events", _flat(e="Electron", m="Muon", j="Jet", g="Photon", t="Tau"), 1.0
    if "events" in trees:
        return "events", _skim(), 1000.0 if "MeV" in str(file["skim"]) else 1.0
    message = f"{file.file_path}: no known tree among {sorted(trees)}"
    raise ValueError(message)


@lru_cache(maxsize=2)
def read(path: str | Path) -> tuple[str, list[dict[str, list[Particle]]]]:
    """Return the letters of the types a file has, and its events: letter → objects, as stored but in GeV."""
    with uproot.open(path) as file:
        tree_name, columns, unit = recognise(file)
        tree = file[tree_name]
        branches = set(tree.keys())
        columns = {c: names for c, names in columns.items() if branches.issuperset(names[:3])}
        wanted = {name for names in columns.values() for name in names if name in branches}
        wanted |= {"lep_type"} & branches
        arrays = {name: tree[name].array().to_list() for name in wanted}
        entries = tree.num_entries
    return "".join(columns), [_event(arrays, columns, unit, entry) for entry in range(entries)]


def _event(arrays: dict, columns: dict, unit: float, entry: int) -> dict[str, list[Particle]]:
    event = {}
    for letter, names in columns.items():
        columns_here = [arrays[name][entry] if name in arrays else None for name in names]
        number = len(columns_here[0])
        kinds = arrays["lep_type"][entry] if names[0] == "lep_pt" else None
        event[letter] = [
            (
                columns_here[0][i] / unit,
                columns_here[1][i],
                columns_here[2][i],
                None if columns_here[3] is None else columns_here[3][i] / unit,
                None if columns_here[4] is None else columns_here[4][i] / unit,
            )
            for i in range(number)
            if kinds is None or abs(kinds[i]) == {"e": 11, "m": 13}[letter]
        ]
    return event


def usable(particle: Particle) -> bool:
    """Tell whether an object is kept before any cut: all finite, pT above 0, |η| not beyond 10."""
    pt, eta, *_ = particle
    return all(math.isfinite(x) for x in particle if x is not None) and pt > 0 and abs(eta) <= 10


def momentum(letter: str, particle: Particle) -> Momentum:
    pt, eta, phi, energy, mass = particle
    px, py, pz = pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta)
    if energy is None:
        mass = TABLE[letter] if mass is None else mass
        energy = math.sqrt(px * px + py * py + pz * pz + mass * mass)
    return px, py, pz, energy


def invariant_mass(momenta: Iterable[Momentum]) -> float:
    px, py, pz, energy = (sum(component) for component in zip(*momenta, strict=True))
    return math.sqrt(max(energy * energy - px * px - py * py - pz * pz, 0.0))


def combinations(letters: str, choice: Choice) -> list[Combination]:
    """Return the combinations of the types in use: leading ones first, then those with later ranks."""
    in_order = [c for c in COMBINATION_ORDER if c in letters]
    leading: list[Combination] = []
    fewest, most = choice.combination_types
    for types in range(fewest, most + 1):
        for chosen in itertools.combinations(in_order, types):
            leading += [
                tuple((c, 0, n) for c, n in zip(chosen, counts, strict=True))
                for counts in itertools.product(range(1, choice.max_count + 1), repeat=types)
                if 2 <= sum(counts) <= choice.max_total
            ]
    found = dict.fromkeys(leading)  # keeps order, drops what is there already
    for combination in leading if choice.max_rank else ():
        starts = [range(max(0, choice.max_rank - count + 1) + 1) for _, _, count in combination]
        for shift in itertools.product(*starts):
            moved = tuple((c, s, n) for (c, _, n), s in zip(combination, shift, strict=True))
            found.setdefault(moved)
    return list(found)


def combination_name(combination: Combination) -> str:
    return "".join(f"{c}{rank}" for c, first, count in combination for rank in range(first, first + count))


def final_state_name(numbers: dict[str, int]) -> str:
    return "_".join(f"{numbers.get(c, 0)}{c}" for c in FINAL_STATE_ORDER)


def fits(combination: Combination, numbers: dict[str, int], exact: bool) -> bool:
    """Tell whether events of these numbers have the combination; `exact`: leading objects use up their type.

    Later ranks are not counted exactly, nor did the original (filter_events_by_particle_counts, physics_calcs.py).
    """
    if exact and any(first == 0 and numbers.get(c, 0) != count for c, first, count in combination):
        return False
    return all(numbers.get(c, 0) >= first + count for c, first, count in combination)


@dataclass
class Answer:
    """What comes out: numbers of events, and the masses of each pair in input order."""

    entries: int = 0
    rejected: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # objects that could not be used, by letter
    events: Counter[str] = field(default_factory=Counter)  # final state → events
    masses: dict[Pair, list[float]] = field(default_factory=dict)

    def of_at_least(self, min_events: int) -> dict[Pair, list[float]]:
        return {pair: m for pair, m in self.masses.items() if self.events[pair[0]] >= min_events}


def answer(paths: Iterable[str | Path], choice: Choice | None = None) -> Answer:
    """Return the masses of all pairs over all files."""
    choice = choice or Choice()
    result = Answer()
    for path in paths:
        letters, events = read(path)
        letters = letters if choice.objects is None else choice.objects
        every = [(combination_name(c), c) for c in combinations(letters, choice)]
        for event in events:
            _add(result, {c: event.get(c, []) for c in letters}, every, choice)
    return result


def _add(result: Answer, event: dict[str, list[Particle]], every: list, choice: Choice) -> None:
    result.entries += 1
    chosen: dict[str, list[Particle]] = {}
    for letter, particles in event.items():
        good = [p for p in particles if usable(p)]
        result.dropped[letter] += len(particles) - len(good)
        like = "j" if letter == "b" else letter  # b-tagged jets without cuts of their own have those of jets
        pt_min = choice.pt_min.get(letter, choice.pt_min.get(like, 0.0))
        eta_max = choice.eta_max.get(letter, choice.eta_max.get(like, math.inf))
        kept = [p for p in good if p[0] >= pt_min and abs(p[1]) <= eta_max]
        chosen[letter] = sorted(kept, key=lambda p: p[0], reverse=True)  # stable: ties keep file order
    if choice.cap and "j" in chosen:
        chosen["j"] = chosen["j"][: choice.max_count]
    numbers = {letter: len(particles) for letter, particles in chosen.items()}
    present = sum(number > 0 for number in numbers.values())
    fewest, most = choice.final_state_types
    if max(numbers.values(), default=0) > choice.max_count or not fewest <= present <= most:
        result.rejected += 1
        return
    final_state = final_state_name(numbers)
    result.events[final_state] += 1
    momenta = {letter: [momentum(letter, p) for p in particles] for letter, particles in chosen.items()}
    for name, combination in every:
        if fits(combination, numbers, choice.exact):
            parts = [momenta[c][rank] for c, first, n in combination for rank in range(first, first + n)]
            result.masses.setdefault((final_state, name), []).append(invariant_mass(parts))


@dataclass(frozen=True)
class Filled:
    """One pair on the 10-GeV grid."""

    counts: dict[int, int]  # bin → entries, filled bins only
    overflow: int
    below: int


def fill(
    pair: Pair, masses: Iterable[float], width: float = 10.0, top: float = 10000.0, lowest: float = 0.0
) -> Filled:
    """Count masses in bins of `width`; `lowest` holds for two electrons or two muons and more."""
    guarded = pair[1].count("e") >= 2 or pair[1].count("m") >= 2
    below = [m for m in masses if guarded and m < lowest]
    rest = [m for m in masses if not (guarded and m < lowest)]
    counts = Counter(math.floor(m / width) for m in rest if m < top)
    return Filled(dict(sorted(counts.items())), sum(m >= top for m in rest), len(below))
