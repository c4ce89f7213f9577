"""Clusters from a real XRootD server on the loopback, and results brought there: whole or not at all."""

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
from kit.smartpixels.delivery import deliver
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


if not THERE and os.environ.get("CI") != "true":
    pytest.skip(NEEDED, allow_module_level=True)


@pytest.fixture(scope="session")
def eos():
    """Start a server that knows only a folder of the test's own; return its address and that folder."""
    assert THERE, NEEDED
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


def test_a_result_appears_on_the_server_whole(eos, result):
    address, folder = eos
    assert deliver(result, address, "new/one.gz") == f"{address}/new/one.gz"
    assert (folder / "new" / "one.gz").read_bytes() == result.read_bytes()
    assert [path.name for path in (folder / "new").iterdir()] == ["one.gz"]
    assert files.size(f"{address}/new/one.gz") == result.stat().st_size


def test_a_result_on_the_server_is_left_alone_and_never_replaced(eos, result):
    address, folder = eos
    deliver(result, address, "two.gz")
    before = (folder / "two.gz").stat().st_ino
    deliver(result, address, "two.gz")
    assert (folder / "two.gz").stat().st_ino == before
    result.write_bytes(b"another result")
    with pytest.raises(FileExistsError, match=r"two\.gz: another file is there; move it away, or choose another"):
        deliver(result, address, "two.gz")
    assert (folder / "two.gz").read_bytes() != b"another result"


def test_a_copy_that_breaks_off_leaves_nothing_under_the_name(eos, result, monkeypatch):
    address, folder = eos
    monkeypatch.setattr(delivery, "_is_there", lambda *_: False)
    with pytest.raises(OSError, match=r"cannot copy .* to .*/three.gz: .* did not arrive whole"):
        deliver(result, address, "broken/three.gz")
    assert list((folder / "broken").iterdir()) == []


def test_a_server_that_is_not_there_is_named(eos, result):
    with pytest.raises(OSError, match=r"cannot copy .* to root://127.0.0.1:1//data/x"):
        deliver(result, "root://127.0.0.1:1//data", "x")


def test_the_stage_reads_from_and_writes_to_the_server(eos, tmp_path, pulses):
    address, folder = eos
    for number in (1, 2):
        samples.write(folder, samples.text_of(samples.clusters(3, seed=number)), f"pixel_clusters_d{number}.out")
    runs = []
    for clusters in ([f"{address}/pixel_clusters_d*.out"], [str(folder / "pixel_clusters_d*.out")]):
        output = tmp_path / str(len(runs))
        given = {
            "clusters": clusters,
            "pulses": pulses,
            "output": str(output),
            "copy_to": f"{address}/results{len(runs) or ''}",
        }
        p = ConvolutionParameters.build({**samples.SHORT, **given, "formats": ["text", "parquet"]})
        with Run("smartpixels/convolution", p) as run:
            run.summary = convolve(p, run)
        runs.append(output)
    name = "convolved_output_pixel_clusters_d2.out.gz"
    assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes()
    assert (folder / "results" / name).read_bytes() == (runs[0] / name).read_bytes()
    assert (folder / "results" / "unflipped" / "labels_d1.parquet").is_file()


def test_a_missing_file_on_the_server_is_named(eos, tmp_path, pulses):
    address, _ = eos
    given = {"clusters": [f"{address}/nowhere.out"], "pulses": pulses, "output": str(tmp_path / "run")}
    p = ConvolutionParameters.build({**samples.SHORT, **given})
    with pytest.raises((OSError, ValueError), match=r"nowhere.out"), Run("smartpixels/convolution", p) as run:
        run.summary = convolve(p, run)
