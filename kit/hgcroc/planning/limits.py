"""A plan against one very board: what it cannot hold by its own description, and where it is not as its files."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kit.hgcroc.board.self_description import ABSENT
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.registers import RegisterTable

__all__ = ["beyond", "unlike_defaults", "with_defaults"]

IntArray = npt.NDArray[np.int64]
FEW = 5  # registers of a layer that are named


def beyond(plan: Plan, limits: IntArray) -> list[str]:
    """Return in words, each with its spot, what a plan sets that the board cannot hold; nothing where it can.

    Parameters
    ----------
    plan : Plan
        Checked against the table of its kind of board.
    limits : ndarray of int64, shape (size,)
        Highest value of each register, see `self_description.limits_of`.
    """
    told = []
    for layer in plan.layers:
        if layer.kind == "default":  # these files are compared with, not written
            continue
        wrong = np.flatnonzero(layer.value > limits[layer.index])
        words = [_words(plan.table, limits, int(layer.index[k]), int(layer.value[k])) for k in wrong[:FEW]]
        more = [f"and {len(wrong) - FEW} more registers"] if len(wrong) > FEW else []
        told += [f"{plan.procedure.spot}: {layer.kind}: {text}" for text in words + more]
    for axis, text in zip(plan.axes, plan.procedure.axes, strict=True):
        wrong_steps = (axis.settings > limits[axis.index]).any(axis=1)
        if wrong_steps.any():
            step = int(np.argmax(wrong_steps))
            column = int(np.argmax(axis.settings[step] > limits[axis.index]))
            first = _words(plan.table, limits, int(axis.index[column]), int(axis.settings[step, column]))
            told.append(f"{text.spot()}: {first} ({int(wrong_steps.sum())} of {len(axis)} values)")
    return told


def unlike_defaults(plan: Plan, device: IntArray) -> list[str]:
    """Return in words where the registers of a device are not as the files of defaults say."""
    table, wanted = plan.table, plan.default
    other = np.flatnonzero((device != wanted) & plan.named & ~table.read_only)
    return [f"{table.text_of(int(k))} is {device[k]}, should be {wanted[k]}" for k in other]


def with_defaults(plan: Plan, device: IntArray) -> IntArray:
    """Return the registers of a device with all that the files of defaults say."""
    return np.where(plan.named & ~plan.table.read_only, plan.default, device)


def _words(table: RegisterTable, limits: IntArray, index: int, value: int) -> str:
    if limits[index] == ABSENT:
        return f"the board describes itself without {table.text_of(index)}"
    return f"{table.text_of(index)} is {value}, should be from 0 to {limits[index]} as the board describes itself"
