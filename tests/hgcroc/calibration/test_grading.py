"""Grades follow the limits, each with its reason in words."""

from dataclasses import replace

import numpy as np
import pytest

from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.grading import bad_channels, grade_board, worst
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.summaries import row_columns

ROW = row_columns(1)
KIND = ROW["channeltype"]


def distillate(name, reasons=(), **rows):
    bits = np.zeros(78, np.uint32)
    for row, reason in reasons:
        bits[row] |= np.uint32(reason)
    return Distillate(name, ROW["chip"], ROW["channel"], KIND, rows, bits)


def board(**changes):
    """Return a good board of one chip in which analyses are replaced, or left out where None."""
    found = {
        "pedestals": distillate("pedestals", pedestal=np.full(78, 200.0), noise=np.full(78, 1.0)),
        "trim_inv": replace(distillate("trim_inv"), halves={"target": np.array([200.0, 200.0])}),
        "gain": distillate("gain"),
        "toa_curves": distillate("toa_curves"),
        "tot_line": distillate("tot_line"),
    }
    return {name: each for name, each in (found | changes).items() if each is not None}


def pedestals(level=None, noise=None, reasons=()):
    level = np.full(78, 200.0) if level is None else level
    return distillate("pedestals", reasons, pedestal=level, noise=np.full(78, 1.0) if noise is None else noise)


def several(count, reason):
    return [(row, reason) for row in range(count)]


@pytest.mark.parametrize(
    ("changes", "grade", "told"),
    [
        ({}, "good", ()),
        ({"tot_line": None}, "bad", ("no scan for tot_line",)),
        ({"pedestals": pedestals(noise=np.full(78, 2.5))}, "bad", ("mean noise 2.5, above 2 ADC",)),
        (
            {"pedestals": pedestals(200 + 12.0 * (-1) ** np.arange(78))},
            "bad",
            ("pedestals spread by 12, above 10 ADC",),
        ),
        (
            {"pedestals": pedestals(np.full(78, 240.0))},
            "bad",
            ("mean pedestal 240 is more than 35 ADC off 200",),
        ),
        ({"pedestals": pedestals(reasons=several(4, Reason.NOISY))}, "good", ()),
        (
            {"pedestals": pedestals(reasons=several(5, Reason.NOISY))},
            "bad",
            ("5 channels with bad pedestals, 5 or more",),
        ),
        ({"gain": distillate("gain", several(5, Reason.LOW_ADC))}, "good", ()),
        (
            {"gain": distillate("gain", several(6, Reason.LOW_ADC))},
            "bad",
            ("6 channels bad in injection, more than 5",),
        ),
        ({"toa_curves": distillate("toa_curves", several(20, Reason.FLAT_TOA))}, "good", ()),
        (
            {
                "toa_curves": distillate("toa_curves", several(6, Reason.FLAT_TOA)),
                "tot_line": distillate("tot_line", several(7, Reason.FLAT_TOT)),
            },
            "okish",
            ("6 channels bad in TOA and 7 in TOT, more than 5",),
        ),
    ],
)
def test_a_chip_has_the_grade_of_its_limits_and_says_why(changes, grade, told):
    (found,) = grade_board(board(**changes))
    assert (found.grade, found.reasons) == (grade, told)


def test_limits_can_be_otherwise():
    noisy = {"pedestals": pedestals(noise=np.full(78, 2.5))}
    assert grade_board(board(**noisy), {"noise": 3.0})[0].grade == "good"


def test_a_trim_at_its_end_counts_only_where_the_pedestal_is_far_off():
    level = np.full(78, 200.0)
    trims = replace(distillate("trim_inv", several(8, Reason.UNREACHABLE)), halves={"target": np.full(2, 200.0)})
    assert grade_board(board(trim_inv=trims))[0].grade == "good"
    level[:6] = 240
    assert grade_board(board(trim_inv=trims, pedestals=pedestals(level)))[0].numbers["bad_pedestals"] == 6


def test_the_board_is_as_good_as_its_worst_chip_and_unknown_is_bad():
    assert worst(grade_board(board())) == "good"
    assert worst([]) == "bad"


def test_a_dead_channel_is_dead_and_nothing_else():
    found = board(
        pedestals=pedestals(reasons=[(5, Reason.DEAD)]),
        gain=distillate("gain", [(5, Reason.FLAT_ADC | Reason.LOW_ADC)]),
    )
    (told,) = bad_channels(found)
    assert (told.chip, told.channel, told.reasons, told.analyses) == (
        0,
        5,
        "dead: no noise",
        ("pedestals", "gain"),
    )
