"""The pictures of each stage, from what a run has written."""

import pytest

from kit.manifest import load
from kit.mu2e import demo, plots
from kit.mu2e.sealing import seal
from kit.mu2e.yields import YieldParameters, count_yields
from kit.run import Run
from tests.mu2e.ensembles import count, draw


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
