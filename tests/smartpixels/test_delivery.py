"""Results brought to a folder and to a real XRootD server on the loopback: whole or not at all."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from kit import files
from kit.run import Run
from kit.smartpixels import delivery
from kit.smartpixels.convolution import ConvolutionParameters, convolve
from kit.smartpixels.delivery import deliver, refuse_unreachable
from tests.smartpixels import samples

CONFIGURATION = """
all.export /data
oss.localroot {root}
all.adminpath {root}/admin
all.pidpath {root}/admin
xrd.port {port}
xrd.network nodnr
xrootd.async off
xrootd.chksum adler32
"""


SERVER = shutil.which("xrootd")
THERE = SERVER and importlib.util.find_spec("XRootD") and importlib.util.find_spec("fsspec_xrootd")
NEEDED = "no XRootD: these tests need Debian's xrootd-server and pip install 'hep-notebook-kit[xrootd]'"


def on_the_server(test):
    """Skip a test where there is no server or no client, unless everything must run: it fails then."""
    return test if THERE or os.environ.get("CI") == "true" else pytest.mark.skip(NEEDED)(test)


@pytest.fixture(scope="session")
def eos():
    """Start a server that knows only a folder of the test's own; return its address and that folder."""
    assert THERE, NEEDED
    os.environ.update(XRD_CONNECTIONWINDOW="1", XRD_CONNECTIONRETRY="1")  # before the client is loaded
    with tempfile.TemporaryDirectory(prefix="kit-xrootd-") as name, socket.socket() as probe:
        root = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        (root / "xrootd.cfg").write_text(CONFIGURATION.format(root=root, port=port))
        for folder in (root, root / "data", root / "admin"):
            folder.mkdir(exist_ok=True)
            if os.getuid() == 0:
                shutil.chown(folder, "daemon")
        user = ["-R", "daemon"] if os.getuid() == 0 else []  # it refuses to run as root
        command = [SERVER, "-c", str(root / "xrootd.cfg"), "-l", str(root / "log"), "-n", "test", *user]
        server = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        try:
            wait_for(server, port, root)
            yield f"root://127.0.0.1:{port}//data", root / "data"
        finally:
            server.terminate()
            server.wait(10)


def wait_for(server, port, root):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    logs = "".join(path.read_text() for path in root.rglob("log"))
    pytest.fail(f"the XRootD server has not come up: {logs[-2000:]}")


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "convolved_output_pixel_clusters_d1.out.gz"
    path.write_bytes(bytes(range(256)) * 5000)
    return path


def test_a_folder_gets_the_same_bytes(tmp_path, result):
    target = Path(deliver(result, str(tmp_path / "there"), "unflipped/labels.parquet"))
    assert target == tmp_path / "there" / "unflipped" / "labels.parquet"
    assert target.read_bytes() == result.read_bytes()


def test_what_is_there_already_is_left_alone(tmp_path, result):
    target = Path(deliver(result, str(tmp_path / "there")))
    before = target.stat().st_ino
    assert Path(deliver(result, str(tmp_path / "there"))).stat().st_ino == before
    result.write_bytes(b"other")
    assert Path(deliver(result, str(tmp_path / "there"))).read_bytes() == b"other"


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path, result):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        deliver(result, str(tmp_path / "file"))


@pytest.mark.parametrize("address", ["https://a/b", "s3://a/b"])
def test_other_addresses_are_refused_at_once(address):
    with pytest.raises(ValueError, match="should be a folder or a root:// address"):
        refuse_unreachable(address)


def test_without_xrootd_that_is_said_at_once(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="needs XRootD, which is not installed: pip install"):
        refuse_unreachable("root://eos.cern.ch//eos/user")


@on_the_server
def test_a_result_appears_on_the_server_whole(eos, result):
    address, folder = eos
    assert deliver(result, address, "new/one.gz") == f"{address}/new/one.gz"
    assert (folder / "new" / "one.gz").read_bytes() == result.read_bytes()
    assert [path.name for path in (folder / "new").iterdir()] == ["one.gz"]
    assert files.size(f"{address}/new/one.gz") == result.stat().st_size


@on_the_server
def test_a_result_on_the_server_is_replaced_by_another_one_only(eos, result):
    address, folder = eos
    deliver(result, address, "two.gz")
    before = (folder / "two.gz").stat().st_ino
    deliver(result, address, "two.gz")
    assert (folder / "two.gz").stat().st_ino == before
    result.write_bytes(b"another result")
    deliver(result, address, "two.gz")
    assert (folder / "two.gz").read_bytes() == b"another result"


@on_the_server
def test_a_copy_that_breaks_off_leaves_nothing_under_the_name(eos, result, monkeypatch):
    address, folder = eos
    monkeypatch.setattr(delivery, "_is_there", lambda *_: False)
    with pytest.raises(OSError, match=r"cannot copy .* to .*/three.gz: .* did not arrive whole"):
        deliver(result, address, "broken/three.gz")
    assert list((folder / "broken").iterdir()) == []


@on_the_server
def test_a_server_that_is_not_there_is_named(eos, result):
    with pytest.raises(OSError, match=r"cannot copy .* to root://127.0.0.1:1//data/x"):
        deliver(result, "root://127.0.0.1:1//data", "x")


@on_the_server
def test_the_stage_reads_from_and_writes_to_the_server(eos, tmp_path, pulses):
    address, folder = eos
    for number in (1, 2):
        samples.write(folder, samples.text_of(samples.clusters(3, seed=number)), f"pixel_clusters_d{number}.out")
    runs = []
    for clusters in ([f"{address}/pixel_clusters_d*.out"], [str(folder / "pixel_clusters_d*.out")]):
        output = tmp_path / str(len(runs))
        given = {"clusters": clusters, "pulses": pulses, "output": str(output), "copy_to": f"{address}/results"}
        p = ConvolutionParameters.build({**samples.SHORT, **given, "formats": ["text", "parquet"]})
        with Run("smartpixels/convolution", p) as run:
            run.summary = convolve(p, run)
        runs.append(output)
    name = "convolved_output_pixel_clusters_d2.out.gz"
    assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes()
    assert (folder / "results" / name).read_bytes() == (runs[0] / name).read_bytes()
    assert (folder / "results" / "unflipped" / "labels_d1.parquet").is_file()


@on_the_server
def test_a_missing_file_on_the_server_is_named(eos, tmp_path, pulses):
    address, _ = eos
    given = {"clusters": [f"{address}/nowhere.out"], "pulses": pulses, "output": str(tmp_path / "run")}
    p = ConvolutionParameters.build({**samples.SHORT, **given})
    with pytest.raises((OSError, ValueError), match=r"nowhere.out"), Run("smartpixels/convolution", p) as run:
        run.summary = convolve(p, run)
