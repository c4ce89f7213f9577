"""What a file is, what is read of it, and every refusal that shows while opening or reading."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from kit.files import FormatError
from kit.opendata.demo import demo
from kit.opendata.sources import Chunk, Reader, Source, open_source
from kit.opendata.wishes import Wish

REAL = {  # schema, entries, mean (largest) multiplicity by type: README of the public data
    "data_A.4lep.root": ("2020e-13tev", 39, {"j": (1.08, 7), "g": (0, 0), "t": (0, 0)}),
    "data_B.4lep.root": ("2020e-13tev", 156, {"j": (1.01, 8), "g": (0, 0), "t": (0, 0)}),
    "PHYSLITE_example.root": (
        "2024r-pp",
        100,
        {"e": (1.34, 4), "m": (0.05, 2), "j": (8.81, 32), "g": (2.92, 11), "t": (1.43, 3)},
    ),
    "nanoAOD_2015_CMS_Open_Data_ttbar.root": (
        "nanoaod",
        200,
        {"e": (0.34, 3), "m": (0.20, 2), "j": (2.69, 11), "g": (0.40, 3), "t": (0.41, 2)},
    ),
    "nano_dimuon.root": (
        "nanoaod",
        40,
        {"m": (2.10, 4), "j": (6.60, 13), "e": (0.42, 3), "g": (0.38, 3), "t": (0.75, 2)},
    ),
    "nano_tt_v12.root": ("nanoaod", 200, {"e": (1.55, 7), "m": (1.05, 4), "j": (7.52, 13)}),
    "Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root": ("nanoaod", 1000, {"m": (2.37, 13)}),
}


def _read(path: Path | str, **said: Any) -> tuple[Source, Chunk]:
    source = open_source(str(path), **said)
    with Reader(source) as reader:
        return source, reader.read(0, source.entries, ids=True)


def _write(path: Path, tree: str, columns: Mapping[str, Any], counters: Mapping[str, str] | None = None) -> Path:
    """Write columns: nested lists become counted arrays of float32, or of the type given with them."""
    arrays = {
        name: values if isinstance(values, np.ndarray) else ak.values_astype(ak.Array(values), np.float32)
        for name, values in columns.items()
    }
    types = {n: a.dtype if isinstance(a, np.ndarray) else a.type.content for n, a in arrays.items()}
    with uproot.recreate(path) as file:
        named = counters or {}
        file.mktree(tree, types, counter_name=lambda name: named.get(name, f"count_{name}")).extend(arrays)
    return path


def _muons(values: list[list[float]], stem: str = "Muon", **other: Any) -> dict[str, Any]:
    return {f"{stem}_{name}": values for name in ("pt", "eta", "phi")} | other


@pytest.mark.parametrize("name", REAL)
def test_real_files_have_the_objects_that_are_told_of_them(shared_data: Path, name: str):
    schema, entries, multiplicities = REAL[name]
    source, chunk = _read(shared_data / "opendata" / name)
    assert (source.schema.name, source.entries) == (schema, entries)
    for letter, (mean, largest) in multiplicities.items():
        numbers = np.diff(chunk.objects[letter].offsets)
        assert numbers.mean() == pytest.approx(mean, abs=0.0051)  # two decimals are told
        assert numbers.max(initial=0) == largest


def test_real_education_files_have_four_leptons_split_by_flavour(shared_data: Path):
    for name, mean in (("data_A.4lep.root", 4.00), ("data_B.4lep.root", 4.01)):
        _, chunk = _read(shared_data / "opendata" / name)
        leptons = np.diff(chunk.objects["e"].offsets) + np.diff(chunk.objects["m"].offsets)
        assert leptons.mean() == pytest.approx(mean, abs=0.005)
        assert min(len(chunk.objects["e"].pt), len(chunk.objects["m"].pt)) > 50
        assert chunk.objects["e"].energy is not None


@pytest.fixture(scope="module")
def physlite(shared_data: Path) -> Chunk:
    """Return the real PHYSLITE file, read with isolation; opening its 1494 branches takes long."""
    return _read(shared_data / "opendata" / "PHYSLITE_example.root", wish=Wish(isolation=True))[1]


def test_jets_of_real_physlite_are_not_always_in_order_of_pt(physlite: Chunk):
    for letter, number in (("j", 65), ("e", 5)):  # specs/opendata.md, counted independently
        objects = physlite.objects[letter]
        events = np.split(objects.pt, objects.offsets[1:-1])
        assert sum(bool(np.any(np.diff(pt) > 0)) for pt in events) == number


def test_only_what_is_asked_for_is_read(tmp_path: Path):
    path = demo("nanoaod", tmp_path / "demo.root", 50, 1)
    source, chunk = _read(path, objects=["m"])
    assert list(chunk.objects) == ["m"]
    with Reader(source) as reader:
        assert reader.read(0, 50).ids == {}


@pytest.mark.parametrize("storage", ["TTree", "RNTuple"])
def test_ranges_together_are_the_whole(tmp_path: Path, storage: str):
    source, everything = _read(demo("nanoaod", tmp_path / "demo.root", 300, 1, storage=storage))
    with Reader(source) as reader:
        parts = [reader.read(a, b, ids=True) for a, b in ((0, 1), (1, 1), (1, 170), (170, 300))]
    for letter, objects in everything.objects.items():
        for name in ("pt", "eta", "phi", "mass"):
            pieces = [getattr(part.objects[letter], name) for part in parts if part.events]
            np.testing.assert_array_equal(np.concatenate(pieces), getattr(objects, name))
        lengths = np.concatenate([np.diff(part.objects[letter].offsets) for part in parts])
        np.testing.assert_array_equal(lengths, np.diff(objects.offsets))
    events = np.concatenate([part.ids["event"] for part in parts if part.events])
    np.testing.assert_array_equal(events, everything.ids["event"])


def test_a_range_outside_the_file_is_refused(tmp_path: Path):
    source = open_source(str(demo("nanoaod", tmp_path / "demo.root", 50, 1)))
    with Reader(source) as reader, pytest.raises(ValueError, match="entries 40 to 60 asked for, there are 50"):
        reader.read(40, 60)


def test_lengths_that_differ_are_told_with_file_branch_and_entry(tmp_path: Path):
    path = _write(tmp_path / "long.root", "Events", _muons([[30.0], [], [40.0]], Muon_eta=[[1.0], [], [1.0, 2.0]]))
    source = open_source(str(path))
    with Reader(source) as reader:
        assert reader.read(0, 2).events == 2
        with pytest.raises(FormatError, match=r"long.root:Muon_eta: entry 2 has 2 values, Muon_pt has 1"):
            reader.read(1, 3)


def test_a_length_that_differs_from_its_counter_is_told(tmp_path: Path):
    path = _write(tmp_path / "count.root", "Events", _muons([[30.0], []], nMuon=np.array([1, 3], dtype=np.int32)))
    with pytest.raises(FormatError, match=r"count.root:Muon_pt: entry 1 has 0 values, its counter nMuon says 3"):
        _read(path)


def test_momenta_in_the_wrong_unit_are_refused_with_their_median(tmp_path: Path):
    path = _write(tmp_path / "mev.root", "Events", _muons([[30_000.0]] * 20))
    with pytest.raises(FormatError, match=r"mev.root: entries 0 to 19: the median pT of muons is 3e\+04 GeV"):
        _read(path)


def test_a_file_that_changed_since_it_was_planned_is_refused(tmp_path: Path):
    path = tmp_path / "demo.root"
    source = open_source(str(demo("nanoaod", path, 50, 1)))
    demo("nanoaod", path, 60, 1)
    with pytest.raises(FormatError, match=r"demo.root: was changed since it was planned"), Reader(source):
        pass
    demo("2020e-13tev", path, 50, 1)
    with pytest.raises(FormatError, match="has no tree Events any more"), Reader(source):
        pass


def test_isolation_is_read_for_electrons(physlite: Chunk):
    electrons = physlite.objects["e"]
    assert electrons.isolation is not None
    assert len(electrons.isolation) == len(electrons.pt)
    assert physlite.objects["m"].isolation is None


def test_isolation_of_the_education_format_is_split_like_the_leptons(shared_data: Path):
    _, chunk = _read(shared_data / "opendata" / "data_B.4lep.root", wish=Wish(isolation=True))
    electrons = chunk.objects["e"]
    assert electrons.isolation is not None
    assert len(electrons.isolation) == len(electrons.pt)
    assert _read(shared_data / "opendata" / "data_B.4lep.root")[1].objects["e"].isolation is None


def test_event_numbers_must_be_whole_numbers(tmp_path: Path):
    path = _write(tmp_path / "ids.root", "Events", _muons([[30.0], []], event=np.zeros(2)))
    with Reader(open_source(str(path))) as reader:
        assert reader.read(0, 2).events == 2
        with pytest.raises(FormatError, match=r"ids.root:event: must be one whole number per entry"):
            reader.read(0, 2, ids=True)


def test_an_entry_without_events_reads_as_none(tmp_path: Path):
    source, chunk = _read(demo("2025e-13tev-beta", tmp_path / "demo.root", 0, 1))
    assert (source.entries, source.offsets, chunk.events) == (0, (0,), 0)
    assert chunk.objects["e"].offsets.tolist() == [0]
