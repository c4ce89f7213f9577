"""What a file is, what is read of it, and every refusal that shows while opening or reading."""

import dataclasses
import json
import pickle
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


def test_jets_of_real_physlite_are_not_always_in_order_of_pt(shared_data: Path):
    _, chunk = _read(shared_data / "opendata" / "PHYSLITE_example.root")
    for letter, number in (("j", 65), ("e", 5)):  # specs/opendata.md, counted independently
        objects = chunk.objects[letter]
        events = np.split(objects.pt, objects.offsets[1:-1])
        assert sum(bool(np.any(np.diff(pt) > 0)) for pt in events) == number


def test_missing_collections_count_as_zero_objects_and_are_told(shared_data: Path):
    source, chunk = _read(shared_data / "opendata" / "nano_tt_v12.root")
    assert source.objects == ("e", "m", "j")
    assert "g" not in chunk.objects
    (notice,) = source.notices()
    assert "counted as zero objects: photons (no branch Photon_pt, Photon_eta, Photon_phi); taus" in notice


def test_a_type_asked_for_by_name_must_be_there(shared_data: Path):
    path = str(shared_data / "opendata" / "nano_tt_v12.root")
    assert open_source(path, objects=["m", "e"]).objects == ("e", "m")
    assert open_source(path, objects=["m", "e"]).notices() == []
    with pytest.raises(FormatError, match=r"nano_tt_v12.root: photons asked for: no branch Photon_pt"):
        open_source(path, objects=["e", "g"])
    with pytest.raises(FormatError, match="b-jets asked for: not in nanoaod files"):
        open_source(path, objects=["b"])


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


def test_a_source_can_be_sent_to_a_worker(tmp_path: Path):
    source = open_source(str(demo("2020e-13tev", tmp_path / "demo.root", 50, 1)))
    assert pickle.loads(pickle.dumps(source)) == source


def test_the_identity_of_a_copy_is_that_of_the_original(tmp_path: Path):
    path = demo("nanoaod", tmp_path / "one.root", 50, 1)
    copy = tmp_path / "copy.root"
    copy.write_bytes(path.read_bytes())
    source = open_source(str(copy))
    assert source.identity == open_source(str(path)).identity == (source.uuid, path.stat().st_size, 50)


def test_release_and_content_that_disagree_are_refused(tmp_path: Path):
    path = str(demo("2020e-13tev", tmp_path / "demo.root", 50, 1))
    with pytest.raises(FormatError, match=r"demo.root: said to be nanoaod, its content is 2020e-13tev"):
        open_source(path, schema="nanoaod")
    with pytest.raises(FormatError, match=r"demo.root: said to be in GeV, but 2020e-13tev is in MeV"):
        open_source(path, unit="GeV")
    with pytest.raises(FormatError, match=r"demo.root: unit TeV is not known"):
        open_source(path, unit="TeV")


def test_a_file_of_another_schema_is_refused_with_what_it_has(tmp_path: Path):
    path = _write(tmp_path / "other.root", "nominal", {"el_pt": [[1.0]], "mu_pt": [[2.0]]})
    with pytest.raises(
        FormatError,
        match=r"(?s)no known schema.*nominal: 4 branches, objects: .*el_pt, mu_pt.*no schema is near; known",
    ):
        open_source(str(path))


def test_a_type_of_which_a_branch_is_missing_is_not_used(tmp_path: Path):
    columns = _muons([[30.0], []]) | {"Jet_pt": [[50.0], []], "Jet_eta": [[1.0], []]}
    path = _write(tmp_path / "part.root", "Events", columns)
    source, chunk = _read(path)
    assert source.objects == ("m",)
    assert source.missing["j"] == "no branch Jet_phi"
    assert chunk.objects["m"].mass is None
    with pytest.raises(FormatError, match=r"jets asked for: no branch Jet_phi"):
        open_source(str(path), objects=["j"])


def test_a_file_in_which_no_type_is_complete_is_refused(tmp_path: Path):
    path = _write(tmp_path / "part.root", "Events", {"Jet_pt": [[50.0], []]})
    with pytest.raises(FormatError, match=r"part.root: no type of object is complete: no branch Electron_pt"):
        open_source(str(path))


