"""What a run of the catalogue leaves: three files that agree, and a summary of them."""

import json
from pathlib import Path

from kit.opendata.catalogue import CatalogueParameters
from kit.opendata.catalogue_files import ADDRESSES, CATALOGUE, EXPORT, summed_up, write_catalogue
from kit.opendata.listings import Dataset, RemoteFile
from kit.opendata.shelf import Entry
from kit.run import Run

URI = "root://eospublic.cern.ch//eos/opendata/"
HTTP = "https://opendata.cern.ch/eos/opendata/"


def entry(folder: Path, name: str, *, here: int = 0, reason: str = "") -> Entry:
    made = Entry(RemoteFile(URI + name), HTTP + name, folder / name, "https", reason=reason)
    if here:
        made.path.write_bytes(b"x" * here)
        made.state, made.came = "here", here
    return made


def test_the_files_agree_and_leave_out_what_failed(tmp_path: Path):
    data = Dataset("2020e-13tev", "data", "data", "data", {}, {})
    simulated = Dataset("2020e-13tev", "361106", "Zee", "simulation", {"cross_section_pb": 1950.0}, {})
    record = Dataset("record_7", "7", "seven", "simulation", {}, {})
    placed = [
        (data, [entry(tmp_path, "a.root", here=5), entry(tmp_path, "b.root")]),
        (simulated, [entry(tmp_path, "c.root", reason="c.root: gone")]),
        (record, []),
    ]
    p = CatalogueParameters(output=str(tmp_path / "run"), interactive=False)
    with Run("opendata/catalogue", p) as run:
        write_catalogue({"server": "https://opendata.cern.ch"}, placed, run)
        run.summary = summed_up(placed, 2, 1.5)
    content = json.loads((run.directory / CATALOGUE).read_text())
    assert [d.get("release") or d["record"] for d in content["datasets"]] == ["2020e-13tev", "2020e-13tev", "7"]
    assert [[f["state"] for f in d["files"]] for d in content["datasets"]] == [
        ["downloaded", "listed"],
        ["failed"],
        [],
    ]
    export = json.loads((run.directory / EXPORT).read_text())
    assert export == {"2020e-13tev": [HTTP + "a.root", HTTP + "b.root"], "2020e-13tev_mc": [HTTP + "c.root"]}
    assert (run.directory / ADDRESSES).read_text().splitlines() == [str(tmp_path / "a.root"), HTTP + "b.root"]
    told = {
        "datasets": 3,
        "files": 3,
        "files_failed": 1,
        "files_fetched": 1,
        "downloaded": 1,
        "lists_asked_for": 2,
    }
    assert told.items() <= run.summary.items()
