"""Pictures of distillates: what is beyond the bins, and words where there is nothing."""

import numpy as np

from kit.hgcroc.pictures import distillate_plots as draw


def labels(picture):
    return [text.get_text() for text in picture.axes[0].get_legend().get_texts()]


def test_nothing_is_said_in_words():
    assert draw.histograms({"a": np.full(3, np.nan)}, "x", "y").axes[0].texts


def test_what_is_beyond_the_bins_is_in_the_last():
    values = np.concatenate([np.random.default_rng(1).normal(1, 0.1, 500), [50.0]])
    picture = draw.histograms({"noise": values}, "noise [ADC counts]", "counts")
    (steps,) = picture.axes[0].patches
    assert steps.get_xy()[:, 0].max() < 5
    assert labels(picture)[0].startswith("noise: median ")
