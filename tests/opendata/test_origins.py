"""Inputs by path, by the demo and by a catalogue, and what a catalogue tells of them."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from kit.files import FormatError, write_json
from kit.opendata.origins import UNKNOWN, Origins, find_inputs
from kit.opendata.selection import Selection


def catalogue(path: Path, *datasets: dict[str, Any], **more: Any) -> str:
    write_json(path, {"format": 1, "datasets": list(datasets), **more})
    return str(path)


def dataset(key: str, kind: str, *files: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": key,
        "name": key,
        "release": "2020e-13tev",
        "kind": kind,
        "metadata": {"sumOfWeights": 3.0},
        "files": list(files),
    }


def entry(name: str, here: Path | None = None) -> dict[str, Any]:
    return {"uri": f"root://h//eos/{name}", "http": f"https://s/eos/{name}", "path": str(here) if here else None}


def find(tmp_path: Path, **values: Any) -> tuple[list[str], Origins]:
    return find_inputs(Selection(**values), tmp_path)


def test_paths_stay_paths_of_which_nothing_is_known(tmp_path: Path):
    for name in ("b.root", "a.root"):
        (tmp_path / name).write_bytes(b"root")
    paths, origins = find(tmp_path, inputs=["*.root"])
    assert [Path(path).name for path in paths] == ["a.root", "b.root"]
    assert origins.of(paths[0]) == UNKNOWN


def test_a_catalogue_stands_for_its_root_files_here_or_on_the_servers(tmp_path: Path):
    (tmp_path / "a.root").write_bytes(b"root")
    data = dataset(
        "data",
        "data",
        entry("a.root", tmp_path / "a.root"),
        entry("gone.root", tmp_path / "gone.root"),
        entry("list.txt"),
    )
    path = catalogue(tmp_path / "catalogue.json", data, dataset("361106", "simulation", entry("mc.root")))
    paths, origins = find(tmp_path, inputs=[path])
    assert paths == [str(tmp_path / "a.root"), "https://s/eos/gone.root", "https://s/eos/mc.root"]
    assert [origins.of(path).kind for path in paths] == ["data", "data", "simulation"]
    assert origins.of(paths[2]).metadata["361106"]["sumOfWeights"] == 3.0
    assert pickle.loads(pickle.dumps(origins)).of(paths[0]).kind == "data"
    assert find(tmp_path, inputs=[path], max_files=1)[0] == paths[:1]


def test_with_root_addresses_files_are_read_by_them(tmp_path: Path):
    path = catalogue(tmp_path / "catalogue.json", dataset("data", "data", entry("a.root")), protocol="root")
    assert find(tmp_path, inputs=[path])[0] == ["root://h//eos/a.root"]


@pytest.mark.parametrize("name", ["https://s/eos/a.root", "simplecache::https://s/eos/a.root"])
def test_a_catalogue_beside_the_inputs_tells_of_them_by_any_name(tmp_path: Path, name: str):
    path = catalogue(tmp_path / "catalogue.json", dataset("data", "data", entry("a.root")))
    paths, origins = find(tmp_path, inputs=[name], catalogue=path)
    assert paths == [name]
    assert origins.of(name).kind == "data"


def test_another_file_is_no_catalogue(tmp_path: Path):
    write_json(tmp_path / "a.json", [1])
    with pytest.raises(FormatError, match=r"a\.json: no catalogue; should be catalogue\.json of a run of"):
        find(tmp_path, inputs=["a.json"])
