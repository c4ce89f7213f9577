"""Finding records by a line of text, and putting them in order.

A line holds words and conditions, all of which must hold: ``zmumu pt>20 flavour=e "two words"``. A word is looked
for in all columns; upper and lower case are alike. What stands in quotes is one word.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from kit import wording
from kit.parameters import ParameterError

__all__ = ["Table", "arrange", "compile_filter", "search_text", "shown", "unmatched"]

Record = Mapping[str, Any]
Test = Callable[[Record, str], bool]

WIDEST = 28  # characters of a column, more where the line has room
LINE = 110  # characters that fit into a list beside its label, in JupyterLab on a usual screen
GAP = "  "  # between columns
SPACE = "\u00a0"  # a front end would drop ordinary ones
PART = re.compile(r'(?:"[^"]*"|[^\s"])+')
CONDITION = re.compile(r"(\w+)(>=|<=|!=|==|=|>|<)(.*)")
RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def shown(value: Any) -> str:
    """Return a record's value as a list shows it."""
    if value is None or isinstance(value, bool):
        return {None: "–", True: "yes", False: "no"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def search_text(record: Record) -> str:
    """Return all that a word of a filter is looked for in."""
    return "\n".join(map(shown, record.values())).lower()


def compile_filter(line: str, columns: Sequence[str], numeric: Collection[str] = ()) -> Test:
    """Return what tells whether a record, given with its `search_text`, is wanted.

    Parameters
    ----------
    line : str
        Words and conditions; empty wants all.
    columns : sequence of str
        Names that conditions may use.
    numeric : collection of str
        Those that hold numbers alone, which nothing but a number compares with.

    Raises
    ------
    ParameterError
        If a condition names no column, or has no value or one that nothing compares with, or a quote is open.
    """
    if line.count('"') % 2:
        message = f"filter: the last quote of {line} is not closed"
        raise ParameterError(message)
    tests = [_compile_part(part, columns, numeric) for part in PART.findall(line)]
    return lambda record, text: all(test(record, text) for test in tests)


def unmatched(line: str, columns: Sequence[str], records: Sequence[Record], texts: Sequence[str]) -> list[str]:
    """Return the words and conditions of a filter that no record matches, even by itself."""
    tests = {part: _compile_part(part, columns, ()) for part in PART.findall(line)}
    both = list(zip(records, texts, strict=True))
    return [part for part, test in tests.items() if not any(test(record, text) for record, text in both)]


def _compile_part(part: str, columns: Sequence[str], numeric: Collection[str]) -> Test:
    condition = CONDITION.fullmatch(part)
    if part.startswith('"') or condition is None:
        word = part.strip('"').lower()
        return lambda _record, text: word in text
    column, sign, wanted = condition.groups()
    if column not in columns:
        message = f"filter: {column} is not a column" + wording.suggestion(column, columns)
        raise ParameterError(message)
    if not wanted:
        message = f"filter: {part} has no value after {sign}"
        raise ParameterError(message)
    if wanted[0] in "<>=!" or wanted.lower() in ("nan", "-nan"):
        message = f"filter: {part} compares with {wanted}, should be a number or a word"
        raise ParameterError(message)
    value = wording.scalar(wanted)
    if column in numeric and (isinstance(value, bool) or not isinstance(value, int | float)):
        message = f"filter: {part} compares numbers with {wanted}, should be a number"
        raise ParameterError(message)
    return _compile_condition(column, sign, wanted)


def _compile_condition(column: str, sign: str, wanted: str) -> Test:
    relation, number = RELATIONS[sign], wording.scalar(wanted)
    word = wanted.strip('"').lower()
    numeric = isinstance(number, int | float)

    def test(record: Record, _text: str) -> bool:
        value = record.get(column)
        if value is None:
            return sign == "!="
        if numeric and isinstance(value, int | float):
            return relation(value, number)
        return relation(shown(value).lower(), word)

    return test


def arrange(records: Sequence[Record], wanted: list[int], column: str, *, descending: bool = False) -> list[int]:
    """Return positions of records in the order of `column`; equal ones keep theirs, absent values come last.

    Parameters
    ----------
    records : sequence of mappings
        All records.
    wanted : list of int
        Positions to put in order.
    column : str
        Empty leaves them as they are.
    descending : bool
        Largest first.
    """
    if not column:
        return wanted[::-1] if descending else wanted
    present = [position for position in wanted if records[position].get(column) is not None]
    absent = [position for position in wanted if records[position].get(column) is None]
    numeric = all(isinstance(records[position][column], int | float) for position in present)

    def key(position: int) -> Any:
        value = records[position][column]
        return value if numeric else shown(value).lower()

    return sorted(present, key=key, reverse=descending) + absent


class Table:
    """Records as lines of equally wide columns.

    Parameters
    ----------
    records : sequence of mappings
        What decides the widths.
    columns : sequence of str
        Columns of a line, from left to right.

    Attributes
    ----------
    head : str
        The line with the names of the columns.
    numeric : set of str
        Columns that hold numbers and nothing else.
    """

    def __init__(self, records: Sequence[Record], columns: Sequence[str]) -> None:
        self.columns = columns
        self._widths = _fitting(
            {
                column: max([len(column), *(len(shown(record.get(column))) for record in records)])
                for column in columns
            }
        )
        self._numeric = {
            column: all(_is_number_or_absent(record.get(column)) for record in records) for column in columns
        }
        self.numeric = {
            column
            for column in columns
            if self._numeric[column] and any(record.get(column) is not None for record in records)
        }
        self.head = self._join(columns)

    def line(self, record: Record) -> str:
        """Return one record as a line."""
        return self._join([shown(record.get(column)) for column in self.columns])

    def _join(self, cells: Sequence[str]) -> str:
        fitted = []
        for column, cell in zip(self.columns, cells, strict=True):
            width = self._widths[column]
            cell = cell if len(cell) <= width else cell[: width - 1] + "…"
            fitted.append(cell.rjust(width) if self._numeric[column] else cell.ljust(width))
        return GAP.join(fitted).replace(" ", SPACE)


def _fitting(wanted: Mapping[str, int]) -> dict[str, int]:
    """Return widths of columns: what they want, the wide ones as far as the line has room."""
    widths = {column: min(width, WIDEST) for column, width in wanted.items()}
    room = LINE - sum(widths.values()) - len(GAP) * (len(widths) - 1)
    for column, width in wanted.items():
        more = max(min(width - widths[column], room), 0)
        widths[column] += more
        room -= more
    return widths


def _is_number_or_absent(value: Any) -> bool:
    return isinstance(value, int | float | None) and not isinstance(value, bool)
