"""States of all points against a plain chip; columns of rows; what was read to be otherwise."""

import numpy as np
import pytest
from hypothesis import given, settings

from kit.hgcroc.planning.states import States, row_registers
from kit.hgcroc.registers import register_table
from kit.hgcroc.summaries import row_columns
from tests.hgcroc import plain_expansion as plain
from tests.hgcroc.planning.test_originals import INITIAL, axes_lists
from tests.hgcroc.plans import CALIB, PHASE, plan_of

TABLE = register_table("ld")
ALL = range(TABLE.size)


@given(axes_lists)
@settings(max_examples=20)
def test_the_state_of_every_point_is_that_of_a_plain_chip(axes):
    plan = plan_of(axes, INITIAL)
    device = TABLE.reset + np.arange(TABLE.size) % 2 * (TABLE.maximum > TABLE.reset)  # no board is as expected
    states = plan.states(plan.initial(device))
    chips = plain.chip_states(TABLE.tree(ALL, device), [INITIAL["target"]], axes)
    table = states.columns(np.arange(TABLE.size), np.arange(len(plan)))
    for point, chip in enumerate(chips):
        assert TABLE.tree(ALL, states.state(point)) == chip
        assert (table[point] == states.state(point)).all()


def scan_of_six():
    plan = plan_of([{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}])
    return plan.states(plan.initial(TABLE.reset))


def test_a_register_column_has_the_register_of_each_row():
    states, rows = scan_of_six(), row_columns(3)
    calib = states.columns(row_registers(TABLE, "Calib"), np.arange(6))
    assert calib.shape == (6, 234)
    assert (calib == np.array([0, 5, 9, 0, 5, 9])[:, None]).all()
    assert (states.columns(row_registers(TABLE, "phase_strobe"), [1, 4])[:, 7] == [2, 3]).all()
    for place in (0, 40, 72, 73, 75, 78 + 77):
        kind = {0: "ch", 1: "calib", 100: "cm"}[int(rows["channeltype"][place])]
        path = (f"roc_s{rows['chip'][place]}", kind, int(rows["channel"][place]), "trim_inv")
        assert row_registers(TABLE, "trim_inv")[place] == TABLE.index_of(path)
    halves = [TABLE.path_of(k)[2] for k in row_registers(TABLE, "Calib")[:78]]
    assert halves == [0] * 36 + [1] * 36 + [0, 1] + [0, 0, 1, 1]


def test_a_register_that_no_axis_touches_is_a_view():
    column = scan_of_six().columns(row_registers(TABLE, "Inv_vref"), np.arange(6))
    assert (column == 572).all()
    assert column.strides[0] == 0


def test_what_was_read_is_what_counts():
    plain_states = scan_of_six()
    index = TABLE.index_of(("roc_s1", "ReferenceVoltage", 1, "Calib"))
    states = States(plain_states.base, plain_states.lengths, plain_states.axes, np.array([[4, index, 77]]))
    assert states.state(4)[index] == 77
    assert states.state(3)[index] == 0
    column = states.columns(row_registers(TABLE, "Calib"), np.arange(6))
    assert (column == 77).sum() == 36 + 1 + 2
    assert (column[4] == 77).sum() == 39


def test_a_name_in_two_blocks_is_told_apart_by_its_block():
    assert TABLE.path_of(int(row_registers(TABLE, "EN_REF_BG")[0]))[1] == "MasterTdc"
    assert TABLE.path_of(int(row_registers(TABLE, "Top.EN_REF_BG")[0]))[1] == "Top"
    assert TABLE.path_of(int(row_registers(TABLE, "EN_REF_BG", ("Top", "MasterTdc"))[0]))[1] == "Top"


@pytest.mark.parametrize("name", ["Clib", "Top.Calib", "HalfWise.trim_inv"])
def test_what_no_row_has_is_refused(name):
    with pytest.raises(KeyError, match="is no register of a channel"):
        row_registers(TABLE, name)
