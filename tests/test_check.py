"""The check tells what will work here, and why not what will not."""

import importlib
import importlib.metadata
import os
import re
import sys

import pytest

from kit import check
from kit.check import findings


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that lets the kit be installed here with the requirements given."""

    def install(*requirements):
        folder = tmp_path / "site" / "hep_notebook_kit-0.1.0.dist-info"
        folder.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", "Name: hep-notebook-kit", "Version: 0.1.0"]
        (folder / "METADATA").write_text("\n".join(lines + [f"Requires-Dist: {need}" for need in requirements]))
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        importlib.invalidate_caches()

    return install


def found(subject):
    (finding,) = [finding for finding in findings() if finding.subject == subject]
    return finding.state, finding.text


def test_python_is_told_with_its_version():
    assert found("Python") == ("good", ".".join(map(str, sys.version_info[:3])))


def test_packages_that_are_there_and_new_enough_are_good_and_extras_are_not_asked(installed):
    installed("numpy>=1.26", "click>=8.1", 'no-such-package>=1; extra == "lab"')
    state, text = found("packages")
    assert state == "good"
    assert f"numpy {importlib.metadata.version('numpy')}" in text


def test_packages_that_are_missing_or_too_old_are_named_all_at_once(installed):
    installed("numpy>=999", "no-such-package>=1")
    version = importlib.metadata.version("numpy")
    assert found("packages") == ("bad", f"numpy is {version}, should be 999 or newer; no-such-package is missing")


@pytest.mark.parametrize(("version", "floor"), [("1.10", "1.9"), ("2.0.0", "2"), ("10.0rc1", "9.1")])
def test_versions_are_compared_as_numbers_and_not_as_words(installed, monkeypatch, tmp_path, version, floor):
    folder = tmp_path / "site" / "some_thing-1.dist-info"
    installed(f"some-thing>={floor}")
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: some-thing\nVersion: {version}\n")
    importlib.invalidate_caches()
    assert found("packages") == ("good", f"some-thing {version}")


def test_the_folder_of_outputs_is_told_before_it_exists(tmp_path):
    state, text = found("outputs")
    assert state in ("good", "absent")
    assert text.startswith(f"{tmp_path / 'outputs'}, ")


def test_a_folder_that_cannot_be_written_is_bad(monkeypatch):
    monkeypatch.setenv("KIT_HOME", "/proc")
    state, text = found("outputs")
    assert state == "bad"
    assert re.fullmatch(r"/proc cannot be written \(.+\); set KIT_HOME to a folder of yours", text)


def test_programs_that_are_not_there_are_absent_and_say_what_does_without_them(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found("HTCondor") == ("absent", "no condor_submit here: batch jobs run on this computer instead")
    assert found("Kerberos") == ("absent", "no klist here: needed for EOS and HTCondor at CERN only")


@pytest.mark.parametrize(("status", "state"), [(0, "good"), (1, "absent")])
def test_programs_that_are_there_are_asked(tmp_path, monkeypatch, status, state):
    for name, line in (("klist", f"exit {status}"), ("condor_version", "echo 24.0"), ("condor_submit", "")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    assert found("HTCondor") == ("good", "24.0")
    assert found("Kerberos")[0] == state


def test_a_module_that_is_not_there_is_told_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)  # as if it were not there
    assert found("JupyterLab") == (
        "absent",
        "not installed: ./run lab installs it (for notebooks by hand)",
    )


def test_too_little_memory_is_bad(monkeypatch):
    monkeypatch.setattr(check, "ENOUGH_MEMORY", 1e18)
    assert found("machine")[0] == "bad"
