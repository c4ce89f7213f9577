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
        panel_pictures.draw_views(axes, panel_pictures.View(shown, 1, logarithmic))
    assert len(picture.axes) == 3


def test_the_caption_counts_what_is_in_the_supercluster(shown):
    inside = int(shown.in_scluster.sum())
    assert f"{inside} clusters in the supercluster" in panel_pictures.caption(panel_pictures.View(shown))


def test_scale_width_and_changes_are_told_and_drawn():
    made = Relabelled(np.array([0.9, 1.0, 1.1]), 10, 7, 3)
    assert panel_pictures.ratio_caption(made).startswith("3 matched windows: scale 1.0000")
    assert "7 true clusters, -3 against the file" in panel_pictures.ratio_caption(made)
    _, axes = figures.figure()
    panel_pictures.draw_ratio(axes, made)
    assert axes.patches[0].get_data().values.sum() == 3


@pytest.mark.parametrize("axes_number", [0, 1])
def test_a_click_near_a_cluster_means_it_and_far_from_all_none(shown, axes_number):
    _, axes = figures.grid(1, 3)
    panel_pictures.draw_views(axes, panel_pictures.View(shown))
    point = axes.flat[axes_number].transData.transform((shown.dphi[2], shown.deta[2]))
    assert panel_pictures.cluster_at(axes.flat, shown, tuple(point)) == 2
    corner = axes.flat[axes_number].bbox.p0 + 3
    assert panel_pictures.cluster_at(axes.flat, shown, tuple(corner)) is None
    assert panel_pictures.cluster_at(axes.flat, shown, (-5.0, -5.0)) is None


def test_a_window_compared_with_itself_has_twice_the_same_numbers(shown):
    lines = panel_pictures.compared(shown, shown).splitlines()[1:]
    assert len(lines) == 11
    assert all(line.split()[-1] == line.split()[-2] for line in lines)
