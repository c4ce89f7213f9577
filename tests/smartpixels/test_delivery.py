"""Results brought to a folder whole or not at all; `test_root_addresses` brings them to a server."""

import importlib.util
from pathlib import Path

import pytest

from kit.smartpixels.delivery import deliver, refuse_unreachable


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "convolved_output_pixel_clusters_d1.out.gz"
    path.write_bytes(bytes(range(256)) * 5000)
    return path


def test_a_folder_gets_the_same_bytes(tmp_path, result):
    target = Path(deliver(result, str(tmp_path / "there"), "unflipped/labels.parquet"))
    assert target == tmp_path / "there" / "unflipped" / "labels.parquet"
    assert target.read_bytes() == result.read_bytes()


def test_what_is_there_already_is_left_alone_and_never_replaced(tmp_path, result):
    target = Path(deliver(result, str(tmp_path / "there")))
    before = target.stat().st_ino
    assert Path(deliver(result, str(tmp_path / "there"))).stat().st_ino == before
    result.write_bytes(b"other")
    with pytest.raises(FileExistsError, match=r"to .*there/convolved.*: another file is there; move it away, or"):
        deliver(result, str(tmp_path / "there"))
    assert target.read_bytes() != b"other"


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
