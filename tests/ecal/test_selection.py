"""Which windows a dataset keeps."""

import numpy as np
import pytest

from kit.ecal.access import Part
from kit.ecal.selection import chosen, faults

PART = Part(
    {
        "et_seed": np.array([1.0, 10.0, 50.0]),
        "seed_eta": np.array([-2.0, 0.5, 1.0]),
        "ncls": np.array([1, 4, 9]),
        "is_seed_calo_matched": np.array([True, True, False]),
        "is_seed_calo_seed": np.array([True, False, False]),
    },
    {},
    np.arange(4),
)


@pytest.mark.parametrize(
    ("select", "kept"),
    [
        ({}, [True, True, True]),
        ({"matched": True}, [True, True, False]),
        ({"matched": False}, [False, False, True]),
        ({"calo_seed": True}, [True, False, False]),
        ({"et": [10, 50]}, [False, True, True]),
        ({"eta": [0.9, 2.0]}, [True, False, True]),
        ({"ncls": [2, 8], "matched": True}, [False, True, False]),
    ],
)
def test_flags_and_ranges_with_their_ends(select, kept):
    assert chosen(PART, select).tolist() == kept


@pytest.mark.parametrize(
    ("select", "text"),
    [
        ({"matched": [1, 2]}, "matched is .*should be true or false"),
        ({"et": True}, "et is True, should be two numbers"),
        ({"et": [5.0, 1.0]}, "et is .*the lower one first"),
        ({"energy": [0, 1]}, "energy is not known, should be one of matched, calo_seed, et, eta, ncls"),
    ],
)
def test_what_cannot_be_selected_is_told(select, text):
    [told] = faults(select)
    assert __import__("re").search(text, told)
