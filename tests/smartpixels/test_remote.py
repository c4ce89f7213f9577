"""Files by path or address."""

import os

import pytest

from kit.smartpixels.remote import PATIENCE, filesystem, open_bytes


def test_a_path_is_opened(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    with open_bytes(str(tmp_path / "a")) as stream:
        assert stream.read() == b"content"


def test_an_address_is_opened_and_a_fault_names_it():
    with filesystem("memory://folder/a")[0].open("/folder/a", "wb") as stream:
        stream.write(b"content")
    with open_bytes("memory://folder/a") as stream:
        assert stream.read() == b"content"
    with pytest.raises(OSError, match="memory://folder/b: "):
        open_bytes("memory://folder/b")


def test_patience_with_a_dead_server_can_be_overridden(monkeypatch):
    monkeypatch.setenv("XRD_CONNECTIONWINDOW", "7")
    filesystem("memory://folder/a")
    assert os.environ["XRD_CONNECTIONWINDOW"] == "7"
    assert os.environ["XRD_CONNECTIONRETRY"] in (PATIENCE["XRD_CONNECTIONRETRY"], "1")
