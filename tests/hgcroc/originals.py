"""The original programs of both generations, each in an environment of its own, made once and cached."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# what each needs on Python 3.11; 1.0.15 itself names versions that contradict each other or cannot be built
PACKAGES = {
    "0.1.2": (
        ["datenraffinerie==0.1.2", "pandas==1.5.3", "numpy==1.26.4", "luigi==3.1.1", "tables==3.9.2",
         "uproot==5.0.13", "setuptools<81"],
    ),
    "1.0.15": (
        ["--no-deps", "datenraffinerie==1.0.15", "hgcroc-configuration-client==1.2.1"],
        ["numpy==1.23.4", "pandas==1.5.1", "pyzmq==24.0.1", "tables==3.8.0", "PyYAML==6.0.1", "pymongo==4.3.2",
         "click==8.1.3", "Jinja2==3.1.6", "schema==0.7.8", "rich==15.0.0", "setuptools<81"],
    ),
}  # fmt: skip
PYTHON = "3.11"


def environment(version: str) -> Path:
    """Return the folder of an environment's programs; it is made where it is not there yet."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hep-notebook-kit" / "originals"
    base.mkdir(parents=True, exist_ok=True)
    folder, wanted = base / version, repr(PACKAGES[version])
    with (base / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = folder / "packages.txt"
        if not (mark.is_file() and mark.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            _made("-m", "venv", str(folder), python=_python())
            for packages in PACKAGES[version]:
                _made(
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--disable-pip-version-check",
                    *packages,
                    python=folder / "bin/python",
                )
            mark.write_text(wanted)
    return folder / "bin"


def _python() -> Path:
    own = "{}.{}".format(*sys.version_info)
    found = sys.executable if own == PYTHON else shutil.which(f"python{PYTHON}")
    if not found:
        pytest.skip(f"the original programs need Python {PYTHON}, which is not there")
    return Path(found)


def _made(*words: str, python: Path) -> None:
    answer = subprocess.run(
        [python, *words], capture_output=True, text=True, check=False, timeout=900, env=clean()
    )
    if answer.returncode:
        pytest.fail(f"{' '.join(words)} fails: {answer.stderr[-2000:]}")


def clean(*folders: Path) -> dict[str, str]:
    """Return the surroundings of an original program: these folders first on PATH, nothing of our own Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]])}
