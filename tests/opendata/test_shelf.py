"""The folder of fetched files."""

import errno
from pathlib import Path

import pytest

from kit.opendata.listings import Dataset, RemoteFile
from kit.opendata.shelf import Shelf
from kit.opendata.web import Patience
from tests.opendata import faulty_service as faults
from tests.opendata.faulty_service import FaultyService

RECORD = Dataset("record_19980", "19980", "x", "simulation")


@pytest.fixture
def shelf(service: FaultyService, tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "files", service.url, "https://opendata.cern.ch", "https", Patience(1, 0.01, 2.0))


@pytest.fixture
def remote(service: FaultyService) -> list[RemoteFile]:
    entries = [index["files"][0] for index in service.table("records")["19980"]["index_files"]]
    return [RemoteFile(entry["uri"], entry["size"], entry["checksum"]) for entry in entries]


def test_files_come_side_by_side_to_their_places(shelf: Shelf, remote: list[RemoteFile]):
    entries = [shelf.entry(RECORD, file) for file in remote]
    assert {entry.shown_state for entry in entries} == {"listed"}
    assert entries[0].readable == entries[0].http
    assert entries[0].http.startswith("https://opendata.cern.ch/eos/opendata/cms/mc/part0/")
    assert len(list(shelf.fetch(entries, 4))) == 7
    for entry, file in zip(entries, remote, strict=True):
        assert entry.path.relative_to(shelf.folder).parts[:3] == ("record_19980", "cms", "mc")
        assert (entry.shown_state, entry.came) == ("verified", file.size)
        assert entry.told()["path"] == entry.readable
    assert {shelf.entry(RECORD, file).state for file in remote} == {"here"}


def test_those_that_fail_do_not_keep_the_others(shelf: Shelf, remote: list[RemoteFile], service: FaultyService):
    service.fail("part3", faults.not_found, times=9)
    entries = [shelf.entry(RECORD, file) for file in remote]
    assert len(list(shelf.fetch(entries, 2))) == 7
    assert [entry.shown_state for entry in entries].count("verified") == 6
    assert entries[3].shown_state == "failed"
    assert "404" in entries[3].told()["reason"]


def test_a_directory_in_the_place_of_a_file_counts_as_failed(shelf: Shelf, remote: list[RemoteFile]):
    shelf.entry(RECORD, remote[0]).path.mkdir(parents=True)
    entry = shelf.entry(RECORD, remote[0])
    list(shelf.fetch([entry], 1))
    assert entry.shown_state == "failed"
    assert f"{entry.path}: is a directory" in entry.told()["reason"]
    assert (entry.told()["size"], entry.told()["path"]) == (remote[0].size, None)


def test_a_file_of_another_size_is_not_kept(shelf: Shelf, remote: list[RemoteFile]):
    entry = shelf.entry(RECORD, remote[0])
    entry.path.parent.mkdir(parents=True)
    entry.path.write_bytes(b"root")
    assert shelf.entry(RECORD, remote[0]).state == "listed"
    assert not entry.path.exists()


def test_a_damaged_file_of_the_right_size_is_found_by_refresh(shelf: Shelf, remote: list[RemoteFile]):
    entry = shelf.entry(RECORD, remote[0])
    entry.path.parent.mkdir(parents=True)
    entry.path.write_bytes(b"x" * (remote[0].size or 0))
    assert shelf.entry(RECORD, remote[0]).state == "here"
    assert shelf.entry(RECORD, remote[0], refresh=True).state == "listed"


def test_a_full_disk_ends_it(shelf: Shelf, remote: list[RemoteFile], monkeypatch: pytest.MonkeyPatch):
    def full(*_words: object, **_more: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("kit.opendata.shelf.download", full)
    with pytest.raises(OSError, match="No space left"):
        list(shelf.fetch([shelf.entry(RECORD, file) for file in remote], 2))
