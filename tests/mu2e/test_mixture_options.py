"""Parameters of `mixture`: what fits together and what does not."""

import pytest

from kit.mu2e.mixture_options import MixtureParameters
from kit.parameters import ParameterError


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"step": "build"}, r"step build needs plan: the plan\.json of a run with step plan"),
        ({"plan": "x.json"}, "plan is for the steps build and close, not for all"),
        ({"step": "close"}, "step close and inputs_built go together"),
        ({"index": 3}, "index is for step build"),
        ({"mode": "art", "unit": "event"}, "mode art draws by entry in sequential order, not by event"),
        ({"legacy_seed": True}, "legacy_seed is for mode art"),
        ({"on_exhaustion": "legacy"}, "on_exhaustion legacy is for mode art"),
        ({"mode": "art", "livetime_process": "Cosmic"}, "livetime_process: there is no process Cosmic"),
        ({"blind": True}, "blind and sealed go together"),
        ({"blind": True, "sealed": "s.json", "mode": "asimov"}, "blind draws by poisson, not by asimov"),
        ({"blind": True, "sealed": "s.json", "toys": 5}, "blind is for one ensemble in one go"),
        ({"pseudo_experiments": 3, "mode": "art"}, "pseudo_experiments are drawn by poisson or asimov"),
        ({"toy_edges": [70.0, 60.0, 5.0]}, "should be first edge, last edge, number of bins"),
        ({"sampling_seed": 0}, "sampling_seed is 0, below 1"),
        ({"sampling_seed": 2**31 - 1}, "sampling_seed is 2147483647, above 2147483646"),
        ({"subruns": 0}, "subruns is 0, below 1"),
        ({"mode": "gauss"}, "mode is 'gauss', should be poisson or art or asimov"),
        ({"run_number": 10**10}, "run_number is 10000000000, above 999999"),
        ({"first_subrun": 99_999_999}, "end at subrun 100000008, above 99999999: names have 8 digits"),
        ({"ensemble": "ümlaut"}, "ensemble is 'ümlaut'"),
        ({"owner": "a.b"}, r"owner is 'a\.b'"),
        ({"branch": ["x"]}, r"did you mean branches\?"),
    ],
)
def test_values_that_cannot_be_used_are_refused(values, said):
    with pytest.raises(ParameterError, match=said):
        MixtureParameters.build(values)


def test_the_default_is_the_demo():
    assert MixtureParameters().mode == "poisson"
    assert MixtureParameters().yields == ""
