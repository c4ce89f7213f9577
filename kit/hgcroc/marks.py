"""How a point stands, and what is to be said about it."""

from __future__ import annotations

import enum

__all__ = ["Mark", "Status", "marks_text"]


class Status(enum.IntEnum):
    """Whether a point has been measured, and whether it can be used."""

    PENDING = 0
    GOOD = 1
    FLAGGED = 2  # measured and kept; the marks say why to look twice
    FAILED = 3  # nothing usable came


class Mark(enum.IntFlag):
    """What is to be said about a point; its text stands behind it."""

    SHORT = 1  # fewer events than asked for
    LONG = 2  # more events than asked for
    CUT = 4  # bytes after the last complete record
    CORRUPT = 8  # halves with a broken header, checksum or idle word
    LOST = 16  # event counter out of step
    UNVERIFIED = 32  # state not read back
    DIFFERENT = 64  # the state was another than wished, and is recorded as read
    TROUBLE = 128  # the board did not answer as it should
    TOT_AT_ZERO = 256  # TOT fired with no charge injected
    TOA_STEP = 512  # times of two phases not 64 codes a step apart
    TWIN = 1024  # same data as a point with other settings
    FULL_SCALE = 2048  # a quantity beyond its scale in every channel
    OFF = 4096  # the registers let no half send anything
    EMPTY = 8192  # nothing sound from a half that should send


TEXTS = {
    Mark.SHORT: "fewer events than asked for",
    Mark.LONG: "more events than asked for",
    Mark.CUT: "data cut in the middle of a record",
    Mark.CORRUPT: "broken halves",
    Mark.LOST: "event counter out of step",
    Mark.UNVERIFIED: "state not verified",
    Mark.DIFFERENT: "registers differed from the plan",
    Mark.TROUBLE: "the board did not answer as it should",
    Mark.TOT_AT_ZERO: "TOT fired at Calib 0",
    Mark.TOA_STEP: "TOA does not follow the phase",
    Mark.TWIN: "same data as another point",
    Mark.FULL_SCALE: "beyond full scale everywhere",
    Mark.OFF: "no data: RunL and RunR of all chips are 0",
    Mark.EMPTY: "nothing sound from a half that is on",
}


def marks_text(marks: int) -> str:
    """Return in words what is to be said about a point; nothing for a good one."""
    return ", ".join(text for mark, text in TEXTS.items() if mark & marks)
