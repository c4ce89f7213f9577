"""The parameters of the stage: what cannot be used is refused, all at once, with unit and bound."""

import pytest

from kit.parameters import ParameterError
from kit.smartpixels.convolution import ConvolutionParameters
from kit.smartpixels.options import AmplifierParameters, is_multiple


def test_the_defaults_are_the_originals():
    p = ConvolutionParameters()
    assert (p.kernel_step, p.output_step, p.window, p.output_steps, p.ratio) == (10, 200, 6.0, 31, 20)
    assert (p.template_by, p.t0_fix, p.kernel_origin, p.compat) == ("final", False, "first_sample", False)


def test_twenty_nanoseconds_are_101_slices():
    assert AmplifierParameters(window=20.0).output_steps == 101


def test_multiples_are_told_without_rounding_errors():
    assert is_multiple(0.6, 200)
    assert is_multiple(12.4, 200)
    assert not is_multiple(0.5, 200)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"slices": 1}, "slices is 1, should be 0 or 2 and more"),
        ({"output_step": 15}, "output_step is 15 ps, not a multiple of kernel_step, 10 ps"),
        ({"window": 6.1}, "window is 6.1 ns, not a multiple of output_step, 200 ps"),
        ({"pulse_end": 40.0}, "pulse_end is 40.0 ns, not after pulse_start, 50.0 ns"),
        ({"charges": [1.0, -2.0]}, "charges has -2.0 e, not above 0"),
        ({"charge_pattern": "("}, r"charge_pattern '\(' is no regular expression"),
        ({"charge_pattern": "abc"}, "charge_pattern 'abc' has 0 groups, should have one"),
        ({"thresholds": [20.0, 10.0, 30.0]}, "thresholds are .* mV, should increase"),
        ({"levels": [0, 1]}, "levels has 2 codes for 3 thresholds, should have one more"),
        ({"levels": [0, 1, 2, 300]}, "levels are .*, should be codes of 0 to 255"),
        ({"sample_times": [2.05]}, "sample_times has 2.05 ns, not on the output's grid of 200 ps up to 6.0 ns"),
        ({"sample_times": [8.0]}, "sample_times has 8.0 ns, not on the output's grid"),
        ({"delay_table": "a.csv"}, "window is 6.0 ns, below delay_window, 12.5 ns"),
        ({"delay_shift": 0.1}, "delay_shift is 0.1 ns, not a multiple of output_step, 200 ps"),
        ({"compat": True, "t0_fix": True}, "compat takes the original's numbers, which t0_fix changes"),
        ({"compat": True, "resample": "linear"}, "compat takes the original's numbers, which resample changes"),
        ({"parquet_type": "int16", "quantity": "charge"}, "parquet_type is int16, which holds tenths of mV"),
        ({"parquet_type": "int16", "round_tables": False}, "parquet_type is int16, which rounds to 0.1 mV"),
        ({"enc": -1.0}, "enc is -1.0 e-, below 0.0 e-"),
        ({"formats": ["csv"]}, "formats.* is 'csv', should be"),
        ({"window": 6.1, "slices": 1}, "slices is 1.*; window is 6.1 ns"),
        ({"windoww": 6.0}, "windoww is not known .did you mean window"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        ConvolutionParameters.build(values)
