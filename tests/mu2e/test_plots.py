"""The pictures of each stage, from what a run has written."""

import pytest

from kit.manifest import load
from kit.mu2e import demo, plots
from kit.mu2e.yields import YieldParameters, count_yields
from kit.run import Run


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
