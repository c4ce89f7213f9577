"""What the demo of the catalogue finds."""

from pathlib import Path

import pytest

from kit.files import read_json
from kit.opendata import demo_shelf
from kit.opendata.catalogue import CatalogueParameters
from kit.opendata.sources import open_source


def test_every_file_of_the_tables_is_there_and_can_be_read(stocked: Path):
    tables = [read_json(stocked / f"{name}.json") for name in ("releases", "records")]
    uris = {uri for dataset in tables[0][demo_shelf.RELEASE] for uri in dataset["file_list"]}
    record = tables[1][str(demo_shelf.RECORD)]
    listed = [file for index in record["index_files"] for file in index["files"]] + record["files"]
    uris |= {file["uri"] for file in listed}
    paths = [stocked / uri.split("//")[2] for uri in sorted(uris)]
    assert len(paths) == 5 + 9
    assert {open_source(str(path)).schema.name for path in paths} == {"2020e-13tev", "nanoaod"}


def test_it_is_made_where_it_is_asked_for_and_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(demo_shelf, "EVENTS", 8)
    monkeypatch.setattr(demo_shelf.build, "__defaults__", (8,))
    demo_shelf.prepare(CatalogueParameters(releases=["2020e-13tev"]))
    assert not demo_shelf.folder().exists()
    p = CatalogueParameters()
    demo_shelf.prepare(p)
    times = {path: path.stat().st_mtime_ns for path in demo_shelf.folder().rglob("*.*")}
    assert len(times) == 14 + 2
    demo_shelf.prepare(p)
    assert times == {path: path.stat().st_mtime_ns for path in demo_shelf.folder().rglob("*.*")}
