"""R1 itself is measured against the numbers that the specification quotes."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.opendata import reference, reference_bumpnet
from tests.opendata.reference import NO_CUTS, Choice, answer

COUNTS = [  # types in use, fewest types in a combination, largest rank, combinations
    ("emjg", 1, 0, 65), ("emjg", 1, 1, 186), ("emjg", 1, 2, 607),
    ("emjgt", 1, 0, 120), ("emjgt", 1, 1, 425), ("emjgt", 1, 2, 1545),
    ("emjgtb", 1, 0, 203), ("emjgtb", 1, 1, 853), ("emjgtb", 1, 2, 3324),
    ("emjg", 2, 0, 53), ("emjg", 2, 1, 174), ("emjg", 2, 2, 591),
    ("emjgt", 2, 0, 105), ("emjgt", 2, 1, 410), ("emjgt", 2, 2, 1525),
    ("emjgtb", 2, 0, 185), ("emjgtb", 2, 1, 835), ("emjgtb", 2, 2, 3300),
]  # fmt: skip
EXPONENTIAL = [float(m) for m in np.random.default_rng(1).exponential(60, 500) + 20]
CUTS = [  # masses; (peak, kept, main, outliers) on the grid of the masses, and on the fixed one
    ([205.0] * 40 + [210.0] * 40 + [250.0] * 40, (205.0, 120, 120, 0), (250.0, 40, 40, 0)),
    (EXPONENTIAL, (20.1531, 500, 491, 9), (20.0, 500, 483, 17)),
    ([91.2], (None, 1, 1, 0), (90.0, 1, 1, 0)),
    ([50.0, 50.0], (None, 2, 2, 0), (50.0, 2, 2, 0)),
    ([10.0, 95.0, 101.0], (91.9, 2, 2, 0), (100.0, 1, 1, 0)),
]


@pytest.mark.parametrize(("letters", "fewest", "rank", "number"), COUNTS)
def test_there_are_as_many_combinations_as_published(letters: str, fewest: int, rank: int, number: int):
    choice = Choice(combination_types=(fewest, 4), max_rank=rank)
    names = [reference.combination_name(c) for c in reference.combinations(letters, choice)]
    assert len(names) == len(set(names)) == number


def test_the_four_lepton_masses_are_those_of_an_independent_loop(shared_data: Path):
    folder = shared_data / "opendata"
    expected = json.loads((folder / "reference_data_A.4lep_no_cuts.json").read_text())
    found = answer([folder / "data_A.4lep.root"], Choice(**NO_CUTS))
    assert (found.entries, found.rejected) == (expected["n_events"], expected["dropped"]) == (39, 2)
    assert found.events == expected["final_states"]
    assert {f"{fs}|{im}" for fs, im in found.masses} == set(expected["hists"])
    assert (len(found.events), len(found.masses)) == (12, expected["n_hists"]) == (12, 121)
    for pair, masses in found.masses.items():
        theirs = expected["hists"]["|".join(pair)]
        ours = {"n": len(masses), "sum": sum(masses), "min": min(masses), "max": max(masses)}
        assert ours == pytest.approx({name: theirs[name] for name in ours}, abs=1e-6), pair
        filled = reference.fill(pair, masses)
        assert {str(b): n for b, n in filled.counts.items()} == theirs["bins10"], pair
        assert filled.overflow == filled.below == 0
    assert sum(len(m) for m in found.masses.values()) == 348
    assert sum(sum(m) for m in found.masses.values()) == pytest.approx(60260.374, abs=1e-3)


def test_the_physlite_file_has_430_pairs_and_991_entries(shared_data: Path):
    found = answer([shared_data / "opendata" / "PHYSLITE_example.root"])
    assert len(found.masses) == 430
    assert sum(len(m) for m in found.masses.values()) == 991


def test_counting_exactly_loses_three_quarters_of_the_pairs(shared_data: Path):
    found = answer([shared_data / "opendata" / "PHYSLITE_example.root"], Choice(exact=True))
    assert len(found.masses) == 109


@pytest.mark.parametrize(("masses", "own_grid", "fixed_grid"), CUTS)
def test_peaks_and_splits_are_those_of_the_table(masses: list[float], own_grid: tuple, fixed_grid: tuple):
    own = reference_bumpnet.linspace(masses)
    assert (own.kept, own.main, own.outliers) == own_grid[1:]
    assert own.peak == (None if own_grid[0] is None else pytest.approx(own_grid[0], abs=5e-5))
    counts = reference.fill(("", "j0j1"), masses).counts
    fixed = reference_bumpnet.aligned(counts)
    assert (fixed.peak, fixed.kept, fixed.main, fixed.outliers) == fixed_grid


def test_two_massless_objects_have_the_mass_of_the_formula():
    one, two = (40.0, 1.3, 0.4, None, None), (25.0, -0.7, 2.9, None, None)
    momenta = [reference.momentum("j", one), reference.momentum("g", two)]
    expected = math.sqrt(2 * 40 * 25 * (math.cosh(1.3 + 0.7) - math.cos(0.4 - 2.9)))
    assert reference.invariant_mass(momenta) == pytest.approx(expected, rel=1e-12)


def test_a_pair_of_electrons_below_the_smallest_mass_is_counted_but_not_filled():
    masses = [89.0, 114.999, 115.0, 9999.9, 10000.0, 12000.0]
    guarded = reference.fill(("2e_0m_0j_0g_0t_0b", "e0e1"), masses, lowest=115.0)
    assert guarded == reference.Filled({11: 1, 999: 1}, overflow=2, below=2)
    free = reference.fill(("1e_0m_1j_0g_0t_0b", "e0j0"), masses, lowest=115.0)
    assert free == reference.Filled({8: 1, 11: 2, 999: 1}, overflow=2, below=0)


def test_the_reader_asks_for_25_bins_100_events_and_a_filled_first_bin():
    name = reference_bumpnet.key(("2e_0m_1j_0g_0t_0b", "e0j0"))
    assert name == "ROI_mass_e0j0_cat_2ex_0mx_1jx_0gx_0tx_0bx_width_10.0"
    assert reference_bumpnet.accepted(name, [4.0] * 25)
    assert not reference_bumpnet.accepted(name, [4.0] * 24 + [0.3] * 5)
    assert not reference_bumpnet.accepted(name, [3.9] * 25)
    assert not reference_bumpnet.accepted(name, [0.0] + [5.0] * 30)
    assert not reference_bumpnet.accepted("e0j0", [4.0] * 25)
