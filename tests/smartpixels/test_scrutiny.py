"""A cluster read line by line: what is taken, and how each fault is named."""

import numpy as np
import pytest

from kit.smartpixels.pixelav import cluster_text
from kit.smartpixels.scrutiny import DamageError, Scrutiny, examine
from tests.smartpixels import samples

CHARGE = np.arange(2 * 3 * 4).reshape(2, 3, 4) / 10
TEXT = cluster_text(samples.flat(CHARGE))
LINES = TEXT.split(b"\n")[:-1]
FULL = Scrutiny(7, rows=2, columns=3, slices=4, step=10.0, fields=9)


def changed(line: int, text: bytes | None, expected: Scrutiny = FULL):
    """Examine the cluster with one line replaced, or left out."""
    lines = [*LINES]
    lines[line : line + 1] = [] if text is None else text.split(b"\n")
    return examine(b"\n".join(lines) + b"\n", expected)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\n\n"),
        TEXT.replace(b"\n", b"  \n"),
        TEXT.replace(b" ", b"   "),
        TEXT.removesuffix(b"\n"),
        TEXT.replace(b"1.2", b"12e-1").replace(b"0.3", b"+.30"),
    ],
    ids=["as it is", "CRLF", "blank lines", "trailing blanks", "repeated blanks", "no final newline", "numbers"],
)
def test_ways_to_write_the_same_cluster(text):
    one = examine(text, FULL)
    np.testing.assert_array_equal(one.charge, CHARGE)
    assert one.metadata == [word.encode() for word in samples.flat(CHARGE).metadata]
    assert (one.layout.rows, one.layout.columns, one.layout.slices, one.layout.step) == (2, 3, 4, 10.0)


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, None, "the metadata of cluster 7 are missing: '<time slice 10.000000 ps>' stands in their place"),
        (1, b"1 2 3 4 5 6 7 8", "cluster 7 has 8 fields of metadata, should have 9 or more"),
        (1, b"1 2 3 4 5 6 7 8 9 10", "cluster 7 has 10 fields of metadata, the clusters before it have 9"),
        (1, b"1 2 3 4 5 six 7 8 9", "field 6 of the metadata of cluster 7 is 'six', should be a number"),
        (2, b"<time slice 11.000000 ps>", "time slice 1 of cluster 7 is at 11 ps, should be at 10 ps"),
        (5, b"<time slice 30.000000 ps>", "time slice 2 of cluster 7 is at 30 ps, should be at 20 ps"),
        (5, b"<something 20 ps>", "'<something 20 ps>' in cluster 7, should be '<time slice 1.000000 ps>'"),
        (3, b"0.0 0.4", "row 0 of time slice 1 of cluster 7 has 2 numbers, should have 3"),
        (7, b"1 2 3 4", "row 1 of time slice 2 of cluster 7 has 4 numbers, should have 3"),
        (6, None, "time slice 2 of cluster 7 has 1 rows, the first slice has 2"),
        (4, b"1 2 3\n1 2 3", "time slice 1 of cluster 7 has 3 rows, should have 2"),
        (6, b"0.1 nan 0.9", "column 1 of row 0 of time slice 2 of cluster 7 is 'nan', should be a number"),
        (6, b"0.1 0.5 -inf", "column 2 of row 0 of time slice 2 of cluster 7 is '-inf', should be a number"),
        (6, b"0.1 x 0.9", "column 1 of row 0 of time slice 2 of cluster 7 is 'x', should be a number"),
        (6, b"0.1 1e10 0.9", r"column 1 of row 0 of time slice 2 of cluster 7 is '1e10' e-, beyond 1e\+09 e-"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(line, text, message):
    with pytest.raises(DamageError, match=message) as fault:
        changed(line, text)
    assert abs(fault.value.line - line) <= 3


def test_the_line_of_a_fault_is_that_of_the_text():
    with pytest.raises(DamageError) as fault:
        changed(6, b"0.1 nan 0.9")
    assert fault.value.line == 6


def test_a_cluster_with_fewer_slices_says_so():
    with pytest.raises(DamageError, match=r"cluster 7 has 3 time slices, should have 4$"):
        examine(b"\n".join(LINES[:11]) + b"\n", FULL)


def test_a_cluster_with_more_slices_names_the_line_of_the_first_too_many():
    more = TEXT + b"<time slice 50.000000 ps>\n1 2 3\n4 5 6\n"
    with pytest.raises(DamageError, match="cluster 7 has 5 time slices, should have 4") as fault:
        examine(more, FULL)
    assert fault.value.line == len(LINES)


LAST = Scrutiny(7, rows=2, columns=3, slices=4, step=10.0, fields=9, last=True)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (-1, None),
        (-2, "cluster 7 ends inside the number '2.'"),
        (-3, "cluster 7 ends inside the number '2'"),
        (-4, r"row 1 of time slice 4 of cluster 7 has 2 numbers, should have 3: the file ends there"),
        (-12, r"time slice 4 of cluster 7 has 1 rows, the first slice has 2: the file ends there"),
        (-24, r"time slice 4 of cluster 7 has 0 rows, the first slice has 2: the file ends there"),
        (-50, "cluster 7 has 3 time slices, should have 4: the file ends there"),
    ],
)
def test_a_file_that_ends_early_is_refused_wherever_it_ends(cut, message):
    text = TEXT[:cut]
    if message is None:
        np.testing.assert_array_equal(examine(text, LAST).charge, CHARGE)
        return
    with pytest.raises(DamageError, match=message):
        examine(text, LAST)


def test_every_cut_of_a_cluster_is_refused_or_changes_nothing():
    for cut in range(len(b"<cluster>"), len(TEXT)):
        try:
            one = examine(TEXT[:cut], LAST)
        except DamageError:
            continue
        np.testing.assert_array_equal(one.charge, CHARGE)


def test_compat_takes_what_the_original_takes():
    lenient = Scrutiny(0, rows=2, columns=3, slices=4, step=10.0, fields=9, compat=True)
    one = changed(6, b"0.1 nan 0.9", lenient)
    assert np.isnan(one.charge[0, 1, 1])
    assert changed(5, b"<time slice 77.000000 ps>", lenient).layout.slices == 4
    assert examine(b"\n".join(LINES[:11]) + b"\n", lenient).layout.slices == 3
