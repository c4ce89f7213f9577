"""A file that comes over a bad network: continued, checked, never half under its name."""

import zlib
from pathlib import Path

import pytest

from kit.files import adler32
from kit.opendata.downloads import ERROR_PAGE, download
from kit.opendata.web import Patience
from tests.opendata import faulty_service as faults
from tests.opendata.faulty_service import FaultyService

QUICK = Patience(retries=2, backoff=0.01, timeout=2.0)


@pytest.fixture
def entry(service: FaultyService) -> dict:
    return service.table("records")["19980"]["files"][0]


@pytest.fixture
def original(service: FaultyService, entry: dict) -> Path:
    return service.folder / entry["uri"].removeprefix("root://eospublic.cern.ch//")


def get(service: FaultyService, entry: dict, target: Path, **other: object) -> int:
    known = {"size": entry["size"], "checksum": entry["checksum"], **other}
    url = entry["uri"].replace("root://eospublic.cern.ch/", service.url)
    return download(url, target, QUICK, **known)


SOUND = {
    "503 twice": (faults.busy(503), 2),
    "429": (faults.busy(429, "0"), 1),
    "cut": (faults.cut, 1),
    "one wrong byte": (faults.one_wrong_byte, 1),
    "the page for errors": (faults.error_page, 2),
    "a late answer": (faults.slow(0.1), 1),
}


@pytest.mark.parametrize("fault", SOUND)
def test_a_file_comes_whole_in_spite_of(
    service: FaultyService, entry: dict, original: Path, tmp_path: Path, fault
):
    service.fail("/eos/", *SOUND[fault])
    assert get(service, entry, tmp_path / "a" / "x.root") == 0
    assert (tmp_path / "a" / "x.root").read_bytes() == original.read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.root"]


def test_what_was_cut_is_continued_and_not_fetched_twice(service: FaultyService, entry: dict, tmp_path: Path):
    service.fail("/eos/", faults.cut)
    get(service, entry, tmp_path / "x.root")
    assert service.bytes == entry["size"]
    assert [span for _, span in service.spans] == [f"bytes={entry['size'] // 2}-"]


def test_a_server_without_ranges_gives_all_again(
    service: FaultyService, entry: dict, original: Path, tmp_path: Path
):
    service.fail("/eos/", faults.cut)
    service.fail("/eos/", faults.without_ranges)
    get(service, entry, tmp_path / "x.root")
    assert (tmp_path / "x.root").read_bytes() == original.read_bytes()


def test_an_interrupted_download_goes_on_in_another_run(
    service: FaultyService, entry: dict, original: Path, tmp_path: Path
):
    service.fail("/eos/", faults.cut, times=3)
    with pytest.raises(OSError, match=r"nano_0\.root: \d+ of \d+ bytes came \(tried 3 times\)"):
        get(service, entry, tmp_path / "x.root")
    left = (tmp_path / "x.root.part").stat().st_size
    assert left == pytest.approx(entry["size"] * 7 / 8, abs=3)
    assert not (tmp_path / "x.root").exists()
    service.forget()
    assert get(service, entry, tmp_path / "x.root") == left
    assert service.bytes == entry["size"] - left
    assert (tmp_path / "x.root").read_bytes() == original.read_bytes()


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (faults.one_wrong_byte, r"checksum is adler32:\w{8}, should be adler32:\w{8} \(tried 3 times\)"),
        (faults.error_page, r"3846 bytes, an HTML page, should be \d+ \(tried 3 times\)"),
        (faults.not_found, r"404 Not Found$"),
        (faults.busy(503), r"503 Service Unavailable \(tried 3 times\)"),
    ],
)
def test_a_file_that_stays_wrong_never_gets_its_name(service, entry, tmp_path: Path, fault, text: str):
    service.fail("/eos/", fault, times=9)
    with pytest.raises(OSError, match=text):
        get(service, entry, tmp_path / "x.root")
    assert list(tmp_path.iterdir()) == []


def test_the_page_for_errors_is_known_where_nobody_tells_a_size(
    service: FaultyService, entry: dict, tmp_path: Path
):
    page = faults.page_of_errors()
    assert (len(page), f"adler32:{zlib.adler32(page):08x}") == ERROR_PAGE
    service.fail("/eos/", faults.error_page, times=9)
    with pytest.raises(OSError, match="is the portal's page for errors"):
        get(service, entry, tmp_path / "list.txt", size=None, checksum=None)
    with pytest.raises(OSError, match=r"begins with b'<!DO', a ROOT file begins with b'root'"):
        get(service, entry, tmp_path / "x.root", size=None, checksum=None)
    assert list(tmp_path.iterdir()) == []


def test_a_part_longer_than_the_file_is_thrown_away(
    service: FaultyService, entry: dict, original: Path, tmp_path: Path
):
    (tmp_path / "x.root.part").write_bytes(b"x" * (entry["size"] + 5))
    get(service, entry, tmp_path / "x.root", size=None, checksum=None)
    assert (tmp_path / "x.root").read_bytes() == original.read_bytes()


def test_a_part_of_another_file_is_found_out_by_the_checksum(
    service: FaultyService, entry: dict, original: Path, tmp_path: Path
):
    (tmp_path / "x.root.part").write_bytes(b"root" + b"x" * 500)
    get(service, entry, tmp_path / "x.root")
    assert adler32(tmp_path / "x.root") == entry["checksum"]


def test_a_whole_part_is_only_checked(service: FaultyService, entry: dict, original: Path, tmp_path: Path):
    (tmp_path / "x.root.part").write_bytes(original.read_bytes())
    get(service, entry, tmp_path / "x.root")
    assert not service.requests
    assert (tmp_path / "x.root").read_bytes() == original.read_bytes()


def test_a_directory_in_the_place_of_a_file_is_told(service: FaultyService, entry: dict, tmp_path: Path):
    (tmp_path / "x.root").mkdir()
    with pytest.raises(IsADirectoryError, match=r"x\.root: is a directory, should be the file that is fetched"):
        get(service, entry, tmp_path / "x.root")
    assert not service.requests
    assert [path.name for path in tmp_path.iterdir()] == ["x.root"]


def test_what_is_there_is_not_fetched(service: FaultyService, entry: dict, tmp_path: Path):
    (tmp_path / "x.root").write_bytes(b"anything")
    assert get(service, entry, tmp_path / "x.root") == 0
    assert not service.requests
