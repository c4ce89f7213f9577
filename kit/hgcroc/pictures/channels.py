"""What rows of a measurement are called: 1.20 is channel 20 of chip 1, 0.calib1 and 2.cm3 stand beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kit.hgcroc.summaries import ROW_KINDS, ROWS

__all__ = ["row_text", "row_words", "rows_of"]

WORDS = {"ch": "channel", "calib": "calibration", "cm": "common mode"}
NAME = re.compile(r"(\d+)\.(ch|calib|cm)?(\d+)(?:-(\d+))?")


def row_words(row: int) -> str:
    """Return chip and channel of a row, to be read."""
    kind, number = _place(row % ROWS)
    return f"chip {row // ROWS}, {WORDS[kind]} {number}"


def row_text(row: int) -> str:
    """Return chip and channel of a row, as they are written."""
    kind, number = _place(row % ROWS)
    return f"{row // ROWS}.{'' if kind == 'ch' else kind}{number}"


def rows_of(text: str, chips: int) -> tuple[int, ...]:
    """Return the rows that a text means: ``0.10 1.20-23 2.cm0``; none for an empty one.

    Raises
    ------
    ValueError
        If a word is no channel, or there is none of this number.
    """
    rows: list[int] = []
    for word in text.replace(",", " ").split():
        match = NAME.fullmatch(word)
        if match is None:
            message = f"{word!r} should be chip and channel, such as 1.20, 0.10-13, 0.calib1 or 2.cm3"
            raise ValueError(message)
        chip, kind, first = int(match[1]), match[2] or "ch", int(match[3])
        rows += [_row(chip, kind, number, chips) for number in range(first, int(match[4] or first) + 1)]
    return tuple(dict.fromkeys(rows))


def _kinds() -> Iterable[tuple[str, int, int]]:
    """Yield kind, first row in its chip and number of each group of rows."""
    first = 0
    for kind, count, _ in ROW_KINDS:
        yield kind, first, count
        first += count


def _place(place: int) -> tuple[str, int]:
    return next((kind, place - first) for kind, first, count in _kinds() if place < first + count)


def _row(chip: int, kind: str, number: int, chips: int) -> int:
    first, count = next((first, count) for known, first, count in _kinds() if known == kind)
    if chip >= chips:
        message = f"there is no chip {chip}, should be from 0 to {chips - 1}"
        raise ValueError(message)
    if number >= count:
        message = f"there is no {WORDS[kind]} {number}, should be from 0 to {count - 1}"
        raise ValueError(message)
    return chip * ROWS + first + number
