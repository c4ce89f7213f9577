import pytest

from kit.hgcroc.board import tdc_start
from kit.hgcroc.registers import register_table


def test_both_steps_are_registers_of_the_board_and_the_second_takes_back_what_starts():
    table = register_table("ld")
    state = table.reset.copy()
    for settings in tdc_start.STEPS:
        index, value = table.leaves(tdc_start.tree(table.rocs, settings))
        assert len(index) == len(settings) * 2 * 3
        table.write(state, index, value)
    changed = {table.path_of(k)[3]: int(state[k]) for k in range(table.size) if state[k] != table.reset[k]}
    assert changed == {"VD_CTDC_P_DAC_EN": 1, "VD_FTDC_P_DAC_EN": 1, "VD_CTDC_P_D": 16, "VD_FTDC_P_D": 16}


@pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])
def test_the_oscillators_are_started_on_a_board(stand, joined, dialect):
    stood = stand("char")
    tdc_start.start_tdcs(joined(stood, dialect, board="char"))
    table = stood.board.table
    half = table.columns("roc_s0", "MasterTdc", 1)
    values = dict(zip(table.names("MasterTdc"), stood.board.state[half].tolist(), strict=True))
    assert values["EN_MASTER_CTDC_VOUT_INIT"] == values["EN_MASTER_FTDC_VOUT_INIT"] == 0
    assert values["VD_CTDC_P_DAC_EN"] == values["VD_FTDC_P_DAC_EN"] == 1
    assert values["VD_CTDC_P_D"] == values["VD_FTDC_P_D"] == 16
