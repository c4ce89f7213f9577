"""The pictures of many windows show the numbers that they are made of."""

import numpy as np
import pytest

from kit.ecal import window_plots
from kit.ecal.access import Part
from kit.ecal.window_files import WindowFiles
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures


@pytest.fixture
def gathered(paths):  # noqa: F811
    with WindowFiles(paths) as files:
        return window_plots.gather(list(files.parts(window_plots.FIELDS)))


def test_parts_are_put_behind_each_other(gathered, windows):  # noqa: F811
    assert len(gathered) == len(windows)
    number = gathered.summed(gathered.cluster["in_scluster"].astype(float))
    assert np.array_equal(
        number, np.add.reduceat(windows.cluster["in_scluster"].astype(int), windows.offsets[:-1])
    )


def text_of(picture):
    return " ".join(
        text.get_text()
        for axes in picture.axes
        for text in [*axes.texts, *(axes.get_legend().get_texts() if axes.get_legend() else [])]
    )


def test_scale_and_width_are_told(gathered):
    text = text_of(window_plots.energy(gathered))
    assert "labels: scale " in text
    assert "mustache: scale " in text


def test_every_window_is_in_the_spectrum(gathered):
    axes = window_plots.clusters(gathered).axes[1]
    assert sum(patch.get_data().values.sum() for patch in axes.patches[:1]) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("name", ["features", "seeds", "response"])
def test_the_others_can_be_drawn(gathered, name):
    assert all(
        axes.get_xlabel() or axes.get_label() == "<colorbar>"
        for axes in getattr(window_plots, name)(gathered).axes
    )


@pytest.mark.parametrize("name", ["clusters", "energy", "features", "seeds", "response"])
def test_of_nothing_they_say_so(name):
    nothing = window_plots.gather([Part({}, {}, np.zeros(1, np.int64))])
    assert "no window" in text_of(getattr(window_plots, name)(nothing))


def test_with_too_few_windows_for_a_width_that_is_said(paths):  # noqa: F811
    with WindowFiles(paths) as files:
        part = next(iter(files.parts(window_plots.FIELDS)))
    first = np.flatnonzero(part.window["is_seed_calo_matched"])[:2]
    text = text_of(window_plots.response(window_plots.gather([part.take(first)])))
    assert text.count("fewer than 3 windows in every bin") == 2
