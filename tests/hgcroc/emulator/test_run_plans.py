import copy

import pytest

from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.emulator.run_plans import current_plan, data_port, legacy_plan
from kit.hgcroc.messages import MessageError
from tests.hgcroc.stands import CURRENT, LEGACY


@pytest.fixture
def legacy():
    return copy.deepcopy(LEGACY["server"])


@pytest.fixture
def current():
    return copy.deepcopy(CURRENT["daq"])


def test_a_pulse_and_the_trigger_that_follows_it_are_found_by_name(legacy):
    plan, warning = legacy_plan(legacy)
    assert plan.trigger == Trigger(pulsed=True, distance=38 - 16)
    assert (plan.events, plan.bunch_counter, warning) == (50, 44, "")  # 44 as in the real files


def test_numbers_may_be_text_also_hexadecimal(legacy):
    legacy |= {"NEvents": "0x10"}
    assert legacy_plan(legacy)[0].events == 16


def test_a_run_without_any_source_brings_pedestals_and_a_warning(legacy):
    for generator in legacy["l1a_generator_settings"]:
        generator["enable"] = 0
    plan, warning = legacy_plan(legacy)
    assert plan.trigger == Trigger()
    assert plan.events == 50
    assert "no source of triggers is enabled" in warning


def test_random_triggers_bring_pedestals_without_a_warning(legacy):
    legacy["l1a_generator_settings"] = []
    legacy["l1a_enables"]["random_l1a"] = 1
    assert legacy_plan(legacy) == (type(legacy_plan(legacy)[0])(Trigger(), 50, None, "legacy"), "")


def test_a_pulse_that_nothing_follows_brings_pedestals_and_a_warning(legacy):
    del legacy["l1a_generator_settings"][1]
    plan, warning = legacy_plan(legacy)
    assert plan.trigger == Trigger()
    assert "without any L1A" in warning


def test_the_active_menu_says_pulse_and_events(current):
    plan, warning = current_plan(current)
    assert plan.trigger == Trigger(pulsed=True, distance=32 - 10)
    assert (plan.events, warning) == (50, "")
    current["active_menu"] = "randomL1A"
    plan, warning = current_plan(current)
    assert (plan.trigger, plan.events, plan.bunch_counter, warning) == (Trigger(), 40, None, "")


def test_a_menu_that_is_not_emulated_brings_pedestals_and_a_warning(current):
    current["menus"]["externalL1A"] = {"NEvents": 3}
    current["active_menu"] = "externalL1A"
    plan, warning = current_plan(current)
    assert (plan.trigger, plan.events) == (Trigger(), 3)
    assert "externalL1A is not emulated" in warning


def test_a_missing_menu_is_an_error_that_names_those_there_are(current):
    current["active_menu"] = "calib"
    with pytest.raises(MessageError, match="'calib' is not among the menus calibAndL1A, randomL1A"):
        current_plan(current)


@pytest.mark.parametrize(
    ("events", "words"), [(0, "is 0, should be from 1"), ("many", "is 'many'"), (-1, "is -1")]
)
def test_never_zero_events(current, events, words):
    current["menus"]["calibAndL1A"]["NEvents"] = events
    with pytest.raises(MessageError, match=words):
        current_plan(current)


def test_ports_come_as_numbers_and_as_text():
    assert data_port({"port": "8888"}, "port") == data_port({"port": 8888}, "port") == 8888
    assert data_port({}, "port") is None
    with pytest.raises(MessageError, match="should be from 0 to 65535"):
        data_port({"port": 70000}, "port")
