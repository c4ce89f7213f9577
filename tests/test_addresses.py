"""Addresses with a password or a token are refused, and never told in full."""

import os

import pytest

from kit import files
from kit.addresses import PATIENCE, filesystem, masked, secrets_in
from kit.parameters import ParameterError, Parameters, parameter

SECRET = "s3cretW0rd"


class Page(Parameters):
    inputs: list[str] = parameter([], "files")
    sites: dict[str, str] = parameter({}, "where")
    count: int = parameter(1, "how many", ge=1)


@pytest.mark.parametrize(
    "address",
    [
        f"https://me:{SECRET}@host/f.root",
        f"https://{SECRET}@host/f.root",
        f"root://me:{SECRET}@host:1094//f.root",
        f"simplecache::https://me:{SECRET}@host/f.root",
        f"https://host/f.root?token={SECRET}",
        f"https://host/f.root?a=b&X-Amz-Signature={SECRET}&c=d",
        f"root://host//f.root?authz={SECRET}",
        f"https://host/f?private_token={SECRET}#x",
        f"curl https://host/done?API_KEY={SECRET} now",
    ],
)
def test_an_address_with_a_secret_is_refused_without_telling_it(address):
    assert SECRET not in masked(address)
    for values in (
        {"inputs": ["a.root", address]},
        {"sites": {"here": address}},
        {"inputs": [address], "count": 0},
    ):
        with pytest.raises(ParameterError, match=r"inputs\[|sites\.here") as refused:
            Page.build(values)
        assert SECRET not in str(refused.value)
    with pytest.raises(ParameterError, match=r"sites is .*, should be dict") as refused:
        Page.build({"sites": address})
    assert SECRET not in str(refused.value)


def test_an_address_with_a_secret_is_refused_where_files_are_looked_for():
    with pytest.raises(ValueError, match=r"https://…@host/f\.root, whose secret would be in manifests") as refused:
        files.locate([f"https://me:{SECRET}@host/f.root"])
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "root://eospublic.cern.ch:1094//eos/a@b.root",
        "root://me@eosuser.cern.ch//eos/user/m/me/a.root?eos.app=kit&xrd.wantprot=krb5",
        "https://zenodo.org/records/1/files/a.root?download=1&author=x",
        "C:/token=1/password:a@b",
        "/data/token=3/run?auth=1",
    ],
)
def test_other_names_stay_as_they_are(text):
    assert masked(text) == text
    assert list(secrets_in("inputs", [text, 1, None, {"a": text}])) == []


def test_patience_with_a_dead_server_can_be_overridden(monkeypatch):
    monkeypatch.setenv("XRD_CONNECTIONWINDOW", "7")
    filesystem("memory://folder/a")
    assert os.environ["XRD_CONNECTIONWINDOW"] == "7"
    assert os.environ["XRD_CONNECTIONRETRY"] in (PATIENCE["XRD_CONNECTIONRETRY"], "1")
