"""The stage `catalogue` against services that count requests and behave badly."""

import json
from pathlib import Path
from typing import Any

import pytest

from kit.files import FormatError
from kit.opendata.catalogue import CatalogueParameters, list_files
from kit.opendata.demo_shelf import prepare
from kit.opendata.sources import open_source
from kit.parameters import ParameterError, read_yaml
from kit.run import Run, RunError
from tests.opendata import faulty_service as faults
from tests.opendata.faulty_service import FaultyService

PROJECT = Path(__file__).resolve().parents[2]
QUICK = {
    "releases": ["2020e-13tev"], "retries": 2, "backoff": 0.01, "timeout": 5.0, "interactive": False,
}  # fmt: skip


def catalogue(service: FaultyService, output: str = "", **values: Any) -> Run:
    where = {"api_url": service.url, "server": service.url, "records": [19980], "kind": "both", "output": output}
    p = CatalogueParameters.build({**where, **QUICK, **values})
    with Run("opendata/catalogue", p) as run:
        run.summary = list_files(p, run)
    return run


def entries(run: Run) -> list[dict[str, Any]]:
    content = json.loads((run.directory / "catalogue.json").read_text())
    return [file for dataset in content["datasets"] for file in dataset["files"]]


def test_a_release_and_a_record_are_listed_together(service: FaultyService):
    run = catalogue(service)
    assert run.summary["datasets"] == 5
    assert run.summary["datasets_without_files"] == 1
    assert run.summary["files"] == 5 + 9
    assert (run.summary["data"], run.summary["simulation"]) == (1, 4)
    assert {entry["state"] for entry in entries(run)} == {"listed"}
    assert not any(path.startswith("/eos/") for path in service.requests)
    lines = (run.directory / "files.txt").read_text().splitlines()
    assert lines == [entry["http"] for entry in entries(run)]


def test_the_catalogue_holds_what_the_services_tell(service: FaultyService):
    run = catalogue(service, records=[])
    content = json.loads((run.directory / "catalogue.json").read_text())
    zee = next(dataset for dataset in content["datasets"] if dataset["key"] == "361106")
    assert (zee["name"], zee["release"], zee["kind"]) == ("Zee", "2020e-13tev", "simulation")
    assert zee["metadata"]["cross_section_pb"] == 1950.0
    assert zee["files"][0]["uri"].startswith("root://eospublic.cern.ch:1094//eos/opendata/")
    assert zee["files"][0]["http"].startswith(service.url + "/eos/opendata/")
    assert zee["files"][0]["checksum"] is None


def test_the_export_has_the_form_that_the_original_reads(service: FaultyService):
    """One map from release, release_mc or record_N to addresses, as its metadata cache (fae594d) holds."""
    run = catalogue(service)
    export = json.loads((run.directory / "metadata_cache.json").read_text())
    assert list(export) == ["2020e-13tev_mc", "2020e-13tev", "record_19980"]
    assert [len(addresses) for addresses in export.values()] == [3, 2, 9]
    assert all(address.startswith("http") and address.endswith(".root") for a in export.values() for address in a)


def test_a_second_run_makes_no_request_and_fetches_no_byte(service: FaultyService):
    first = catalogue(service, download=True)
    assert first.summary["files_fetched"] == 14
    assert (first.summary["verified"], first.summary["downloaded"]) == (9, 5)
    service.forget()
    second = catalogue(service, download=True)
    assert not service.requests
    assert service.bytes == 0
    assert (second.summary["lists_asked_for"], second.summary["files_fetched"]) == (0, 0)
    assert entries(second) == entries(first)
    for entry in entries(second):
        assert open_source(entry["path"]).entries > 0


def test_refresh_asks_again_and_mends_what_was_damaged(service: FaultyService):
    first = catalogue(service, download=True)
    damaged = next(entry for entry in entries(first) if entry["checksum"])
    Path(damaged["path"]).write_bytes(b"x" * damaged["size"])
    service.forget()
    again = catalogue(service, download=True, refresh=True)
    assert again.summary["lists_asked_for"] == 2
    assert again.summary["files_fetched"] == 1
    assert service.bytes == damaged["size"]


