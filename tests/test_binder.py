"""What Binder would make of the project, as far as that shows without building it; and the links to it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.fixture
def dockerfile(tmp_path):
    """Return the steps that repo2docker would take."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, names.split("\0")):
        target = tmp_path / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target)
    command = [
        sys.executable,
        "-m",
        "repo2docker",
        "--no-build",
        "--debug",
        "--user-id=1000",
        "--user-name=jovyan",
    ]
    done = subprocess.run([*command, "project"], cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_binder_installs_the_project_with_its_lab_and_then_prepares_the_demo(dockerfile):
    assert "for python=3.12" in dockerfile
    install = dockerfile.index('-r "binder/requirements.txt"')
    assert install < dockerfile.index("./binder/postBuild")
    assert (PROJECT / "binder" / "requirements.txt").read_text() == "-e .[lab]\n"


def test_what_runs_after_the_build_is_a_program_of_commands_that_exist(kit):
    script = PROJECT / "binder" / "postBuild"
    assert script.stat().st_mode & 0o111
    (words,) = re.findall(r"^kit (.+)$", script.read_text(), re.MULTILINE)
    assert kit(words.split()[0], "--help").status == 0
    subprocess.run(["sh", "-n", script], check=True)


def test_all_addresses_of_the_project_are_one_and_one_command_sets_them(tmp_path):
    for name in ("run", "README.md", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    subprocess.run(["./run", "address", "https://github.com/some-lab/their.kit.git"], cwd=tmp_path, check=True)
    readme = (tmp_path / "README.md").read_text()
    assert readme.count("some-lab/their.kit") == (PROJECT / "README.md").read_text().count(
        "OWNER/hep-notebook-kit"
    )
    assert "mybinder.org/v2/gh/some-lab/their.kit/HEAD?urlpath=lab/tree/notebooks/index.ipynb" in readme
    assert "projurl=https://github.com/some-lab/their.kit.git" in readme
    assert 'Repository = "https://github.com/some-lab/their.kit"' in (tmp_path / "pyproject.toml").read_text()
    assert Path(tmp_path / "run").stat().st_mode & 0o111


def test_an_address_elsewhere_is_refused_and_nothing_changes(tmp_path):
    for name in ("run", "README.md", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    done = subprocess.run(
        ["./run", "address", "example"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage: ./run address" in done.stderr
    assert (tmp_path / "README.md").read_bytes() == (PROJECT / "README.md").read_bytes()
