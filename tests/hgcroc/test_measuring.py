"""One point on a board: what is read back, what is sent, what a retry costs. The faults are in test_session."""

import numpy as np
import pytest

from kit.hgcroc.marks import Mark, Status
from kit.hgcroc.measuring import Measuring, board_settings
from kit.hgcroc.registers import register_table
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.stands import CURRENT, init_tree

TABLE = register_table("ld")
MENU_AXIS = {"key": ["daq", "menus", "calibAndL1A", "NEvents"], "values": [4, 7]}


@pytest.fixture
def measuring(stand, joined):
    """Return a function that connects a board and returns what measures a plan on it, and the emulator."""

    def make(axes, **options):
        emulator = stand()
        plan = plan_of(axes, CURRENT | {"target": init_tree()}, n_events=options.pop("n_events", None))
        board = joined(emulator, "1.0.15")
        states = plan.states(plan.initial(board.base_state()))
        board.initialise(board_settings(plan.settings(0), "1.0.15"))
        return Measuring(board, plan, states, **options), emulator

    return make


def test_a_point_has_the_events_that_its_own_settings_ask_for(measuring):
    measure, _ = measuring([MENU_AXIS, {"key": CALIB, "values": [0, 300]}])
    outcomes = [measure.measure(point) for point in range(4)]
    assert [outcome.columns["n_events"] for outcome in outcomes] == [4, 4, 7, 7]
    assert {outcome.status for outcome in outcomes} == {Status.GOOD}


def test_only_what_changes_is_written(measuring):
    measure, emulator = measuring(
        [{"key": PHASE, "values": [1, 2]}, {"key": CALIB, "values": [0, 300]}], n_events=3
    )
    writes = [measure.measure(point).columns["writes"] for point in range(4)]
    assert writes[1:] == [6, 9, 6]
    assert emulator.board.counters["register_writes"] == sum(writes)


@pytest.mark.parametrize(
    ("readback", "count"), [("axes", 3 * (2 * 7 + 3 + 4 + 2)), ("full", TABLE.size - 24), ("none", 0)]
)
def test_what_is_read_back_is_what_the_scan_sets(measuring, readback, count):
    measure, _ = measuring([{"key": CALIB, "values": [300]}], n_events=3, readback=readback)
    assert len(measure._watched) == count
    assert bool(measure.measure(0).marks & Mark.UNVERIFIED) == (readback == "none")


def test_events_are_kept_where_they_are_wanted(measuring):
    measure, _ = measuring([{"key": CALIB, "values": [300]}], n_events=3, events=True)
    outcome = measure.measure(0)
    assert outcome.events["adc"].shape == (3, 3, 2, 37)
    assert np.median(outcome.events["adc"][:, 0, 0, 10]) == outcome.summary["adc_median"][10]


def test_settings_have_the_names_of_the_dialect():
    settings = {"daq": {"NEvents": 3}, "client": {"hw_type": "LD"}}
    assert board_settings(settings, "0.1.2") == {"server": {"NEvents": 3}, "client": {"hw_type": "LD"}}
    assert board_settings(settings, "1.0.15") is settings