def test_new_files_of_a_release_are_added_without_fetching_the_old(service: FaultyService):
    service.releases = service.table("releases")
    dataset = next(d for d in service.releases["2020e-13tev"] if d["dataset_number"] == 361106)
    dataset["file_list"], rest = dataset["file_list"][:1], dataset["file_list"][1:]
    assert catalogue(service, download=True, records=[]).summary["files"] == 4
    dataset["file_list"] += rest
    service.forget()
    later = catalogue(service, download=True, records=[], refresh=True)
    assert (later.summary["files"], later.summary["files_fetched"]) == (5, 1)


def test_a_catalogue_since_another_holds_the_new_files_alone(service: FaultyService, tmp_path: Path):
    service.releases = service.table("releases")
    dataset = next(d for d in service.releases["2020e-13tev"] if d["dataset_number"] == 361106)
    dataset["file_list"], rest = dataset["file_list"][:1], dataset["file_list"][1:]
    earlier = catalogue(service)
    dataset["file_list"] += rest
    since = str(earlier.directory / "catalogue.json")
    later = catalogue(service, since=[since])
    assert [entry["uri"] for entry in entries(later)] == rest
    assert entries(catalogue(service, since=[str(earlier.directory)])) == entries(later)
    service.forget()
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(FormatError, match=r"x\.json: no catalogue; should be catalogue\.json"):
        catalogue(service, since=[str(tmp_path / "x.json")])
    with pytest.raises(
        FileNotFoundError, match=r"since: there is no \S+y\.json; should be an earlier run, or its"
    ):
        catalogue(service, since=[str(tmp_path / "y.json")])
    with pytest.raises(FileNotFoundError, match=r"since: \S+ has no catalogue\.json; should be an earlier run"):
        catalogue(service, since=[str(tmp_path)])
    assert not service.requests


@pytest.mark.parametrize("below", ["", "/a/b"])
def test_a_folder_that_cannot_be_is_refused_before_anything_is_asked_for(
    service: FaultyService, tmp_path: Path, below: str
):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(ParameterError, match=rf"folder is \S+notes{below}, and \S+notes is a file, should be"):
        catalogue(service, folder=f"{tmp_path}/notes{below}")
    assert not service.requests


