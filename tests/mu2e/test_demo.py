"""The demo: made once, whole, and only where it is asked for."""

import pytest

from kit import files
from kit.mu2e import demo
from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.primaries import measure
from kit.mu2e.yield_options import YieldParameters


def test_the_demo_is_made_once_and_is_all_stand_ins():
    p = YieldParameters(primaries="demo")
    demo.prepare(p)
    found = read_catalogue(files.resolve(demo.with_demo("demo")))
    assert list(found) == list(demo.POOLS)
    assert all(primary.synthetic for primary in found.values())
    for name, primary in found.items():
        pool = measure(primary)
        entries, normaliser = demo.POOLS[name]
        assert (pool.entries, pool.normaliser) == (entries, pytest.approx(normaliser))
    before = {path: path.stat().st_mtime_ns for path in files.resolve("outputs").rglob("*.*")}
    demo.prepare(p)
    assert {path: path.stat().st_mtime_ns for path in files.resolve("outputs").rglob("*.*")} == before


def test_nothing_is_made_for_other_primaries():
    demo.prepare(YieldParameters())
    assert not files.resolve("outputs").exists()
    assert demo.with_demo("mine.yaml") == "mine.yaml"


def test_an_interrupted_demo_is_made_again(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    p = YieldParameters(primaries="demo")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(demo, "write_standin", interrupted)
        demo.prepare(p)
    assert not list(files.resolve("outputs").rglob("*.root"))
    demo.prepare(p)
    assert files.resolve(demo.catalogue_path()).is_file()
