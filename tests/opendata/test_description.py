"""What a file is: schema, unit, types, identity; and what cannot be one of ours."""

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
from kit.opendata.wishes import Wish


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


def test_missing_collections_count_as_zero_objects_and_are_told(shared_data: Path):
    source, chunk = _read(shared_data / "opendata" / "nano_tt_v12.root")
    assert source.objects == ("e", "m", "j")
    assert "g" not in chunk.objects
    assert set(source.missing) == {"g", "t"}
    assert source.missing["g"] == "no branch Photon_pt, Photon_eta, Photon_phi"


def test_a_type_asked_for_by_name_must_be_there(shared_data: Path):
    path = str(shared_data / "opendata" / "nano_tt_v12.root")
    assert open_source(path, objects=["m", "e"]).objects == ("e", "m")
    assert open_source(path, objects=["m", "e"]).missing == {}
    with pytest.raises(FormatError, match=r"nano_tt_v12.root: photons asked for: no branch Photon_pt"):
        open_source(path, objects=["e", "g"])
    with pytest.raises(FormatError, match="b-jets asked for: not in nanoaod files, only in skims that hold them"):
        open_source(path, objects=["b"])


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


def test_isolation_asked_for_must_be_there(tmp_path: Path):
    nanoaod = str(demo("nanoaod", tmp_path / "demo.root", 50, 1))
    with pytest.raises(FormatError, match="isolation of electrons asked for: not in nanoaod files"):
        open_source(nanoaod, wish=Wish(isolation=True))
    assert open_source(nanoaod, wish=Wish(isolation=True), objects=["m"]).objects == ("m",)


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


TAG = {"format": 1, "schema": "nanoaod", "unit": "GeV", "experiment": "CMS", "energy": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [({"format": 2}, "a skim of format 2 in GeV"), ({"unit": "TeV"}, "a skim of format 1 in TeV")],
)
def test_a_skim_of_a_later_form_is_refused(tmp_path: Path, change: dict[str, Any], message: str):
    path = _write(tmp_path / "skim.root", "events", _muons([[30.0], []], stem="Muons"))
    with uproot.update(path) as file:
        file["skim"] = json.dumps(TAG | change)
    with pytest.raises(FormatError, match=f"skim.root: {message}, must be of 1 at most, in GeV or MeV"):
        open_source(str(path))


@pytest.mark.parametrize("text", ["no json", json.dumps({"unit": "GeV"}), json.dumps([])])
def test_a_skim_whose_string_is_spoiled_is_refused(tmp_path: Path, text: str):
    path = _write(tmp_path / "skim.root", "events", _muons([[30.0], []], stem="Muons"))
    with uproot.update(path) as file:
        file["skim"] = text
    with pytest.raises(FormatError, match=r"skim.root: its string skim cannot be used"):
        open_source(str(path))


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
