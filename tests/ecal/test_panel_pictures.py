"""What the panel of windows draws, and says of it."""

import numpy as np
import pytest

from kit import figures
from kit.ecal import display, panel_pictures
from kit.ecal.inspection import Inspection, Relabelled
from tests.ecal.test_inspection import paths, windows  # noqa: F401 - fixtures


@pytest.fixture
def shown(paths):  # noqa: F811
    inspection = Inspection(paths)
    yield display.shown(inspection.one(int(inspection.matching("ncls>3 matched=yes")[0])))
    inspection.close()


def test_views_may_be_drawn_again_into_the_same_axes(shown):
    picture, axes = figures.grid(1, 3)
    for logarithmic in (True, False):
        for each in axes.flat:
            each.clear()
        panel_pictures.draw_views(axes, (shown, 1, logarithmic))
    assert len(picture.axes) == 3


def test_the_caption_counts_what_is_in_the_supercluster(shown):
    inside = int(shown.in_scluster.sum())
    assert f"{inside} clusters in the supercluster" in panel_pictures.caption((shown, None, True))


def test_scale_width_and_changes_are_told_and_drawn():
    made = Relabelled(np.array([0.9, 1.0, 1.1]), 10, 7, 3)
    assert panel_pictures.ratio_caption(made).startswith("3 matched windows: scale 1.0000")
    assert "7 true clusters, -3 against the file" in panel_pictures.ratio_caption(made)
    _, axes = figures.figure()
    panel_pictures.draw_ratio(axes, made)
    assert axes.patches[0].get_data().values.sum() == 3


def test_a_line_says_in_or_out_and_why():
    row = {"cluster": 4, "in": False, "et": 1.5, "deta": 0.01, "dphi": -0.2, "why": "out: it is far"}
    assert panel_pictures.row_line(row) == "  4 out ET    1.500 GeV, Δη +0.010, Δφ -0.200; out: it is far"
