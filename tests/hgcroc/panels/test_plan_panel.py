"""The plan's part of the panel: cost, warnings, and a table to turn over."""

import pytest

from kit.hgcroc.panels.plan_panel import PlanPanel
from kit.hgcroc.planning.from_parameters import plan_of
from kit.hgcroc.planning.preview import preview_of
from tests.hgcroc.hands import click, control, parameters_on


@pytest.fixture
def panel():
    made = PlanPanel()
    p = parameters_on()
    made.show(preview_of(p, plan_of(p)[0]), ["something is odd"])
    yield made
    made.close()


def test_cost_and_warnings_are_told(panel):
    assert panel.cost.startswith("84 points, ")
    assert panel._told.text.splitlines() == [f"dry run: {panel.cost}", "something is odd"]
    assert panel.static() == {"text/plain": panel._told.text}


def test_all_points_can_be_turned_to(panel):
    assert panel.shown.splitlines()[1] == "1: phase_strobe 2, Calib 100 (6 writes)"
    click(panel, "On")
    assert panel.first == 12
    assert panel.shown.startswith("12: phase_strobe 2, Calib 1200")
    control(panel, "from place").value = 80
    assert panel.shown.splitlines()[-1].startswith("83: phase_strobe 8, Calib 2000")
    click(panel, "On")
    assert panel.first == 83
    for _ in range(9):
        click(panel, "Back")
    assert panel.first == 0
    assert panel._table.value.count("<tr>") == 13


def test_a_shorter_plan_brings_the_table_back_to_it(panel):
    panel.first = 80
    p = parameters_on(procedure="pedestal_scan")
    panel.show(preview_of(p, plan_of(p)[0]))
    assert panel.first == 31
    assert panel.shown.startswith("31: trim_inv 62")
