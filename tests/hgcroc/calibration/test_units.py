"""Every result has its unit, or is a plain number."""

import pytest

from kit.hgcroc.calibration.units import label_of, unit_of
from kit.hgcroc.plots import distillates_of

BARE = {  # numbers without a unit, or whose unit depends on the power
    "scale", "power", "deviance", "shorted_with", "channels", "reached", "groups",
}  # fmt: skip


@pytest.mark.parametrize(
    ("analysis", "name", "label"),
    [
        ("toa_curves", "sigma", "sigma [fC]"),
        ("trim_inv", "slope", "slope [ADC counts / register count]"),
        ("tot_line", "slope_error", "slope error [TOT counts / fC]"),
        ("toa_vref", "middle_at_48.83_fC", "middle at 48.83 fC [register counts]"),
        ("time_walk", "power", "power"),
    ],
)
def test_a_result_is_labelled_with_its_unit(analysis, name, label):
    assert label_of(analysis, name) == label


def test_no_result_of_the_demo_is_without_a_unit(distilled):
    for analysis, found in distillates_of(distilled).items():
        for name in [*found.rows, *found.halves, *found.summary]:
            assert unit_of(analysis, name) or name.removesuffix("_error") in BARE, (analysis, name)
