import numpy as np
import pytest

from kit.hgcroc.emulator.chip_settings import ChipSettings
from kit.hgcroc.layout import half_of
from kit.hgcroc.registers import register_table


@pytest.mark.parametrize("board", ["ld", "char"])
def test_every_channel_register_is_found_at_its_place(board):
    table = register_table(board)
    state = np.arange(table.size)  # a state in which every register has its own number
    settings = ChipSettings.of(table, state)
    trims, seen = settings.channel("trim_inv"), 0
    for chip, roc in enumerate(table.rocs):
        for block, count, place in (
            ("ch", 72, lambda n: n % 36),
            ("calib", 2, lambda _: 36),
            ("cm", 4, lambda n: 37 + n % 2),
        ):
            for number in range(count):
                expected = table.index_of((roc, block, number, "trim_inv"))
                assert trims[chip, half_of(block, number), place(number)] == expected
                seen += 1
    assert seen == trims.size


def test_registers_of_halves_and_of_top_are_found():
    table = register_table("ld")
    settings = ChipSettings.of(table, np.arange(table.size))
    assert settings.half("ReferenceVoltage", "Calib")[2, 1] == table.index_of(
        ("roc_s2", "ReferenceVoltage", 1, "Calib")
    )
    assert settings.top("phase_strobe")[1] == table.index_of(("roc_s1", "Top", 0, "phase_strobe"))
    assert settings.rocs == 3
