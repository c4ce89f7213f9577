"""Checksums: of contents, whatever the order of their keys."""

from kit.mu2e.checksums import checksum, identity


def test_checksums_tell_contents_apart():
    assert checksum({"a": 1, "b": 2}) == checksum({"b": 2, "a": 1}) != checksum({"a": 1, "b": 3})


def test_what_is_no_plan_has_an_identity_too():
    assert identity({"checksums": {"takes": "1"}}) != identity({"checksums": {"takes": "2"}})
    assert len({identity("sealed"), identity([]), identity({})}) == 3
