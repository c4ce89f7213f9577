"""Why a channel is bad, in bits of a number and in words."""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

__all__ = ["Reason", "no_reasons", "of_channels", "reasons_text"]


class Reason(enum.IntFlag):
    """What is wrong with a channel; its text stands behind it."""

    MISSING = 1
    DEAD = 2
    NOISY = 4
    FLAT_ADC = 8
    FLAT_TOA = 16
    FLAT_TOT = 32
    LOW_ADC = 64
    SHORTED = 128
    UNSOLVABLE = 256
    UNREACHABLE = 512
    NO_FIT = 1024


TEXTS = {
    Reason.MISSING: "too few events or points",
    Reason.DEAD: "dead: no noise",
    Reason.NOISY: "noisy",
    Reason.FLAT_ADC: "ADC does not change",
    Reason.FLAT_TOA: "TOA does not change",
    Reason.FLAT_TOT: "TOT does not change",
    Reason.LOW_ADC: "ADC stays low",
    Reason.SHORTED: "shorted with a neighbour",
    Reason.UNSOLVABLE: "does not follow its register",
    Reason.UNREACHABLE: "target out of the register's reach",
    Reason.NO_FIT: "no fit",
}


def reasons_text(bits: int) -> str:
    """Return in words what is wrong with a channel; nothing for a good one."""
    return ", ".join(text for reason, text in TEXTS.items() if reason & int(bits))


def no_reasons(rows: int) -> npt.NDArray[np.uint32]:
    """Return an array of so many good channels."""
    return np.zeros(rows, np.uint32)


def of_channels(
    reasons: npt.NDArray[np.uint32], among: npt.NDArray[np.bool_], reason: Reason
) -> npt.NDArray[np.uint32]:
    """Return reasons without one that all channels of `among` have: it is a fact about the scan."""
    bit = np.uint32(reason)
    if among.any() and (reasons[among] & bit != 0).all():
        return reasons & ~bit
    return reasons
