"""When loops are compiled, and where what was compiled is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.opendata import kernels
from kit.opendata.kernels import COMPILED_FROM, NUMPY, cache_folder, compiled, engine


def _python(code: str, **environment: str) -> str:
    keep = {name: value for name, value in os.environ.items() if name not in ("KIT_KERNELS", "NUMBA_CACHE_DIR")}
    root = str(Path(kernels.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**keep, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_few_events_never_load_the_compiler():
    code = (
        "import sys; from kit.opendata import masses, kernels;"
        f"print(kernels.engine({COMPILED_FROM - 1}).name, 'numba' in sys.modules)"
    )
    assert _python(code).split() == ["numpy", "False"]


def test_many_events_are_worth_compiling():
    assert engine(COMPILED_FROM).name == "compiled"


def test_loops_once_loaded_serve_few_events_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("KIT_KERNELS", raising=False)
    compiled()
    assert engine(1) is compiled()


def test_the_environment_overrides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KIT_KERNELS", "numpy")
    assert engine(10**9) is NUMPY
    monkeypatch.setenv("KIT_KERNELS", "compiled")
    assert engine(0) is compiled()


def test_another_word_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KIT_KERNELS", "fast")
    with pytest.raises(ValueError, match="KIT_KERNELS is 'fast', should be numpy or compiled"):
        engine(1)


def _folder(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Path:
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return cache_folder.__wrapped__()


def test_the_cache_is_where_numba_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert _folder(monkeypatch, NUMBA_CACHE_DIR=str(tmp_path / "a"), HOME=str(tmp_path)) == tmp_path / "a"


def test_else_each_version_has_its_own_below_the_cache_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    import numba

    at_home = _folder(monkeypatch, HOME=str(tmp_path))
    assert at_home.parent == tmp_path / ".cache" / "hep-notebook-kit"
    assert numba.__version__ in at_home.name
    elsewhere = _folder(monkeypatch, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "x"))
    assert elsewhere == tmp_path / "x" / "hep-notebook-kit" / at_home.name


def test_where_nothing_can_be_written_the_cache_passes_with_the_process(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code = "from kit.opendata.kernels import cache_folder; f = cache_folder(); print(f, f.is_dir())"
    there = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"), str(blocked / "below"))
    folder, was_there = _python(code, TMPDIR=str(tmp_path), **there).split()
    assert Path(folder).parent == tmp_path
    assert was_there == "True"
    assert not Path(folder).exists()


def test_other_users_of_numba_keep_their_cache():
    from numba import config

    compiled()
    assert str(cache_folder()) != config.CACHE_DIR or os.environ.get("NUMBA_CACHE_DIR") == config.CACHE_DIR
