"""Conditions on columns of numbers, as people write them: ``et > 20 and abs(eta) < 1.4``, worked out for all rows.

The text is parsed, never executed: only numbers, names of columns, arithmetic, comparisons, ``and``, ``or``,
``not`` and a few functions mean something. What stands side by side must all hold, ``=`` compares, ``yes`` and
``no`` are values: ``et>20 matched=yes``.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import wording

__all__ = ["FUNCTIONS", "LONGEST", "Condition"]

Column = npt.NDArray[Any]
LONGEST = 500  # characters; nobody reads a longer one, and Python's parser has limits of its own

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "log": np.log,
    "log10": np.log10,
    "exp": np.exp,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "sin": np.sin,
    "cos": np.cos,
    "min": np.minimum,
    "max": np.maximum,
}
PAIRS = ("min", "max")  # these take two numbers, the others one
ARITHMETIC: dict[type, Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
LOGIC: dict[type, np.ufunc] = {ast.And: np.logical_and, ast.Or: np.logical_or}
SPELLINGS = {"=": "==", "&": "and", "|": "or", "~": "not"}  # Python's | binds closer than its comparisons
COMPARISONS: dict[type, Callable[..., Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
VALUES = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}


class Condition:
    """A condition on the rows of a table.

    Parameters
    ----------
    text : str
        What must hold; empty holds for all rows.
    columns : iterable of str
        Names that it may use.

    Attributes
    ----------
    names : set of str
        The columns that it uses.

    Raises
    ------
    ValueError
        Naming what is no column or function, or cannot be read.

    Examples
    --------
    >>> Condition("et>20 matched=yes", ["et", "matched"]).names == {"et", "matched"}
    True
    """

    def __init__(self, text: str, columns: Iterable[str]) -> None:
        self.text, self._columns = text.strip(), list(columns)
        self.names: set[str] = set()
        self._tree = self._parsed() if self.text else None
        if self._tree is not None:
            self._check(self._tree)

    def holds(self, table: Mapping[str, Column], rows: int) -> npt.NDArray[np.bool_]:
        """Return which of so many rows of a table it holds for; what is no number compares with nothing.

        Raises
        ------
        ValueError
            If the text is no condition but a number.
        """
        if self._tree is None:
            return np.ones(rows, np.bool_)
        with np.errstate(all="ignore"):
            found = np.asarray(self._value(self._tree, table))
        if found.dtype != np.bool_:
            message = f"{self.text} is a number, should be a condition such as {self.text} > 0"
            raise ValueError(message)
        return np.broadcast_to(found, rows).copy()

    def _parsed(self) -> ast.expr:
        if len(self.text) > LONGEST:
            message = f"the condition has {len(self.text)} characters, should have at most {LONGEST}"
            raise ValueError(message)
        try:
            return ast.parse(_as_python(self.text), mode="eval").body
        except (SyntaxError, tokenize.TokenError, RecursionError, MemoryError):
            message = f"{self.text} cannot be read, should be such as et>20 and abs(eta)<1.4"
            raise ValueError(message) from None

    def _check(self, node: ast.expr) -> None:
        """Refuse what has no meaning here, and note which columns are used."""
        match node:
            case ast.Constant(value=int() | float()):
                return
            case ast.Name(id=name):
                self._check_name(name)
                return
            case ast.Call(func=ast.Name(id=name), args=values, keywords=[]):
                self._check_call(name, values)
            case ast.UnaryOp(op=sign, operand=value) if type(sign) in (*ARITHMETIC, ast.Not):
                values = [value]
            case ast.BinOp(op=sign, left=left, right=right) if type(sign) in ARITHMETIC:
                values = [left, right]
            case ast.BoolOp(values=values):
                pass
            case ast.Compare(left=left, ops=signs, comparators=others) if {
                *map(type, signs)
            } <= COMPARISONS.keys():
                values = [left, *others]
            case _:
                message = f"{self.text}: {ast.unparse(node)} has no meaning here"
                raise ValueError(message)
        for value in values:
            self._check(value)

    def _check_name(self, name: str) -> None:
        if name in self._columns:
            self.names.add(name)
        elif name not in VALUES:
            hint = wording.suggestion(name, self._columns)
            message = f"{name} is no column, should be one of {', '.join(self._columns)}{hint}"
            raise ValueError(message)

    def _check_call(self, name: str, values: list[ast.expr]) -> None:
        if name not in FUNCTIONS:
            message = f"{name} is no function, should be one of {', '.join(FUNCTIONS)}"
            raise ValueError(message)
        wanted = 2 if name in PAIRS else 1
        if len(values) != wanted:
            message = f"{name} is given {len(values)} numbers, should be given {wanted}"
            raise ValueError(message)

    def _value(self, node: ast.expr, table: Mapping[str, Column]) -> Any:
        match node:
            case ast.Constant(value=value):
                return np.float64(value)  # type: ignore[arg-type]
            case ast.Name(id=name):
                return _number_or_flag(table[name]) if name in self.names else np.float64(VALUES[name])
            case ast.Call(func=ast.Name(id=name), args=values):
                return FUNCTIONS[name](*(_number(self._value(value, table)) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=value):
                return ~self._flag(value, table)
            case ast.UnaryOp(op=sign, operand=value):
                return ARITHMETIC[type(sign)](_number(self._value(value, table)))
            case ast.BinOp(op=sign, left=left, right=right):
                return ARITHMETIC[type(sign)](*(_number(self._value(value, table)) for value in (left, right)))
            case ast.BoolOp(op=sign, values=values):
                flags = [self._flag(value, table) for value in values]
                return LOGIC[type(sign)].reduce(np.broadcast_arrays(*flags))
            case ast.Compare(left=left, ops=signs, comparators=others):
                numbers = [_number(self._value(value, table)) for value in (left, *others)]
                told = [
                    COMPARISONS[type(sign)](one, other)
                    for sign, one, other in zip(signs, numbers, numbers[1:], strict=False)
                ]
                return np.logical_and.reduce(np.broadcast_arrays(*told))
        raise AssertionError(node)  # `_check` has refused all others

    def _flag(self, node: ast.expr, table: Mapping[str, Column]) -> Any:
        found = np.asarray(self._value(node, table))
        if found.dtype == np.bool_:
            return found
        message = f"{self.text}: {ast.unparse(node)} is a number, should be a condition"
        raise ValueError(message)


def _number_or_flag(values: Column) -> Column:
    return values if values.dtype == np.bool_ else values.astype(np.float64)


def _number(value: Any) -> Any:
    """Return a flag as 1 or 0, a number as it is."""
    return np.asarray(value).astype(np.float64)


def _as_python(text: str) -> str:
    """Return a condition as Python would write it: ``and`` between what stands side by side, ``==`` for ``=``."""
    words: list[str] = []
    ended = called = False  # whether a term has come to its end; and with a name, at this place
    end = (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            continue
        if token.type not in (tokenize.NAME, tokenize.NUMBER, tokenize.OP):
            raise tokenize.TokenError(token.string)
        word = SPELLINGS.get(token.string, token.string)
        term = token.type != tokenize.OP and not keyword.iskeyword(word)
        if ended and (term or word == "not" or (word == "(" and not (called and token.start == end))):
            words.append("and")
        words.append(word)
        ended, called, end = term or word == ")", term and token.type == tokenize.NAME, token.end
    return " ".join(words)
