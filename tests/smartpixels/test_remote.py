"""Files by path or address."""

import pytest

from kit.addresses import filesystem
from kit.smartpixels.remote import open_bytes


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