FAULTS = {
    "503": (faults.busy(503), 2),
    "429": (faults.busy(429, "0"), 2),
    "cut": (faults.cut, 2),
    "one wrong byte": (faults.one_wrong_byte, 1),
    "no ranges": (faults.without_ranges, 1),
    "the page for errors": (faults.error_page, 2),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_file_comes_in_spite_of(service: FaultyService, fault: str):
    for part in ("data_A", "mc_410000", "nano_0", "part4"):
        service.fail(part, *FAULTS[fault])
    run = catalogue(service, download=True)
    assert run.summary["files_failed"] == 0
    assert (run.summary["verified"], run.summary["downloaded"]) == (9, 5)


def test_what_fails_ends_in_an_error_after_all_were_tried_and_a_rerun_goes_on(
    service: FaultyService, tmp_path: Path
):
    service.fail("part4", faults.cut, times=99)
    service.fail("mc_410000", faults.not_found, times=99)
    with pytest.raises(RunError, match=r"2 of 14 files failed, 0 of them may(?s:.*)410000.*404(?s:.*)bytes came"):
        catalogue(service, str(tmp_path / "run"), download=True)
    assert not (tmp_path / "run" / "catalogue.json").exists()
    shelf = Path("outputs/data/opendata")
    assert len(list(shelf.rglob("*.root"))) == 12
    part = next(shelf.rglob("*.part"))
    left = part.stat().st_size
    service.forget()
    run = catalogue(service, str(tmp_path / "run"), download=True)
    assert (run.summary["files_fetched"], run.summary["files_continued"], run.summary["verified"]) == (2, 1, 9)
    assert run.summary["mb_fetched"] == pytest.approx(service.bytes / 1e6, abs=1e-3)
    assert not list(shelf.rglob("*.part"))
    assert [span for path, span in service.spans if "part4" in path] == [f"bytes={left}-"]


def test_some_files_may_fail_where_it_is_allowed(service: FaultyService):
    service.fail("mc_410000", faults.not_found, times=99)
    run = catalogue(service, download=True, max_failed_fraction=0.1)
    assert run.summary["files_failed"] == 1
    assert [notice for notice in run.notices if "failed:" in notice and "404" in notice]
    failed = next(entry for entry in entries(run) if entry["state"] == "failed")
    assert "404" in failed["reason"]
    assert failed["http"] not in (run.directory / "files.txt").read_text()


def test_a_broken_or_foreign_list_is_told_and_made_anew(service: FaultyService):
    catalogue(service)
    lists = Path("outputs/data/opendata/lists")
    (lists / "record_19980.json").write_text("{")
    (lists / "2020e-13tev.json").write_text('{"format": 1, "settings": {"api_url": "https://elsewhere"}}')
    run = catalogue(service)
    assert run.summary["lists_asked_for"] == 2
    assert [text.split(":")[0] for text in run.notices] == [
        "the list in 2020e-13tev.json was made with {'api_url'",
        "the list in record_19980.json cannot be used",
    ]


def test_one_kind_one_dataset_one_skim_and_a_few_files(service: FaultyService):
    assert catalogue(service, kind="data", records=[]).summary["files"] == 2
    assert catalogue(service, datasets=["361106"], records=[]).summary["files"] == 2
    assert catalogue(service, skim="2lep", records=[]).summary["files"] == 3
    assert catalogue(service, max_files=4).summary["files"] == 4


def test_nothing_selected_is_a_valid_empty_result(service: FaultyService):
    run = catalogue(service, datasets=["999999"], records=[])
    assert run.summary["empty"]
    assert run.notices == ["nothing was selected: what is wanted holds no file"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"releases": ["2020e"]}, "releases.*2020e-13tev"),
        ({"records": [0]}, "records.*is 0, should be the number of a record, above 0"),
        ({"releases": []}, "releases is empty, and so is records"),
        ({"server": "opendata.cern.ch"}, "server.*should begin with http:// or https://"),
        ({"releases": ["2020e-13tev"], "server": "demo"}, "both or none are demo"),
        ({"releases": ["demo", "2024r-pp"]}, "demo goes with no other release"),
        ({"records": [7]}, r"releases is demo, records, \[7\], are not: set releases to \[\], or server to demo"),
        ({"connections": 17}, "connections is 17, above 16"),
        ({"backoff": 301.0}, "backoff is 301.0 s, above 300"),
        ({"retrys": 1}, "did you mean retries"),
    ],
)
def test_parameters_that_cannot_be_used(values: dict[str, Any], text: str):
    with pytest.raises(ParameterError, match=text):
        CatalogueParameters.build(values)


def test_a_dataset_that_is_not_there(service: FaultyService):
    with pytest.raises(ParameterError, match="datasets names 361107, which is not there"):
        catalogue(service, datasets=["361107"])


def test_by_itself_it_finds_the_demo_and_asks_nobody_else(tmp_path: Path):
    p = CatalogueParameters(folder=str(tmp_path / "files"), interactive=False)
    assert "cern.ch" in p.api_url
    prepare(p)
    with Run("opendata/catalogue", p) as run:
        run.summary = list_files(p, run)
    content = json.loads((run.directory / "catalogue.json").read_text())
    assert (content["server"], {d["release"] for d in content["datasets"]}) == ("demo", {"demo"})
    assert (run.summary["files"], run.summary["data"]) == (2, 1)
    read = (run.directory / "files.txt").read_text().splitlines()
    assert [open_source(path).entries for path in read] == [600, 600]
    with Run("opendata/catalogue", p) as again:
        again.summary = list_files(p, again)
    assert again.summary["lists_asked_for"] == 0


def test_the_demo_runs_without_a_network():
    p = CatalogueParameters.build(
        read_yaml(PROJECT / "parameters/opendata/catalogue.yaml") | {"interactive": False}
    )
    prepare(p)
    with Run("opendata/catalogue", p) as run:
        run.summary = list_files(p, run)
    assert (run.summary["files"], run.summary["verified"], run.summary["downloaded"]) == (14, 9, 5)
    assert "127.0.0.1" not in (run.directory / "catalogue.json").read_text()
