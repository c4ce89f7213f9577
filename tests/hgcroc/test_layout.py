"""Boards and blocks: the counts of the chip."""

import pytest

from kit.hgcroc.layout import BLOCKS, CHANNEL_BLOCKS, half_of, register_kinds


def test_each_kind_of_block_has_its_number_of_registers():
    counts = {kind: len(registers) for kind, registers in register_kinds().items()}
    assert counts == {
        "channel": 29, "DigitalHalf": 20, "GlobalAnalog": 43, "MasterTdc": 55, "ReferenceVoltage": 13, "Top": 43
    }  # fmt: skip
    kind_of = {block: "channel" if block in CHANNEL_BLOCKS else block for block in BLOCKS}
    assert sum(count * counts[kind_of[block]] for block, count in BLOCKS.items()) == 2625


def test_the_names_of_a_block_stand_in_ascii_order():
    for registers in register_kinds().values():
        names = [register.name for register in registers]
        assert names == sorted(names)


def test_no_register_is_reset_to_more_than_it_can_hold():
    assert all(0 <= r.reset <= r.maximum for registers in register_kinds().values() for r in registers)


@pytest.mark.parametrize(
    ("block", "number", "half"),
    [
        ("ch", 35, 0),
        ("ch", 36, 1),
        ("calib", 1, 1),
        ("cm", 1, 0),
        ("cm", 2, 1),
        ("MasterTdc", 1, 1),
        ("Top", 0, -1),
    ],
)
def test_a_block_lies_in_its_half(block, number, half):
    assert half_of(block, number) == half
