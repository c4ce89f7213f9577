"""Compiled loops: compiled once, loaded without numba ever after."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kit
from kit import compiled

PROJECT = Path(__file__).resolve().parent.parent
LOOPS = """
from numba import njit

@njit(error_model="numpy")
def scale(values, factor, out):
    for i in range(len(values)):
        out[i] = factor * values[i]

@njit(error_model="numpy")
def total(table, whole):
    sum = 0.0
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            sum += table[row, column]
    return int(sum) if whole else -1
"""
SIGNATURES = {"sample_loops:scale": "f8[] f8 f8[]", "sample_loops:total": "f8[,] b1 -> i8"}


@pytest.fixture
def loops(tmp_path, monkeypatch):
    """Return the folder of a module of loops, with a cache of its own."""
    (tmp_path / "sample_loops.py").write_text(LOOPS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    compiled.cache_folder.cache_clear()
    compiled._source.cache_clear()
    yield tmp_path
    compiled.cache_folder.cache_clear()
    compiled._source.cache_clear()
    sys.modules.pop("sample_loops", None)


def test_a_loop_gives_what_its_function_gives(loops):
    found = compiled.load(SIGNATURES)
    out = np.zeros(3)
    found["scale"](np.arange(3.0), 2.5, out)
    assert out.tolist() == [0.0, 2.5, 5.0]
    assert found["total"](np.ones((4, 5)), True) == 20
    assert found["total"](np.ones((4, 5)), False) == -1


def test_what_is_kept_is_loaded_by_another_process_without_numba(loops):
    assert not compiled.is_kept(SIGNATURES)
    compiled.load(SIGNATURES)
    assert compiled.is_kept(SIGNATURES)
    script = (
        "import sys, numpy as np; from kit import compiled; "
        f"loops = compiled.load({SIGNATURES!r}); print(loops['total'](np.ones((2, 3)), True)); "
        "print('numba' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{loops}"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["6", "False"]


def test_a_changed_source_is_compiled_anew(loops):
    compiled.load(SIGNATURES)
    before = set((loops / "cache").iterdir())
    (loops / "sample_loops.py").write_text(LOOPS.replace("factor * values[i]", "factor + values[i]"))
    compiled._source.cache_clear()
    sys.modules.pop("sample_loops")
    assert not compiled.is_kept(SIGNATURES)
    out = np.zeros(1)
    compiled.load(SIGNATURES)["scale"](np.ones(1), 2.0, out)
    assert out[0] == 3.0
    assert before < set((loops / "cache").iterdir())


@pytest.mark.parametrize(
    "array", [np.zeros(4, np.float32), np.zeros((2, 2)), np.zeros(8)[::2]], ids=["type", "dimensions", "stride"]
)
def test_an_array_of_another_kind_is_refused(loops, array):
    scale = compiled.load(SIGNATURES)["scale"]
    with pytest.raises(TypeError, match="stands where"):
        scale(array, 1.0, np.zeros(4))


def test_signatures_name_types_and_dimensions():
    assert compiled.parse_signature("u1[] f8[,] i8 b1 -> i8") == (
        [("u1", 1), ("f8", 2), ("i8", 0), ("b1", 0)],
        "i8",
    )
    assert compiled.parse_signature("f8") == ([("f8", 0)], "")


@pytest.mark.parametrize("value", ["", "numpy", "compiled"])
def test_the_environment_may_ask_for_either(monkeypatch, value):
    monkeypatch.setenv("KIT_KERNELS", value)
    assert compiled.wanted() == value


def test_what_is_kept_is_where_numba_is_told_or_below_the_cache_of_the_user(monkeypatch, tmp_path):
    def folder(**environment):
        for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, str(tmp_path / value))
        return compiled.cache_folder.__wrapped__()

    version = f"kit-{kit.__version__}-python-{sys.version_info[0]}.{sys.version_info[1]}"
    assert folder(NUMBA_CACHE_DIR="told", HOME="home") == tmp_path / "told"
    assert folder(HOME="home") == tmp_path / "home" / ".cache" / "hep-notebook-kit" / version
    assert folder(HOME="home", XDG_CACHE_HOME="other") == tmp_path / "other" / "hep-notebook-kit" / version


def test_a_folder_of_this_process_ends_with_it(tmp_path):
    (tmp_path / "file").write_text("no folder")
    blocked = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"), str(tmp_path / "file" / "below"))
    script = "from kit.compiled import cache_folder; f = cache_folder(); print(f, f.is_dir())"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path), **blocked}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    folder, was_there = done.stdout.split()
    assert (Path(folder).parent, was_there) == (tmp_path, "True")
    assert not Path(folder).exists()


def test_where_nothing_can_be_kept_a_folder_of_this_process_serves(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "below"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    compiled.cache_folder.cache_clear()
    folder = compiled.cache_folder()
    assert folder.is_dir()
    assert not folder.is_relative_to(tmp_path)
    compiled.cache_folder.cache_clear()
