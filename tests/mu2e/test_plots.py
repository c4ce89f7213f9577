"""The pictures of each stage, from what a run has written."""

import json

import pytest

from kit.files import read_json
from kit.manifest import load
from kit.mu2e import demo, plots
from kit.mu2e.ensemble_view import ensemble_caption, view_of
from kit.mu2e.sealing import seal
from kit.mu2e.yields import YieldParameters, count_yields
from kit.run import Run
from tests.mu2e.ensembles import count, draw
from tests.mu2e.test_primaries import REAL


def _yields(**values):
    p = YieldParameters.build(values | {"interactive": False})
    demo.prepare(p)
    with Run("mu2e/yields", p) as run:
        run.summary = count_yields(p, run)
    return run


@pytest.mark.parametrize("read_back", [True, False])
def test_yields_with_primaries_have_four_pictures(read_back):
    run = _yields(**demo.DEMO_YIELDS)
    pictures = plots.yields_figures(load(run.directory) if read_back else run)
    assert set(pictures) == {"spectrum", "numbers", "headroom", "livetimes"}


def test_yields_without_primaries_show_what_is_born():
    pictures = plots.yields_figures(_yields())
    assert set(pictures) == {"spectrum", "numbers"}
    assert pictures["spectrum"].axes[0].get_xlabel() == "electron energy at birth [MeV]"


@pytest.fixture
def counted(make_catalogue):
    return count(make_catalogue(CeMLL=([900], 900), DIO=([900], 9000)), processes=["CeMLL", "DIO"], r_mue=1e-11)


def test_mixtures_have_pictures_of_what_they_have(counted):
    run = draw(counted, toys=5)
    assert set(plots.mixture_figures(load(run.directory))) == {"spectrum", "counts", "pulls", "toys"}
    assert set(plots.mixture_figures(draw(counted, output_format="virtual"))) == set()


def test_a_blinded_mixture_shows_open_columns_only(counted, tmp_path):
    seal(tmp_path / "s.json", 1e-12, 1e-11)
    run = draw(counted, blind=True, sealed="s.json", ensemble="b")
    pictures = plots.mixture_figures(run)
    assert set(pictures) == {"spectrum"}
    legend = pictures["spectrum"].axes[0].get_legend().get_texts()
    assert legend[0].get_text().startswith("blinded: ")
    assert legend[0].get_text() != "blinded: 0 events"
    assert "contains: simulated stand-in" in pictures["spectrum"].axes[0].texts[0].get_text()


def _real(public, tmp_path, file, tree, **entry):
    found = {"files": [str(public / file)], "tree": tree, **entry}
    path = tmp_path / "real.json"
    path.write_text(json.dumps({"CeMLL": found}))
    return path


def _words(picture):
    axes = picture.axes[0]
    legend = axes.get_legend().get_texts() if axes.get_legend() else []
    return [text.get_text() for text in [*axes.texts, *legend]]


@pytest.mark.parametrize("output_format", ["ttree", "rntuple"])
def test_the_catalogue_names_the_momentum_of_real_events(public, tmp_path, output_format):
    real = {"normaliser": {"generated": 4000}, "momentum": "deent.mom"}
    path = _real(public, tmp_path, REAL, "TrkAnaNeg/trkana", **real)
    yields = count(path, processes=["CeMLL"], r_mue=1e-11, livetime_on_spill=10000)
    assert yields.notices == []
    assert plots.yields_figures(yields)["spectrum"].axes[0].get_xlabel() == "momentum [MeV]"
    run = draw(yields, subruns=2, mode="asimov", output_format=output_format, branches=["deent.*"])
    shown = read_json(run.directory / "spectrum.json")
    assert run.summary["rows"] > 10
    assert sum(shown["drawn"]) == pytest.approx(run.summary["rows"], abs=1)  # one of 101 lies outside
    assert any(word.startswith("drawn: ") for word in _words(plots.mixture_figures(run)["spectrum"]))


def test_without_a_column_of_the_momentum_the_pages_say_so(public, tmp_path):
    path = _real(public, tmp_path, REAL, "TrkAnaNeg/trkana", normaliser={"generated": 4000})
    yields = count(path, processes=["CeMLL"], r_mue=1e-11, livetime_on_spill=10000)
    said = "no column of the momentum in the primaries of CeMLL: so these are energies at birth"
    assert yields.notices == [f"spectrum: {said}; momentum in the catalogue names it"]
    axes = plots.yields_figures(yields)["spectrum"].axes[0]
    assert axes.get_xlabel().endswith(said)
    assert axes.get_ylim()[1] > 2 * max(patch.get_data().values.max() for patch in axes.patches)
    run = draw(yields, branches=["deent.*"])
    words = "no spectrum: there is no column mom with one number an event"
    assert run.notices[-1].startswith(words)
    (text,) = _words(plots.mixture_figures(run)["spectrum"])
    assert text.startswith(words)
    view = view_of(run.directory)
    assert (view.drawn, ensemble_caption(view).partition(";")[0]) == (None, words)


def test_very_nested_real_events_are_mixed_without_a_spectrum_also_twice(public, tmp_path):
    path = _real(public, tmp_path, "uproot-issue-1221.root", "TrkAna/trkana", normaliser={"generated": 1})
    yields = count(path, processes=["CeMLL"], pot=2.2e13, livetime_on_spill=0, r_mue=1e-10)
    values = {"subruns": 1, "mode": "asimov", "unreadable": "drop", "output_format": "rntuple"}
    for output in ("first", "again"):
        run = draw(yields, output=output, **values)
        assert run.summary["drawn"] == {"CeMLL": 1}
        pictures = plots.mixture_figures(load(run.directory))
        assert set(pictures) == {"spectrum", "counts", "pulls"}
        assert _words(pictures["spectrum"])[0].startswith("no spectrum: there is no column mom")


def test_a_run_that_only_builds_shows_what_was_drawn(counted):
    plan = draw(counted, step="plan", ensemble="s").directory / "plan.json"
    run = draw(counted, step="build", plan=str(plan), index=0)
    words = _words(plots.mixture_figures(run)["spectrum"])
    assert any(word.startswith("drawn: ") for word in words)
    assert view_of(run.directory).drawn.sum() == run.summary["rows"]


def test_pictures_of_standins_say_so(counted):
    run = draw(counted, toys=3)
    pictures = plots.mixture_figures(run)
    for name in ("counts", "pulls"):
        assert pictures[name].axes[0].get_title("right") == "* simulated stand-in, not Mu2e simulation"
    assert [text.get_text() for text in pictures["pulls"].axes[0].get_yticklabels()][1] == "decay in orbit *"
    assert "contains: simulated stand-in, not Mu2e simulation" in _words(pictures["toys"])
