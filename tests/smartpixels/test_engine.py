"""Which loops serve which amount of text."""

import pytest

from kit import compiled
from kit.smartpixels import engine
from kit.smartpixels.engine import NUMPY, compiled_engine, engine_for


@pytest.fixture
def unasked(monkeypatch):
    monkeypatch.delenv("KIT_KERNELS", raising=False)


def test_little_text_is_read_with_numpy(unasked):
    assert engine_for(1000) is NUMPY


def test_more_is_read_with_compiled_loops_that_are_kept(unasked):
    compiled_engine()
    assert compiled.is_kept(engine.LOOPS, engine.SOURCES)
    assert engine_for(engine.WORTH_LOADING) is compiled_engine()


def test_loops_are_compiled_for_much_text_only(unasked, monkeypatch):
    monkeypatch.setattr(compiled, "is_kept", lambda *_: False)
    assert engine_for(engine.WORTH_COMPILING - 1) is NUMPY
    assert engine_for(engine.WORTH_COMPILING).name == "compiled"


def test_without_numba_numpy_does(unasked, monkeypatch):
    monkeypatch.setattr(compiled, "available", lambda: False)
    assert engine_for(10**12) is NUMPY


@pytest.mark.parametrize(("value", "name"), [("numpy", "numpy"), ("compiled", "compiled")])
def test_the_environment_decides(monkeypatch, value, name):
    monkeypatch.setenv("KIT_KERNELS", value)
    assert engine_for(1000).name == engine_for(10**12).name == name


def test_any_other_wish_is_refused(monkeypatch):
    monkeypatch.setenv("KIT_KERNELS", "fast")
    with pytest.raises(ValueError, match="KIT_KERNELS is 'fast', should be numpy or compiled"):
        engine_for(1000)
