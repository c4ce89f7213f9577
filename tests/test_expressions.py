"""Conditions on columns: what they mean, against Python's own words for the same, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.expressions import LONGEST, Condition

ET, ETA = np.array([5.0, 15, 25, 35]), np.array([-2.0, -1, 0.5, 3])
TABLE = {
    "et": ET,
    "eta": ETA,
    "matched": np.array([True, False, True, True]),
    "ncls": np.array([1, 2, 3, 4], "i2"),
}


def rows(text):
    return np.flatnonzero(Condition(text, TABLE).holds(TABLE, 4)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("et>20", [2, 3]),
        ("et > 10 and et <= 25", [1, 2]),
        ("10 < et <= 25", [1, 2]),
        ("et>10 matched=yes", [2, 3]),
        ("et>10   eta<1   ncls>=3", [2]),
        ("matched", [0, 2, 3]),
        ("not matched", [1]),
        ("matched=no", [1]),
        ("matched == false", [1]),
        ("abs(eta) > 1.5", [0, 3]),
        ("abs(eta)<1.5 (et<20 or ncls=3)", [1, 2]),
        ("et<10 or eta>1 and matched", [0, 3]),
        ("(et<10 | eta>1) & ~(ncls=4)", [0]),
        ("et / cosh(eta) > 8", [1, 2]),
        ("et % 10 = 5 ncls != 2", [0, 2, 3]),
        ("-eta > 0", [0, 1]),
        ("max(ncls, 3) = 3", [0, 1, 2]),
        ("sqrt(eta) >= 0", [2, 3]),
        ("2 ** ncls > 7", [2, 3]),
        ("et>1e1", [1, 2, 3]),
        ("yes = yes", [0, 1, 2, 3]),
        ("et>20 not matched", []),
        ("matched (et>20 or eta<-1)", [0, 2, 3]),
    ],
)
def test_what_a_condition_means(text, expected):
    assert rows(text) == expected


@given(st.floats(-50, 50), st.floats(-50, 50), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_comparisons_are_those_of_python(low, high, sign):
    wanted = [i for i in range(4) if eval(f"{ET[i]} {sign} {low} or {ETA[i]} * 2 - {high} {sign} {low}")]
    assert rows(f"et {sign} {low} or eta * 2 - {high} {sign} {low}") == wanted


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ett>3", r"ett is no column, should be one of et, eta, matched, ncls.*did you mean et"),
        ("et>", "et> cannot be read, should be such as et>20"),
        ("et>20)", "cannot be read"),
        ("et > 'a'", "cannot be read"),
        ("et +", "cannot be read"),
        ("et ; eta", "cannot be read"),
        ("et", "et is a number, should be a condition such as et > 0"),
        ("et and matched", "et is a number, should be a condition"),
        ("et.size > 1", "has no meaning here"),
        ("et[0] > 1", "has no meaning here"),
        ("(lambda: 1)() > 0", "has no meaning here|cannot be read"),
        ("__import__(os) > 0", "__import__ is no function, should be one of abs, sqrt"),
        ("open(et) > 0", "open is no function"),
        ("abs(et, eta) > 0", "abs is given 2 numbers, should be given 1"),
        ("abs(x=et) > 0", "x is no column"),
        ("et in matched", "has no meaning here"),
        ("et if matched else eta", "has no meaning here"),
        ("[et] > 1", "has no meaning here|cannot be read"),
        ("et := 3", "cannot be read|no meaning"),
        ("1j > 0", "has no meaning here"),
        ("(" * 240 + "et" + ")" * 240, "cannot be read|is a number"),
        ("et>1 " * 200, f"has {5 * 200 - 1} characters, should have at most {LONGEST}"),
    ],
)
def test_what_it_is_not(text, fault):
    with pytest.raises(ValueError, match=fault):
        rows(text)


def test_only_the_columns_that_are_needed_are_asked_for():
    condition = Condition("et>20 abs(eta)<1", TABLE)
    assert condition.names == {"et", "eta"}
    assert condition.holds({"et": ET, "eta": ETA}, 4).tolist() == [False, False, True, False]


def test_huge_powers_come_back_at_once():
    assert rows("9**9**9**9 > et") == [0, 1, 2, 3]


def test_what_is_not_a_number_holds_in_no_comparison():
    table = {"x": np.array([np.nan, 1.0])}
    assert Condition("x < 5", table).holds(table, 2).tolist() == [False, True]
    assert Condition("x >= 5 or x < 5", table).holds(table, 2).tolist() == [False, True]
