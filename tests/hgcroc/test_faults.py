"""Faults that can be asked for: what they take, and what is refused."""

import pytest

from kit.hgcroc.faults import FaultError, checked


def test_the_value_of_a_fault_is_a_number():
    assert (checked("slow_run", {"value": 2}), checked("power_cycle", {"at_event": 3})) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("name", "wish", "words"),
    [
        ("bad_crk", {}, r"there is no fault 'bad_crk' \(did you mean bad_crc\?\)"),
        ("", {}, "there is no fault '', should be one of link_misaligned, i2c_nack"),
        ("bad_crc", {"value": 2}, "value is 2, should be a probability from 0 to 1"),
        ("slow_run", {"value": -1}, "value is -1, should be a number from 0"),
        ("slow_run", {"value": "long"}, "value is 'long', should be a number from 0"),
        ("silent", {"role": "target"}, "role is 'target', should be one of legacy-target"),
        ("register_upset", {}, "path is missing"),
        ("dead_channel", {"chip": 0}, "chip and channel have to be told"),
        ("link_misaligned", {"value": 1.5}, "should be a whole number"),
        ("power_cycle", {"value": 1}, "value is not known, power_cycle takes after_messages and at_event"),
        ("dead_client", {"value": 1}, "value is not known, dead_client takes nothing"),
        ("power_cycle", {"at_event": -1}, "at_event is -1"),
        ("slow_run", {"value": 1, "events": 3}, "events is not known, slow_run takes value and runs"),
    ],
)
def test_what_cannot_be_is_refused(name, wish, words):
    with pytest.raises(FaultError, match=words):
        checked(name, wish)
