"""The catalogue over root://, from a real XRootD server on this computer, where XRootD is installed."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.files import FormatError
from kit.opendata.listings import Dataset, RemoteFile
from kit.opendata.shelf import Shelf
from kit.opendata.sources import open_source
from kit.opendata.web import Patience
from tests.opendata.faulty_service import FaultyService

pytest.importorskip("fsspec_xrootd", reason="the extra xrootd is not installed")
XROOTD = shutil.which("xrootd")
QUICK = Patience(retries=1, backoff=0.1, timeout=10.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an XRootD server that serves what the catalogue's service lists."""
    if XROOTD is None:
        pytest.skip("there is no xrootd to start")
    port, folder = _free_port(), tmp_path_factory.mktemp("xrootd")
    config = folder / "xrootd.cfg"
    config.write_text(
        f"xrd.port {port}\nall.export /eos r/o\noss.localroot {stocked}\n"
        f"all.adminpath {folder}\nall.pidpath {folder}\nxrd.allow host *\n"
    )
    user = ["-R", "nobody"] if Path("/proc/self").owner() == "root" else []  # it will not run as root
    if user:
        folder.chmod(0o777)
        top = Path(tempfile.gettempdir())
        for path in {stocked, *stocked.parents, *folder.parents}:
            if path != top and path.is_relative_to(top):
                path.chmod(0o755)
    words = [XROOTD, "-c", str(config), "-l", str(folder / "log"), *user]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                pytest.skip(f"xrootd does not start: {(folder / 'log').read_text()[-300:]}")
            time.sleep(0.1)
        yield f"root://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def test_files_are_fetched_continued_and_read(service: FaultyService, address: str, tmp_path: Path):
    entry = service.table("records")["19980"]["files"][0]
    uri = entry["uri"].replace("root://eospublic.cern.ch/", address)
    shelf = Shelf(tmp_path, service.url, service.url, "root", QUICK)
    listed = shelf.entry(Dataset("record_1", "1", "x", "data"), RemoteFile(uri, entry["size"], entry["checksum"]))
    assert listed.readable == uri
    original = service.folder / entry["uri"].split("//")[2]
    listed.path.parent.mkdir(parents=True)
    listed.path.with_name(listed.path.name + ".part").write_bytes(original.read_bytes()[:5000])
    assert [(e.reason, e.left, e.came) for e in shelf.fetch([listed], 1)] == [("", 5000, entry["size"] - 5000)]
    assert listed.path.read_bytes() == original.read_bytes()
    assert open_source(uri).identity == open_source(str(original)).identity
    assert not service.requests


def test_a_file_that_is_not_there_fails_by_its_address(address: str, tmp_path: Path):
    shelf = Shelf(tmp_path, "http://127.0.0.1:9", "https://x", "root", QUICK)
    listed = shelf.entry(Dataset("record_1", "1", "x", "data"), RemoteFile(f"{address}/eos/none.root"))
    (failed,) = shelf.fetch([listed], 1)
    assert "eos/none.root" in failed.reason
    with pytest.raises((OSError, FormatError), match=r"none\.root"):
        open_source(f"{address}/eos/none.root")
