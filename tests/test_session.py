"""What the session's environment tells of its place, and what is to be chosen there."""

import socket
import sys

import pytest

from kit import session
from kit.check import findings

NAMES = ("SWAN_HOME", "SWAN_ENV_FILE", "SWAN_LIB_DIR", "SWAN_USE_LOCAL_PACKAGES", "CERN_HTCONDOR", "CERNBOX_HOME",
         "ROOT_LCG_VIEW_NAME", "BINDER_SERVICE_HOST", "BINDER_REPO_URL", "MEM_LIMIT")  # fmt: skip


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "gethostname", lambda: "desk")


@pytest.fixture
def swan(monkeypatch):
    """Return a function that lets this be a session of SWAN, with what its start scripts set."""

    def begin(**more):
        known = {
            "SWAN_HOME": "/eos/user/y/you",
            "CERNBOX_HOME": "/eos/user/y/you",
            "SWAN_ENV_FILE": "/home/you/.bash_profile",
        }
        for name, value in {**known, "ROOT_LCG_VIEW_NAME": "LCG_110_swan", **more}.items():
            monkeypatch.setenv(name, value)

    return begin


def told():
    return {subject: (state, text) for subject, state, text in session.advice()}


def test_at_home_there_is_nothing_to_say():
    assert session.place() == ""
    assert told() == {}


def test_on_swan_with_a_stack_alone_a_custom_environment_is_advised(swan, monkeypatch):
    swan()
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    state, text = told()["SWAN software"]
    assert state == "absent"
    assert text.startswith("stack LCG_110_swan, Python 3.")
    assert "choose a custom environment" in text


def test_a_stack_with_an_old_python_is_bad(swan, monkeypatch):
    swan(ROOT_LCG_VIEW_NAME="LCG_104_swan")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sys, "version_info", (3, 9, 12, "final", 0))
    assert told()["SWAN software"] == (
        "bad",
        "stack LCG_104_swan has Python 3.9.12: choose LCG_110, or a custom environment",
    )


def test_a_custom_environment_is_good_unless_packages_of_ones_own_come_before_it(swan, monkeypatch):
    swan(SWAN_USE_LOCAL_PACKAGES="true")
    monkeypatch.setattr(sys, "prefix", "/home/you/kit_env")
    assert told()["SWAN software"][0] == "good"
    assert "custom environment kit_env" in told()["SWAN software"][1]
    assert told()["SWAN packages"][0] == "absent"


@pytest.mark.parametrize(("value", "state"), [("true", "good"), ("", "absent")])
def test_the_pool_is_there_if_it_was_chosen(swan, value, state):
    swan(CERN_HTCONDOR=value)
    assert told()["SWAN pool"][0] == state


def test_too_little_memory_says_what_to_choose(swan):
    swan(MEM_LIMIT="2147483648")
    assert told()["memory of the session"] == ("absent", "2.1 GB; choose 8 GB in the form")


@pytest.mark.parametrize(
    ("text", "limit"), [("8G", 8 << 30), ("512M", 512 << 20), ("1000", 1000), ("0", None), ("", None)]
)
def test_the_limit_of_memory_is_read_with_its_unit(monkeypatch, text, limit):
    monkeypatch.setenv("MEM_LIMIT", text)
    assert session.memory_limit() == limit


def test_binder_keeps_nothing_and_lxplus_has_two_profiles(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "lxplus812.cern.ch")
    assert "--profile cern-afs" in told()["lxplus"][1]
    monkeypatch.setenv("BINDER_SERVICE_HOST", "10.0.0.1")
    assert "download it" in told()["Binder"][1]


def test_the_check_tells_it(swan):
    swan()
    assert {"SWAN software", "SWAN pool", "SWAN home"} <= {finding.subject for finding in findings()}
