"""How the stage is held against R1: the cases in both's words, and the comparison itself.

Names, numbers of events and bins must be identical, masses within 1e-6 GeV or 1e-9 relative. Should a
bin differ because a mass lies at its edge, the failure lists that mass: nothing is waved through.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from kit.opendata.collisions import collide
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses
from kit.opendata.spectra import Spectra, merge
from kit.run import Run
from tests.opendata import reference
from tests.opendata.reference import NO_CUTS, Answer, Choice, Pair, answer

FORMS = {  # what the demo writes: schema, and how
    "PHYSLITE": ("2024r-pp", {}),
    "PHYSLITE as RNTuple": ("2024r-pp", {"storage": "RNTuple"}),
    "2020e": ("2020e-13tev", {}),
    "2025e": ("2025e-13tev-beta", {}),
    "2016e": ("2016e-8tev", {}),
    "NanoAOD": ("nanoaod", {}),
    "NanoAOD without Photon_mass": ("nanoaod", {"photon_mass": False}),
    "NanoAOD as RNTuple": ("nanoaod", {"storage": "RNTuple"}),
    "NanoAOD as RNTuple without Photon_mass": ("nanoaod", {"storage": "RNTuple", "photon_mass": False}),
    "2024r-hi": ("2024r-hi", {}),
}
FAULTS: dict[str, dict[str, Any]] = {
    "sound": {},
    "bad, unsorted, repeated": {"bad_values": 0.03, "unsorted": True, "duplicates": 0.02},
}
EVENTS = 1500
MUONS_ALONE = "Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root"
REAL = [
    "data_A.4lep.root",
    "data_B.4lep.root",
    "PHYSLITE_example.root",
    "nanoAOD_2015_CMS_Open_Data_ttbar.root",
    "nano_dimuon.root",
    "nano_tt_v12.root",
    MUONS_ALONE,
]


@dataclass(frozen=True)
class Case:
    """One way to choose: in the stage's words, and in R1's."""

    stage: dict[str, Any] = field(default_factory=dict)
    choice: Choice = field(default_factory=Choice)
    width: float = 10.0
    top: float = 10000.0
    lowest: float = 0.0


LOOSE: dict[str, Any] = {"pt_min": {}, "eta_max": {}}
CASES = {
    "defaults": Case({"mass_source": "record"}),
    "no cuts": Case(LOOSE, Choice(**NO_CUTS)),
    "sub-leading": Case({"sub_leading": True}, Choice(max_rank=1)),
    "sub-leading, no cuts": Case({"sub_leading": True, **LOOSE}, Choice(max_rank=1, **NO_CUTS)),
    "rank 2": Case({"sub_leading": True, "max_rank": 2, **LOOSE}, Choice(max_rank=2, **NO_CUTS)),
    "cap": Case({"jets_above_max": "cap"}, Choice(cap=True)),
    "cap, no cuts": Case({"jets_above_max": "cap", **LOOSE}, Choice(cap=True, **NO_CUTS)),
    "smallest mass": Case({"same_flavour_min_mass": 115.0}, lowest=115.0),
    "fewer of each": Case(
        {"max_count": 2, "max_total": 3, "final_state_types": [2, 3]},
        Choice(max_count=2, max_total=3, final_state_types=(2, 3)),
    ),
    "own cuts, two types": Case(
        {"objects": ["m", "j"], "pt_min": {"j": 45.0}, "eta_max": {"m": 1.2}},
        Choice(objects="mj", pt_min={"j": 45.0}, eta_max={"m": 1.2}),
    ),
    "one type": Case(
        {"final_state_types": [1, 1], "combination_types": [1, 1]},
        Choice(final_state_types=(1, 1), combination_types=(1, 1)),
    ),
    "up to six objects": Case({"max_total": 6, **LOOSE}, Choice(max_total=6, **NO_CUTS)),
    "types from two": Case({"combination_types": [2, 4]}, Choice(combination_types=(2, 4))),
    "coarse and short": Case({"bin_width": 12.5, "mass_max": 250.0}, width=12.5, top=250.0),
    "exact": Case({"count_rule": "exact"}, Choice(exact=True)),
    "exact, rank 2": Case(
        {"count_rule": "exact", "sub_leading": True, "max_rank": 2, **LOOSE},
        Choice(exact=True, max_rank=2, **NO_CUTS),
    ),
}


def run_masses(paths: Iterable[Path], directory: Path, **chosen: Any) -> Path:
    p = MassParameters(
        inputs=[str(path) for path in paths], output=str(directory), interactive=False, keep_masses=True, **chosen
    )
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return directory


def stage_spectra(directory: Path) -> Spectra:
    return merge(record.spectra for record in read_masses(directory / "masses.parquet").records())


def stage_masses(directory: Path) -> dict[Pair, list[float]]:
    """Return the masses by pair, in input order."""
    rows = pq.read_table(directory / "mass_arrays.parquet").to_pylist()
    found: dict[Pair, list[float]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["piece"]):
        found[row["final_state"], row["combination"]] += row["masses"]
    return dict(found)


def differing_bins(spectra: Spectra, expected: dict[Pair, list[float]], case: Case) -> list[str]:
    """Return one line for each pair whose bins differ, with the masses that lie nearest to an edge."""
    faults = []
    for pair, masses in expected.items():
        theirs = reference.fill(pair, masses, case.width, case.top, case.lowest)
        counts = np.asarray(spectra.counts(pair))
        assert len(counts) == round(case.top / case.width)
        ours = {int(b): int(counts[b]) for b in np.flatnonzero(counts)}
        if (ours, spectra.overflow(pair), spectra.below(pair)) != (theirs.counts, theirs.overflow, theirs.below):
            near = sorted(masses, key=lambda m: abs(m / case.width - round(m / case.width)))[:2]
            faults.append(f"{pair}: stage {ours}, R1 {theirs}; masses nearest to an edge: {near!r}")
    return faults


def differing_masses(found: dict[Pair, list[float]], expected: dict[Pair, list[float]]) -> list[str]:
    faults = []
    for pair, masses in expected.items():
        ours, theirs = np.array(found[pair]), np.array(masses)
        if ours.shape != theirs.shape:
            faults.append(f"{pair}: {len(ours)} masses, R1 {len(theirs)}")
            continue
        off = np.abs(ours - theirs) > np.maximum(1e-6, 1e-9 * theirs)
        faults += [f"{pair}: {o!r} GeV, R1 {t!r} GeV" for o, t in zip(ours[off], theirs[off], strict=True)]
    return faults


def check(directory: Path, expected: Answer, case: Case) -> None:
    spectra = stage_spectra(directory)
    assert dict(spectra.events) == dict(expected.events)
    assert sorted(spectra.pairs) == sorted(expected.masses)
    assert differing_bins(spectra, expected.masses, case) == []
    found = stage_masses(directory)
    assert set(found) == set(expected.masses)
    assert differing_masses(found, expected.masses) == []
    records = list(read_masses(directory / "masses.parquet").records())
    assert sum(record.cutflow["read"] for record in records) == expected.entries
    dropped = {c: sum(record.dropped.get(c, 0) for record in records) for c in expected.dropped}
    assert dropped == expected.dropped


def compare(paths: list[Path], tmp_path: Path, case: Case, **chosen: Any) -> Answer:
    expected = answer(paths, case.choice)
    check(run_masses(paths, tmp_path / "masses", **case.stage, **chosen), expected, case)
    return expected


NAMES = {"e": "electrons", "m": "muons", "j": "jets", "g": "photons", "t": "taus"}


def bad_objects(events: int, seed: int, share: float) -> dict[str, tuple[int, int]]:
    """Return how many objects of each type a demo has that no detector gives, and how many in all."""
    made = collide(events, seed, bad_values=share).objects
    good = {x: np.isfinite(o.pt) & np.isfinite(o.phi) & (o.pt > 0) & (abs(o.eta) <= 10) for x, o in made.items()}
    return {letter: (int((~good[letter]).sum()), len(good[letter])) for letter in NAMES}


def bad_objects_notice(path: Path, bad: dict[str, tuple[int, int]]) -> str:
    """Return what a user should hear: types of which more than one object in a hundred is bad."""
    head = "objects were dropped that are not finite, have no pT or lie beyond |η| of 10:"
    lines = [f"{path}: {n} of {seen} {NAMES[letter]}" for letter, (n, seen) in bad.items() if n > seen / 100]
    return "\n  ".join([head, *lines])
