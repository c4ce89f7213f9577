"""What lets the oscillators of the time converters start: two steps of register settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kit.hgcroc.board.board import Board
from kit.hgcroc.registers import Tree

__all__ = ["STEPS", "start_tdcs", "tree"]

_RELEASED = ("EN_MASTER_CTDC_VOUT_INIT", "EN_MASTER_FTDC_VOUT_INIT")
# as the programs of 1.0.15 do it where a procedure asks for it
STEPS: tuple[dict[str, int], ...] = (
    dict.fromkeys((*_RELEASED, "VD_CTDC_P_DAC_EN", "VD_FTDC_P_DAC_EN"), 1)
    | dict.fromkeys(("VD_CTDC_P_D", "VD_FTDC_P_D"), 16),
    dict.fromkeys(_RELEASED, 0),
)


def tree(rocs: Iterable[str], settings: Mapping[str, int]) -> Tree:
    """Return the tree of these settings for both master TDCs of all ROCs."""
    return {roc: {"MasterTdc": {half: dict(settings) for half in range(2)}} for roc in rocs}


def start_tdcs(board: Board) -> None:
    """Start the master TDCs of all ROCs of a board, as before measurements of time."""
    for settings in STEPS:
        state = (board.read_all() if board.state is None else board.state).copy()
        board.table.write(state, *board.table.leaves(tree(board.table.rocs, settings)))
        board.become(state)
