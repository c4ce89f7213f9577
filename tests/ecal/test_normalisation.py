"""Mean, width and range, added up part by part."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kit.ecal.normalisation import Moments, Normalisation
from kit.files import FormatError


@given(arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e3, 1e3)), st.integers(0, 60))
def test_parts_give_what_the_whole_gives(values, cut):
    moments = Moments()
    moments.add(values[:cut], None)
    moments.add(values[cut:], None)
    told = moments.told()
    assert told["mean"] == pytest.approx(values.mean(), abs=1e-9)
    assert told["std"] == pytest.approx(values.std(), abs=1e-6)
    assert (told["min"], told["max"]) == (values.min(), values.max())


def test_what_is_no_number_or_stands_for_none_is_counted_and_left_out():
    moments = Moments()
    moments.add(np.array([1.0, np.nan, -999.0, 3.0, np.inf]), -999.0)
    assert moments.told() == {"mean": 2.0, "std": 1.0, "min": 1.0, "max": 3.0, "nan": 3}


def test_a_feature_without_values_has_no_numbers():
    assert Moments().told() == {"mean": None, "std": None, "min": None, "max": None, "nan": 0}


@pytest.mark.parametrize("values", [[1.0, 1e200], [1e200], [1.7e308, 1.7e308], [-1e200]])
def test_numbers_beyond_squares_are_told_with_file_and_feature(values):
    both = Normalisation(["en"], [], None)
    both.add({"en": np.array([1.0])}, {}, Path("x.parquet"))
    with pytest.raises(FormatError, match=r"x\.parquet: en reaches 1\.?7?e\+\d+, too large to be squared"):
        both.add({"en": np.array(values)}, {}, Path("x.parquet"))


def test_the_form_is_that_of_the_public_files():
    both = Normalisation(["en"], ["ncls"], None)
    both.add({"en": np.array([1.0, 2.0])}, {"ncls": np.array([4, 4])}, Path("x.parquet"))
    told = both.told()
    assert told["cluster"]["mean"] == {"en": 1.5}
    assert told["window"]["std"] == {"ncls": 0.0}
    assert set(told["cluster"]) == {"mean", "std", "min", "max", "nan"}
