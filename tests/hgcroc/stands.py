"""Settings that tests bring a board to, small and without files."""

import numpy as np

from kit.hgcroc.registers import register_table

MENU = {"NEvents": 50, "bxCalib": 10, "bxL1A": 32, "lengthCalib": 1, "lengthL1A": 1, "prescale": 0}
CURRENT = {
    "daq": {
        "active_menu": "calibAndL1A",
        "menus": {"calibAndL1A": MENU, "randomL1A": {"NEvents": 40, "bx_min": 45}},
    },
    "client": {"hw_type": "LDv3"},
}
GENERATORS = [
    {
        "name": "A",
        "enable": 1,
        "BX": 16,
        "length": 1,
        "flavor": "CALPULINT",
        "prescale": 0,
        "followMode": "DISABLE",
    },
    {"name": "B", "enable": 0, "BX": 38, "length": 1, "flavor": "L1A", "prescale": 0, "followMode": "A"},
]
LEGACY = {
    "server": {"NEvents": 50, "l1a_generator_settings": GENERATORS, "l1a_enables": {"random_l1a": 0}},
    "client": {"hw_type": "LD"},
}
SETTINGS = {"1.0.15": CURRENT, "0.1.2": LEGACY}
INJECTED = (10, 20, 40, 50)  # channels, as in the real files


def init_tree(table=None):
    """Return what the example files bring the chips to."""
    halves = {
        "DigitalHalf": {"CalibrationSC": 1, "L1Offset": 10},
        "ReferenceVoltage": {"IntCtest": 1, "Inv_vref": 300, "Noinv_vref": 100, "Toa_vref": 400, "Tot_vref": 700},
    }
    roc = {block: {half: dict(values) for half in range(2)} for block, values in halves.items()}
    roc["Top"] = {0: {"RunL": 1, "RunR": 1, "phase_strobe": 3}}
    roc["ch"] = {channel: {"HighRange": 1} for channel in INJECTED}
    return dict.fromkeys((table or register_table("ld")).rocs, roc)


def initial(board="ld", **changes):
    """Return the state after reset and `init_tree`, with ReferenceVoltage registers changed."""
    table = register_table(board)
    state = table.reset.copy()
    table.write(state, *table.leaves(init_tree(table)))
    return changed(state, table, ReferenceVoltage=changes) if changes else state


def changed(state, table, **blocks):
    """Return a copy of a state in which registers of all such blocks are changed."""
    state = np.array(state)
    tree = {roc: {block: {"all": values} for block, values in blocks.items()} for roc in table.rocs}
    table.write(state, *table.leaves(tree))
    return state
