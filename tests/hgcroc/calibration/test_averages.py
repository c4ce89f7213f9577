"""Averages without nan are those of numpy; where nothing is left they are nan without a word."""

import numpy as np
import pytest

from kit.hgcroc.calibration.averages import largest, mean, median, spread


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mean, np.nanmean),
        (median, np.nanmedian),
        (spread, np.nanstd),
        (largest, lambda v, axis: np.nanmax(abs(v), axis)),
    ],
)
def test_they_are_those_of_numpy(ours, theirs):
    values = np.random.default_rng(1).normal(size=(9, 20))
    values[np.random.default_rng(2).random(values.shape) < 0.3] = np.nan
    assert ours(values) == pytest.approx(theirs(values, axis=0))


@pytest.mark.parametrize("ours", [mean, median, spread, largest])
def test_nothing_is_nan(ours):
    assert np.isnan(ours(np.full((3, 2), np.nan))).all()
    assert np.isnan(ours(np.empty((0, 2)))).all()
