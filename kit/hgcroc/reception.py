"""What came of a run: decoded as the chips were set, and what is to be said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.hgcroc.marks import Mark
from kit.hgcroc.rawdata import BAD_COUNTER, RawData, decode
from kit.hgcroc.registers import RegisterTable, register_table

__all__ = ["Received", "receive"]

IntArray = npt.NDArray[np.int64]
IDLE_NIBBLE = 0xA << 28


@dataclass
class Received:
    """What one try of a point brought.

    Attributes
    ----------
    archive : bytes
        As it came.
    raw : RawData or None
        Decoded; None where nothing could be.
    marks : Mark
        What is to be said about it.
    n_events, bad : int
        Events of which something came; broken halves.
    differences : ndarray of int64, shape (n, 2)
        Registers that were read to be otherwise than they should be, and their values.
    """

    archive: bytes
    raw: RawData | None
    marks: Mark
    n_events: int = 0
    bad: int = 0
    differences: IntArray = field(default_factory=lambda: np.empty((0, 2), np.int64))


def receive(archive: bytes, state: IntArray, table: RegisterTable, asked: int | None) -> Received:
    """Decode the data of a run.

    Parameters
    ----------
    archive : bytes
        All messages, joined; may be empty.
    state : ndarray of int64, shape (size,)
        The registers during the run: they say which words the halves send, and which halves send none.
    table : RegisterTable
        The board.
    asked : int or None
        How many events each chip should have sent.
    """
    modes = state[_index(table.board.name, "DigitalHalf", "CalibrationSC")]
    idle = IDLE_NIBBLE | state[_index(table.board.name, "DigitalHalf", "IdleFrame")]
    try:
        raw = decode(archive, characterisation=modes, idle=idle)
    except FormatError:
        return Received(archive, None, Mark.SHORT | Mark.CUT if archive else Mark.SHORT)
    chip = raw.frames.chip
    known = (chip >= 0) & (chip < len(table.rocs))
    on = state[_index(table.board.name, "Top", "Run")] != 0
    sends = on[np.where(known, chip, 0)] & known[:, None]
    bad = (raw.corruption & ~np.uint8(BAD_COUNTER) != 0) & sends
    lost = (raw.corruption & BAD_COUNTER != 0) & sends
    n_events = len(np.unique(raw.frames.event))
    fewest = int(np.bincount(chip[known], minlength=len(table.rocs)).min())
    sound = np.zeros(on.shape, bool)
    np.logical_or.at(sound, np.where(known, chip, 0), sends & ~bad)
    said = {
        Mark.CUT: raw.frames.cut > 0,
        Mark.SHORT: asked is not None and fewest < asked,
        Mark.LONG: asked is not None and n_events > asked,
        Mark.CORRUPT: bool(bad.any()),
        Mark.LOST: bool(lost.any()),
        Mark.OFF: not on.any(),
        Mark.EMPTY: bool((on & ~sound).any()),
    }
    marks = Mark(sum(mark for mark, true in said.items() if true))
    return Received(archive, raw, marks, n_events, int(bad.sum()))


@cache
def _index(board: str, block: str, name: str) -> IntArray:
    """Return a register of both halves of all chips, shape (chips, 2); ``Top.Run`` is RunL and RunR."""
    table = register_table(board)
    if block == "Top":
        paths = [[(roc, block, 0, name + side) for side in "LR"] for roc in table.rocs]
    else:
        paths = [[(roc, block, half, name) for half in (0, 1)] for roc in table.rocs]
    return np.array([[table.index_of(path) for path in chip] for chip in paths])