def test_a_branch_of_the_wrong_type_is_refused_at_opening(tmp_path: Path):
    path = _write(tmp_path / "flat.root", "Events", _muons([[30.0], []], Muon_phi=np.zeros(2, "f4")))
    with pytest.raises(FormatError, match=r"flat.root:Muon_phi: is float, must be a list of float per entry"):
        open_source(str(path))


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


def test_isolation_is_read_where_it_is_asked_for(shared_data: Path, tmp_path: Path):
    path = shared_data / "opendata" / "PHYSLITE_example.root"
    _, chunk = _read(path, isolation=True)
    electrons = chunk.objects["e"]
    assert electrons.isolation is not None
    assert len(electrons.isolation) == len(electrons.pt)
    assert chunk.objects["m"].isolation is None
    assert _read(path)[1].objects["e"].isolation is None
    nanoaod = str(demo("nanoaod", tmp_path / "demo.root", 50, 1))
    with pytest.raises(FormatError, match="isolation of electrons asked for: not in nanoaod files"):
        open_source(nanoaod, isolation=True)
    assert open_source(nanoaod, isolation=True, objects=["m"]).objects == ("m",)


def test_isolation_of_the_education_format_is_split_like_the_leptons(shared_data: Path):
    _, chunk = _read(shared_data / "opendata" / "data_B.4lep.root", isolation=True)
    electrons = chunk.objects["e"]
    assert electrons.isolation is not None
    assert len(electrons.isolation) == len(electrons.pt)


def test_a_foreign_tree_events_needs_its_unit(tmp_path: Path):
    path = _write(tmp_path / "parsed_1.root", "events", _muons([[30.0], []], stem="Muons"))
    with pytest.raises(FormatError, match=r"parsed_1.root: a tree events that does not tell its unit; set unit"):
        open_source(str(path))
    with pytest.raises(
        FormatError, match="said to be 2020e-13tev, but is a tree events that does not tell its rel"
    ):
        open_source(str(path), schema="2020e-13tev")
    source, chunk = _read(path, unit="GeV")
    assert (source.schema.name, source.unit, source.objects) == ("skim", "GeV", ("m",))
    assert chunk.objects["m"].pt.tolist() == [30.0]


@pytest.mark.parametrize("text", ["no json", json.dumps({"unit": "GeV"}), json.dumps([])])
def test_a_skim_whose_string_is_spoiled_is_refused(tmp_path: Path, text: str):
    path = _write(tmp_path / "skim.root", "events", _muons([[30.0], []], stem="Muons"))
    with uproot.update(path) as file:
        file["skim"] = text
    with pytest.raises(FormatError, match=r"skim.root: its string skim cannot be used"):
        open_source(str(path))


def test_an_entry_without_events_reads_as_none(tmp_path: Path):
    source, chunk = _read(demo("2025e-13tev-beta", tmp_path / "demo.root", 0, 1))
    assert (source.entries, source.offsets, chunk.events) == (0, (0,), 0)
    assert chunk.objects["e"].offsets.tolist() == [0]


def test_an_rntuple_among_other_objects_is_found_by_its_name(tmp_path: Path):
    path = demo("2024r-pp", tmp_path / "demo.root", 50, 1, storage="RNTuple")
    with uproot.update(path) as file:
        file["MetaData"] = "x"
    with uproot.recreate(tmp_path / "many.root") as file, uproot.open(path) as made:
        columns = made["EventData"].arrays()
        for name in ("Other", "EventData", "EventData", "xEventData"):
            fields = {field: columns[field] for field in columns.fields}
            if name != "EventData":
                fields = {"AnalysisJetsAuxDyn:pt": columns["AnalysisJetsAuxDyn:pt"]}
            file.mkrntuple(name, fields)
    source = open_source(str(tmp_path / "many.root"))
    assert (source.tree, source.entries, source.objects) == ("EventData", 50, ("e", "m", "j", "g", "t"))


def test_a_plain_source_is_a_value(tmp_path: Path):
    source = open_source(str(demo("nanoaod", tmp_path / "demo.root", 50, 1)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.entries = 7  # type: ignore[misc]
