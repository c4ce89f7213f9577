"""Final states of events, and the four-momenta of their objects."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.chunks import Chunk, Objects
from kit.opendata.engine import NUMPY, compiled_engine
from kit.opendata.grouping import Grouped, four_momenta, group
from kit.opendata.passing import select
from kit.opendata.selection import Selection

calm = settings(deadline=None)  # machines that tests share are slow at times

NO_CUTS: dict[str, Any] = {"pt_min": {}, "eta_max": {}}
# GeV; S. Navas et al. (Particle Data Group), Phys. Rev. D 110, 030001 (2024): e 0.51099895 MeV,
# muon 105.6583755 MeV, tau 1776.93 MeV
PDG = {"e": 0.51099895e-3, "m": 105.6583755e-3, "t": 1776.93e-3, "j": 0.0, "g": 0.0, "b": 0.0}
# what the original took, in the unit of the file: services/calculations/consts.py of Zhavi221/atlas-utilization
ORIGINAL = {"e": 0.000511, "m": 0.105, "j": 0.0, "g": 0.0, "b": 0.0}


def _objects(pt: list[float], kind: str = "f8", **more: list[float]) -> Objects:
    eta, phi = np.linspace(-2, 2, len(pt)), np.linspace(3, -3, len(pt))
    arrays = {name: np.array(values, kind) for name, values in more.items()}
    offsets = np.array([0, len(pt)])
    return Objects(offsets, np.array(pt, kind), eta.astype(kind), phi.astype(kind), **arrays)


def _momenta(objects: Objects, letter: str = "j", unit: str = "GeV", source: Any = "record") -> np.ndarray:
    into = np.empty((4, len(objects.pt)))
    four_momenta(objects, np.arange(len(objects.pt)), letter, unit, source, into)
    return into


def _mass(momenta: np.ndarray) -> np.ndarray:
    px, py, pz, energy = momenta
    return np.sqrt(energy**2 - px**2 - py**2 - pz**2)


def test_four_momenta_follow_from_pt_eta_phi_and_mass():
    objects = _objects([30.0, 40.0, 50.0], mass=[3.0, 4.0, 5.0])
    px, py, pz, energy = _momenta(objects)
    for i, (pt, eta, phi, mass) in enumerate(
        zip(objects.pt, objects.eta, objects.phi, [3.0, 4.0, 5.0], strict=True)
    ):
        assert px[i] == pytest.approx(pt * math.cos(phi), rel=1e-14)
        assert py[i] == pytest.approx(pt * math.sin(phi), rel=1e-14)
        assert pz[i] == pytest.approx(pt * math.sinh(eta), rel=1e-14)
        assert energy[i] == pytest.approx(math.hypot(pt * math.cosh(eta), mass), rel=1e-14)


def test_the_energy_of_the_file_is_taken_as_it_is():
    assert _momenta(_objects([30.0], energy=[12345.0]), "e")[3] == 12345.0
    assert _momenta(_objects([30e3], "f4", energy=[12345e3]), "e", "MeV")[3] == 12345.0


@pytest.mark.parametrize(("letter", "mass"), PDG.items())
def test_without_energy_and_mass_an_object_has_the_mass_of_the_particle_data_group(letter: str, mass: float):
    at_rest = _objects([0.0])
    assert _momenta(at_rest, letter)[3, 0] == pytest.approx(mass, rel=1e-12)
    assert _momenta(at_rest, letter, "MeV")[3, 0] == pytest.approx(mass, rel=1e-12)
    assert _mass(_momenta(_objects([30.0, 40.0]), letter)) == pytest.approx(mass, abs=2e-5, rel=1e-3)


def test_a_mass_of_rounding_noise_enters_as_its_square():
    assert _mass(_momenta(_objects([30.0], mass=[-3.0]))) == pytest.approx(3.0)


def test_megaelectronvolts_give_the_same_momenta():
    there = _momenta(_objects([30.5e3, 40e3], mass=[3e3, 4e3]), "j", "MeV")
    np.testing.assert_array_equal(there, _momenta(_objects([30.5, 40.0], mass=[3.0, 4.0])))


@pytest.mark.parametrize(("letter", "mass"), ORIGINAL.items())
def test_known_masses_replace_those_of_the_file_in_its_own_unit(letter: str, mass: float):
    heavy, fast = _objects([0.0], mass=[8.0]), _objects([0.0], energy=[9e9])
    for objects in (heavy, fast):
        assert _momenta(objects, letter, "GeV", "known")[3, 0] == pytest.approx(mass, rel=1e-12)
        assert _momenta(objects, letter, "MeV", "known")[3, 0] == pytest.approx(mass / 1000, rel=1e-12)


def test_float32_is_cast_before_cosines():
    objects = _objects([30.0, 40.0, 50.0], "f4")
    wide = Objects(objects.offsets, *(values.astype("f8") for values in (objects.pt, objects.eta, objects.phi)))
    np.testing.assert_array_equal(_momenta(objects), _momenta(wide))


def _chunk(counts: dict[str, list[int]], seed: int = 1) -> Chunk:
    generator = np.random.default_rng(seed)
    objects = {}
    for letter, numbers in counts.items():
        offsets = np.cumsum([0, *numbers], dtype=np.int64)
        pt, eta, phi = (
            generator.uniform(low, 3 * high, offsets[-1]) for low, high in ((20, 50), (-2, 1), (-3, 1))
        )
        objects[letter] = Objects(offsets, pt.astype("f4"), eta.astype("f4"), phi.astype("f4"))
    return Chunk(0, len(next(iter(counts.values()))), "GeV", objects)


def _group(chunk: Chunk, engine=NUMPY, **values: Any) -> Grouped:
    return group(chunk, select(chunk, Selection(**{**NO_CUTS, **values}), engine), "record", engine)


counts = st.integers(1, 25).flatmap(
    lambda n: st.fixed_dictionaries(
        {}, optional={x: st.lists(st.integers(0, 6), min_size=n, max_size=n) for x in "emjgtb"}
    ).filter(bool)
)


@given(counts, st.sampled_from(["reject", "cap"]))
@calm
def test_each_accepted_event_is_in_the_final_state_of_its_counts(counts, above):
    chunk = _chunk(counts)
    grouped = _group(chunk, jets_above_max=above, final_state_types=[1, 6])
    found = {}
    for state, (first, last) in zip(grouped.counts.tolist(), itertools.pairwise(grouped.bounds), strict=True):
        events = grouped.order[first:last].tolist()
        assert events == sorted(events)
        found |= dict.fromkeys(events, tuple(state))
    expected = {}
    for event, numbers in enumerate(zip(*(counts[letter] for letter in grouped.letters), strict=True)):
        capped = [
            min(n, 4) if x == "j" and above == "cap" else n for x, n in zip(grouped.letters, numbers, strict=True)
        ]
        if any(capped) and max(capped) <= 4:
            expected[event] = tuple(capped)
    assert found == expected
    assert len({tuple(state) for state in grouped.counts.tolist()}) == len(grouped.counts)


@given(counts)
@calm
def test_objects_of_a_rank_are_neighbours_over_the_events_of_a_final_state(counts):
    chunk = _chunk(counts)
    grouped = _group(chunk)
    for state, starts, (first, last) in zip(
        grouped.counts, grouped.starts, itertools.pairwise(grouped.bounds), strict=True
    ):
        for letter, number, start in zip(grouped.letters, state, starts, strict=True):
            objects = chunk.objects[letter]
            for i, event in enumerate(grouped.order[first:last]):
                pts = objects.pt[objects.offsets[event] : objects.offsets[event + 1]].astype("f8")
                ranks = start + np.arange(number) * (last - first) + i
                np.testing.assert_allclose(np.hypot(*grouped.momenta[:2, ranks]), np.sort(pts)[::-1], rtol=1e-14)


@given(counts)
@calm
def test_both_sets_of_loops_give_the_same_bits(counts):
    chunk = _chunk(counts)
    here, there = _group(chunk), _group(chunk, compiled_engine())
    for name in ("counts", "order", "bounds", "momenta", "starts"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


def test_up_to_nine_objects_of_six_types_have_different_keys():
    numbers = list(range(10))
    chunk = _chunk({letter: numbers[i:] + numbers[:i] for i, letter in enumerate("emjgtb")})
    grouped = _group(chunk, max_count=9, final_state_types=[1, 6])
    assert len(grouped.counts) == 10


def test_without_accepted_events_there_are_no_final_states():
    grouped = _group(_chunk({"e": [5, 6], "j": [0, 0]}))
    assert grouped.counts.shape == (0, 2)
    assert grouped.momenta.shape == (4, 0)
    assert _group(_chunk({"e": []})).bounds.tolist() == [0]
