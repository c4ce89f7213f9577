import pytest

from kit.hgcroc.emulator.hexaboard import Hexaboard, NackError
from kit.hgcroc.emulator.slow_control import SlowControl
from kit.hgcroc.registers import RegisterError

PHASE = {"roc_s1": {"Top": {0: {"phase_strobe": 9}}}}


@pytest.fixture
def slow():
    return SlowControl(Hexaboard())


def test_what_is_set_is_got_from_the_cache_and_from_the_chips(slow):
    slow.set(PHASE, read_back=True)
    question = {"roc_s1": {"Top": {0: {"phase_strobe": None}}}}
    assert slow.get(question, from_hardware=False) == slow.get(question, from_hardware=True) == PHASE


def test_the_cache_does_not_know_what_befell_the_chips(slow):
    slow.set(PHASE)
    slow.board.inject("power_cycle")
    assert slow.get(PHASE, from_hardware=False) == PHASE
    assert slow.get(PHASE, from_hardware=True) == {"roc_s1": {"Top": {0: {"phase_strobe": 0}}}}
    assert slow.get(PHASE, from_hardware=False) == {"roc_s1": {"Top": {0: {"phase_strobe": 0}}}}


def test_a_write_to_a_half_is_remembered_for_all_its_channels(slow):
    slow.set({"roc_s0": {"HalfWise": {1: {"trim_inv": 7}}}})
    assert slow.get({"roc_s0": {"ch": {40: {"trim_inv": None}}}}, from_hardware=False) == {
        "roc_s0": {"ch": {40: {"trim_inv": 7}}}
    }
    written = slow.written_tree()["roc_s0"]
    assert len(written["ch"]) == 36
    assert written["HalfWise"] == {1: {"trim_inv": 7}}


def test_a_reset_forgets(slow):
    slow.set(PHASE)
    slow.reset()
    assert slow.written_tree() == {}
    assert slow.get(PHASE, from_hardware=False)["roc_s1"]["Top"][0]["phase_strobe"] == 0


def test_status_registers_are_written_without_effect(slow):
    slow.set({"roc_s0": {"Top": {0: {"statusL": 9}}}}, read_back=True)
    assert slow.get({"roc_s0": {"Top": {0: {"statusL": None}}}}, from_hardware=True)["roc_s0"]["Top"][0] == {
        "statusL": 0
    }


def test_a_write_that_fails_is_not_remembered(slow):
    slow.board.inject("i2c_nack", value=1)
    with pytest.raises(NackError):
        slow.set(PHASE)
    assert slow.written_tree() == {}
    with pytest.raises(RegisterError, match="there is no register 'phase'"):
        slow.get({"roc_s1": {"Top": {0: {"phase": None}}}}, from_hardware=False)
