"""A point is known by the code of its notebook and its values, by nothing else."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.batch.points import cell_codes, code_of, numbered, raw_lines, read_ids, read_point, write
from kit.batch.worker.identity import canonical, identity
from kit.files import FormatError
from kit.parameters import ParameterError


def cell(source, kind="code", **metadata):
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4}


def test_the_id_is_the_beginning_of_the_sum_over_code_and_values():
    text = '{"code":"abc","parameters":{"a":1,"b":0.1}}'
    assert identity("abc", {"b": 0.1, "a": 1}) == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_the_order_of_the_values_does_not_matter():
    assert identity("abc", {"a": 1, "b": 2}) == identity("abc", {"b": 2, "a": 1})


def test_prose_outputs_counts_and_metadata_do_not_change_the_code():
    plain = notebook(cell("# A", "markdown"), cell("x = 1", tags=["parameters"]), cell("x"))
    other = notebook(cell("# B", "markdown"), cell("x = 1", tags=["parameters"], collapsed=True), cell("x"))
    other["cells"][2] |= {"outputs": [{"output_type": "stream"}], "execution_count": 7}
    assert code_of(plain) == code_of(other)


@pytest.mark.parametrize("change", [{"source": "x = 2"}, {"metadata": {"tags": []}}])
def test_source_and_tags_of_a_code_cell_change_the_code(change):
    plain = notebook(cell("x = 1", tags=["parameters"]))
    changed = notebook(plain["cells"][0] | change)
    assert code_of(plain) != code_of(changed)


def test_a_source_stored_as_lines_is_the_same_code_as_one_stored_as_text():
    assert cell_codes(notebook(cell(["a = 1\n", "a"]))) == cell_codes(notebook(cell("a = 1\na")))


def test_the_same_point_twice_is_refused_with_both_positions():
    with pytest.raises(ParameterError, match=r"points 0 and 2 are the same: a=1"):
        numbered("abc", [{"a": 1}, {"a": 2}, {"a": 1}])


def test_repeated_points_have_ids_and_seeds_of_their_own():
    points = numbered("abc", [{"a": 1}], repeat=3, seed_parameter="seed")
    assert len({point.id for point in points}) == 3
    assert [point.parameters["seed"] for point in points] == [int(point.id[:8], 16) for point in points]


def test_a_seed_that_a_point_sets_stays():
    assert numbered("abc", [{"seed": 5}], seed_parameter="seed")[0].parameters == {"seed": 5}


VALUES = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    max_size=3,
)


@given(st.lists(VALUES, min_size=1, max_size=5, unique_by=canonical))
def test_what_is_written_reads_back_the_same(tmp_path_factory, sets):
    points = numbered("abc", sets)
    path = tmp_path_factory.mktemp("points") / "points.jsonl"
    write(path, points)
    assert read_ids(path) == [point.id for point in points]
    assert [read_point(path, index) for index in range(len(points))] == points
    assert b"".join(raw_lines(path, len(points))) == path.read_bytes()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda lines: [lines[0], lines[1][:30], lines[2]], r"points\.jsonl:2: was damaged; should be a point"),
        (lambda lines: [lines[0], bytes(len(lines[1])), lines[2]], r"points\.jsonl:2: was damaged"),
        (lambda lines: [*lines[:2], lines[2][:-1]], r"points\.jsonl:3: was damaged"),
        (lambda lines: lines[:2], r"points\.jsonl: has 2 lines, should have one for each of 3 points"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named(tmp_path, damage, told):
    path = tmp_path / "points.jsonl"
    write(path, numbered("abc", [{"a": number} for number in range(3)]))
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(FormatError, match=told):
        read_ids(path, 3)


def test_a_line_begins_with_the_id():
    line = numbered("abc", [{"a": 1}])[0].line()
    assert json.loads(line)["id"] == line[7:23]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_hold_has_no_id(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        identity("abc", {"a": value})
