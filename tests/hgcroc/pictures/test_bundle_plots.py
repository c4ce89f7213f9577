"""Bundles of curves: one artist a chip, bad channels apart, and words where there is nothing."""

import numpy as np

from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.pictures import bundle_plots as draw
from kit.hgcroc.summaries import row_columns

ROW = row_columns(2)


def made(bad=()):
    x = np.linspace(0, 100, 6)[:, None]
    y = 3 * x + np.arange(156.0)
    reasons = np.zeros(156, np.uint32)
    reasons[list(bad)] = Reason.NOISY
    curves = {"x": x, "y": y, "residual": np.zeros_like(y)}
    return Distillate("gain", ROW["chip"], ROW["channel"], ROW["channeltype"], {}, reasons, curves=curves)


def labels(picture):
    return [text.get_text() for text in picture.axes[0].get_legend().get_texts()]


def test_curves_of_a_chip_are_one_line_with_gaps_and_bad_ones_are_apart():
    picture = draw.bundle(made(bad=[3, 4]), "x", "y")
    assert labels(picture) == ["chip 0, 70 channels", "chip 1, 72 channels", "2 bad"]
    line = picture.axes[0].lines[0]
    assert np.isnan(line.get_ydata()).sum() == 70
    assert np.isfinite(line.get_ydata()).sum() == 70 * 6


def test_nothing_is_said_in_words():
    empty = made()
    empty.curves["y"] = np.full((6, 156), np.nan)
    picture = draw.bundle(empty, "x", "y")
    assert picture.axes[0].texts[0].get_text() == "no channel has a curve"
