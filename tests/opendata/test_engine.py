"""When loops are compiled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kit
from kit.opendata.engine import COMPILED_FROM, NUMPY, compiled_engine, engine


def _python(code: str, **environment: str) -> str:
    keep = {name: value for name, value in os.environ.items() if name not in ("KIT_KERNELS", "NUMBA_CACHE_DIR")}
    root = str(Path(kit.__file__).parents[1])
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
        "import sys; from kit.opendata import masses, engine;"
        f"print(engine.engine({COMPILED_FROM - 1}).name, 'numba' in sys.modules)"
    )
    assert _python(code).split() == ["numpy", "False"]


def test_many_events_are_worth_compiling():
    assert engine(COMPILED_FROM).name == "compiled"


def test_loops_once_loaded_serve_few_events_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("KIT_KERNELS", raising=False)
    compiled_engine()
    assert engine(1) is compiled_engine()


def test_the_environment_overrides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KIT_KERNELS", "numpy")
    assert engine(10**9) is NUMPY
    monkeypatch.setenv("KIT_KERNELS", "compiled")
    assert engine(0) is compiled_engine()


def test_another_word_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KIT_KERNELS", "fast")
    with pytest.raises(ValueError, match="KIT_KERNELS is 'fast', should be numpy or compiled"):
        engine(1)


def test_many_events_run_compiled_without_numba(tmp_path: Path):
    code = (
        "import sys; from kit.opendata.engine import COMPILED_FROM, engine;"
        "print(engine(COMPILED_FROM).name, 'numba' in sys.modules)"
    )
    assert _python(code, NUMBA_CACHE_DIR=str(tmp_path)).split() == ["compiled", "True"]
    assert _python(code, NUMBA_CACHE_DIR=str(tmp_path)).split() == ["compiled", "False"]
