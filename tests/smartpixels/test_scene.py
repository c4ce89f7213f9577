"""What the panel says of a scene."""

import re

import numpy as np
import pytest

from kit.smartpixels.scene import PER_SLICE, Scene, caption, pixel_at


def test_colours_span_all_times_or_the_present_one(view):
    found = view(noise=True)
    assert Scene(found).scales == (abs(found.charge).max(), abs(found.noisy).max())
    early = Scene(found, time=0.5, scale=PER_SLICE)
    assert early.scales == (abs(found.charge_at(0.5)).max(), abs(found.voltage_at(0.5)).max())
    assert Scene(found, time=0.0, scale=PER_SLICE).scales[0] == 1.0


def test_the_caption_names_cluster_time_ranges_and_codes(view):
    found = view(3)
    head = caption(Scene(found, time=1.0, sample=1))
    charge, voltage = found.charge_at(1.0), found.voltage_at(1.0)
    assert head.startswith(f"cluster 3 at 1.00 ns: charge {charge.min():.1f} to {charge.max():.1f} e-")
    assert f"voltage {voltage.min():.2f} to {voltage.max():.2f} mV" in head
    assert head.endswith(" at 5 ns")
    counts = dict(re.findall(r"(\d): (\d+)", head.partition("codes")[2]))
    assert counts == {str(level): str((found.codes_at(1) == level).sum()) for level in range(4)}


def test_equal_levels_are_counted_once(view):
    head = caption(Scene(view(levels=[0, 1, 1, 2])))
    assert re.findall(r"(\d): \d+", head.partition("codes")[2]) == ["0", "1", "2"]


def test_each_chosen_pixel_has_its_numbers_template_and_what_other_choices_change(view):
    found = view()
    row, column = found.touched()[0]
    line = caption(Scene(found, time=2.0, pixels=((row, column),))).splitlines()[1]
    change = (found.other_start - found.voltage)[row, column]
    by_peak = (found.other_template - found.voltage)[row, column]
    assert line == (
        f"row {row}, column {column}: {found.charge_at(2.0)[row, column]:.1f} e-, "
        f"{found.voltage_at(2.0)[row, column]:.2f} mV, "
        f"codes {[int(found.codes_at(sample)[row, column]) for sample in (0, 1)]}; "
        f"template of {found.template[row, column]:g} e-, next {found.runner_up[row, column]:g} e-; "
        f"with t0_fix {change[abs(change).argmax()]:+.2f} mV, "
        f"template_by peak {by_peak[abs(by_peak).argmax()]:+.2f} mV"
    )


def test_the_words_follow_the_choices(view):
    pixel = view().touched()[0]
    assert "; without t0_fix " in caption(Scene(view(t0_fix=True), pixels=(pixel,)))
    assert ", template_by final " in caption(Scene(view(template_by="peak"), pixels=(pixel,)))
    analytic = caption(Scene(view(response="simple"), pixels=(pixel,)))
    assert "; simple response; " in analytic
    assert "template_by" not in analytic
    empty = tuple(np.argwhere(np.isnan(view().template))[0].tolist())
    assert "; never any charge; " in caption(Scene(view(), pixels=(empty,)))


@pytest.mark.parametrize(
    ("x", "y", "pixel"),
    [
        (0.0, 0.0, (2, 3)),
        (24.9, 6.2, (2, 3)),
        (25.1, 6.3, (3, 4)),
        (-174.9, -31.2, (0, 0)),
        (174.9, 31.2, (4, 6)),
        (176.0, 0.0, None),
        (0.0, -32.0, None),
    ],
)
def test_a_place_belongs_to_the_pixel_around_it(view, x, y, pixel):
    assert pixel_at(view(), x, y) == pixel
