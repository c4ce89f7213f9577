"""A plan against one very board: what it cannot hold, and where its files differ from it."""

import numpy as np
import pytest

from kit.hgcroc.board.self_description import ABSENT
from kit.hgcroc.planning.limits import beyond, unlike_defaults, with_defaults
from kit.hgcroc.registers import register_table
from tests.hgcroc.plans import CALIB, PHASE, plan_of

TABLE = register_table("ld")
AXES = [{"key": PHASE, "values": {"stop": 16}}, {"key": CALIB, "values": [0, 4000]}]


@pytest.fixture
def limits():
    return TABLE.maximum.copy()


def test_what_the_table_allows_is_within_the_table(limits):
    assert beyond(plan_of(AXES), limits) == []


def test_values_of_an_axis_beyond_the_board_are_counted_with_their_spot(limits):
    limits[TABLE.index_of(("roc_s1", "Top", 0, "phase_strobe"))] = 12
    (told,) = beyond(plan_of(AXES), limits)
    assert told == (
        "scan.yaml:4: 0.parameters.0: roc_s1.Top.0.phase_strobe is 13, should be from 0 to 12 as the board "
        "describes itself (3 of 16 values)"
    )


def test_a_register_that_the_board_has_not_is_named(limits):
    limits[TABLE.index_of(("roc_s2", "ReferenceVoltage", 1, "Calib"))] = ABSENT
    (told,) = beyond(plan_of(AXES), limits)
    assert told.endswith("the board describes itself without roc_s2.ReferenceVoltage.1.Calib (2 of 2 values)")


def test_settings_below_the_axes_are_looked_at_and_few_are_named(limits):
    limits[:] = 1
    tree = {"target": {"roc_s0": {"ch": {"all": {"trim_inv": 2}}}}}
    told = beyond(plan_of([], override=tree), limits)
    assert len(told) == 6
    assert told[0].endswith(
        "override: roc_s0.ch.0.trim_inv is 2, should be from 0 to 1 as the board describes itself"
    )
    assert told[-1].endswith("override: and 67 more registers")


def test_only_what_files_of_defaults_name_is_compared(example):
    plan = example("small2d")
    device = plan.default.copy()
    device[~plan.named] += 1
    assert unlike_defaults(plan, device) == []
    place = int(np.flatnonzero(plan.named & ~TABLE.read_only)[0])
    device[place] = plan.default[place] + 1
    assert unlike_defaults(plan, device) == [
        f"{TABLE.text_of(place)} is {device[place]}, should be {plan.default[place]}"
    ]
    mended = with_defaults(plan, device)
    assert unlike_defaults(plan, mended) == []
    assert (mended[~plan.named] == device[~plan.named]).all()
