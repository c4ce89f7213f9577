"""The same events give the same spectra, in whatever release, unit, storage and order of files they stand."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kit.opendata.collisions import collide
from kit.opendata.massarrays import read_arrays
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses
from kit.opendata.spectra import Spectra, merge
from kit.run import Run
from tests.opendata.comparison import FORMS

few = settings(max_examples=3, deadline=None)
seeds = st.integers(0, 2**32 - 1)
EVENTS = 200
CENTRAL = 2.5  # |η|; beyond, masses are small differences of large energies
CUTS: dict[str, Any] = {"pt_min": dict.fromkeys("emjgt", 25.0), "eta_max": dict.fromkeys("emjgt", CENTRAL)}
HAVING = {"2016e": ["e", "m", "j"], "2024r-hi": ["m"]}  # of e m j g t; all others have all

DemoFile = Callable[..., Path]
Masses = dict[tuple[str, str], np.ndarray]


def _count(*paths: Path, **values: Any) -> tuple[Spectra, Masses]:
    p = MassParameters(
        inputs=[str(path) for path in paths], keep_masses=True, interactive=False, **{**CUTS, **values}
    )
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    rows = read_arrays(run.directory / "mass_arrays.parquet")
    spectra = merge(record.spectra for record in read_masses(run.directory / "masses.parquet").records())
    masses: Masses = {}
    for _, state, combination, found in rows:
        masses[state, combination] = np.append(masses.get((state, combination), []), found)
    return spectra, masses


def _rounding(seed: int) -> float:
    """Return how far squares of masses, in GeV², may lie apart where pT and energies are rounded to float32."""
    energy = np.zeros(EVENTS)
    for objects in collide(EVENTS, seed).objects.values():
        assume((abs(objects.pt - 25.0) > 1e-5).all())  # else a rounding decides on the cut
        central = abs(objects.eta) <= CENTRAL
        energy += np.bincount(objects.event, central * objects.pt * np.cosh(objects.eta), EVENTS)
    return float(8 * 2**-24 * energy.max() ** 2)  # E² and p² in both files, each with two roundings


@pytest.mark.parametrize("form", [form for form in FORMS if form != "PHYSLITE"])
@given(seed=seeds)
@few
def test_events_have_the_same_final_states_and_bins_in_every_schema(demo_file: DemoFile, form: str, seed: int):
    rounding, objects = _rounding(seed), HAVING.get(form, "auto")
    expected, masses = _count(demo_file("PHYSLITE", "sound", EVENTS, seed), objects=objects)
    found, others = _count(demo_file(form, "sound", EVENTS, seed), objects=objects)
    assert found.events == expected.events
    assert found.pairs == expected.pairs
    assert len(masses) == len(expected.pairs) > 0
    for pair, here in masses.items():
        assert (abs(others[pair] ** 2 - here**2) <= rounding).all()
        low, high = (np.sqrt(np.maximum(here**2 + shift, 0)) // 10 for shift in (-rounding, rounding))
        if (low == high).all():  # no mass so near to an edge that rounding may move it over
            assert found.counts(pair).tolist() == expected.counts(pair).tolist()


POOL = [(form, seed) for form in ("PHYSLITE", "NanoAOD", "2025e") for seed in (1, 2)]


@given(st.lists(st.sampled_from(POOL), unique=True, min_size=2, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_files_may_come_in_any_order(demo_file: DemoFile, chosen: list[tuple[str, int]], shuffler: Random):
    files = [demo_file(form, "sound", EVENTS, seed) for form, seed in chosen]
    expected, masses = _count(*files)
    shuffler.shuffle(files)
    found, others = _count(*files)
    assert found == expected
    assert masses.keys() == others.keys()
    for pair, here in masses.items():
        np.testing.assert_array_equal(np.sort(others[pair]), np.sort(here))
