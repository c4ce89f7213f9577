"""Commands of HTCondor as programs in a folder: what they say lies beside them, what they are asked is kept."""

from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAM = """#!/bin/sh
name=${0##*/}
here=${0%/*}
printf '%s\\n' "$name $*" >>"$here/calls"
if [ -f "$here/$name.err" ]; then cat "$here/$name.err" >&2; exit 1; fi
if [ -f "$here/$name.out" ]; then cat "$here/$name.out"; fi
"""
WORDS = {
    "condor_version": "$CondorVersion: 23.9.6 2024-08-08 BuildID: 748275 $\n",
    "condor_submit": "17.0 - 17.1\n",
    "condor_submit_dag": "1 job(s) submitted to cluster 18.\n",
    "condor_q": "",
    "condor_rm": "All jobs in cluster 17 have been marked for removal\n",
    "condor_config_val": "",
    "klist": "",
}


class Commands(NamedTuple):
    """The folder of the commands."""

    folder: Path

    def says(self, name: str, text: str) -> None:
        """Let a command succeed with these words."""
        (self.folder / f"{name}.err").unlink(missing_ok=True)
        (self.folder / f"{name}.out").write_text(text)

    def fails(self, name: str, text: str) -> None:
        """Let a command fail with these words."""
        (self.folder / f"{name}.err").write_text(text)

    def calls(self, name: str) -> list[str]:
        """Return what a command was asked, in order."""
        record = self.folder / "calls"
        lines = record.read_text().splitlines() if record.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Let programs stand for the commands of HTCondor: a pool that takes everything and runs nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in WORDS.items():
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
        (folder / f"{name}.out").write_text(text)
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")
    for name in ("LOADEDMODULES", "CERN_HTCONDOR", "SWAN_HOME"):
        monkeypatch.delenv(name, raising=False)
    return Commands(folder)


@pytest.fixture
def no_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no command be found at all."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    for name in ("LOADEDMODULES", "CERN_HTCONDOR", "SWAN_HOME"):
        monkeypatch.delenv(name, raising=False)
