import numpy as np
import pytest
import yaml

from kit.hgcroc.wire import Requester, Wire
from tests.hgcroc.stands import init_tree

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.fixture
def stood(stand):
    return stand("char")


@pytest.fixture
def ask(stood):
    with Wire() as wire:
        asking = Requester(wire, f"tcp://127.0.0.1:{stood.ports['control']}", 60.0)
        yield lambda **request: yaml.load(asking.ask(yaml.safe_dump(request))[0], Loader=LOADER)


def test_the_truth_and_the_registers_are_told(ask, stood):
    assert np.array(ask(command="truth")["value"]["pedestal"]) == pytest.approx(stood.board.truth.pedestal)
    assert ask(command="registers")["value"] == stood.board.state.tolist()


def test_history_and_the_state_of_each_of_its_entries_are_told(ask, stood):
    from kit.hgcroc.emulator.chip import Trigger
    from kit.hgcroc.emulator.run_plans import RunPlan

    stood.board.write(init_tree(stood.board.table))
    state = stood.board.state.tolist()
    list(stood.board.take(RunPlan(Trigger(), 5, None, "current")))
    stood.board.reset()
    assert ask(command="history")["value"] == [
        {"run": 1, "first": 0, "events": 5, "journal": 1, "dialect": "current"}
    ]
    assert ask(command="state", stretch=0)["value"] == ask(command="state", stretch=-1)["value"] == state
    assert "should be one of the 1 of the history" in ask(command="state", stretch=1)["error"]


def test_faults_are_injected_and_cleared(ask, stood):
    assert ask(command="inject", fault="bad_crc", value=0.25)["value"] is None
    assert stood.board.faults.value("bad_crc") == 0.25
    ask(command="clear")
    assert stood.board.faults.value("bad_crc") == 0
    assert "did you mean bad_crc" in ask(command="inject", fault="bad_crk")["error"]
    assert "bad_crc" in ask(command="faults")["value"]


def test_counters_and_warnings_are_told(ask, stood):
    stood.board.message_passed()
    stood.warnings.append("mind the gap")
    assert ask(command="counters")["value"] == {"messages": 1, "runs": 0}
    assert ask(command="warnings")["value"] == ["mind the gap"]


def test_it_ends_the_emulator_and_refuses_what_it_does_not_know(ask, stood):
    assert "there is no command 'end'" in ask(command="end")["error"]
    assert not stood.over.is_set()
    ask(command="stop")
    assert stood.over.is_set()
