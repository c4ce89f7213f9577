"""Options that contradict each other are refused."""

import pytest

from kit.batch.options import FLAVOURS, Options
from kit.parameters import ParameterError


def test_the_flavours_are_cerns():
    assert list(FLAVOURS.values()) == [1200, 3600, 7200, 28800, 86400, 259200, 604800]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"flavour": "espresso", "max_runtime": 60}, "give one of them"),
        ({"memory_mb": 3000, "memory_max_mb": 2000}, "below memory_mb, 3000 MB"),
        ({"environment": {"conda": "x"}}, "environment.conda is not known"),
        ({"notify": "sms"}, "should be none, mail"),
        ({"target_seconds": 5.0}, "below 60"),
        ({"profile": "grid"}, "should be"),
    ],
)
def test_contradictions_and_bounds_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        Options.build(values)
