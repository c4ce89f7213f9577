"""A worker knows its round and its points from two files, and names the spot where they cannot be used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.batch.worker.orders import Orders, OrdersError, Point, localised, read_orders, read_points


def test_orders_read_back_what_was_written_and_have_defaults_for_the_rest(tmp_path):
    path = tmp_path / "worker.json"
    path.write_text(json.dumps({"code": "c", "round": "002", "name": "a.ipynb", "guard": False, "log": "events"}))
    assert read_orders(path) == Orders("c", "002", "a.ipynb", guard=False)
    assert read_orders(path).isolation == "fork"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, r"worker\.json: .*No such file"),
        ("{", r"worker\.json: Expecting property name"),
        ('{"code": "c", "round": "001"}', r"worker\.json: .*missing .*'name'"),
        ("[]", r"worker\.json: 'list' object"),
        (b"\xff", r"worker\.json: .*can't decode"),
    ],
)
def test_orders_that_cannot_be_used_are_refused_by_name(tmp_path, text, told):
    path = tmp_path / "worker.json"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(OrdersError, match=told):
        read_orders(path)


@given(
    st.dictionaries(
        st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(st.text()), max_size=4
    )
)
def test_a_point_of_the_submission_reads_back_the_same_in_the_job(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("slice") / "000000.jsonl"
    sent = [Point(f"{index:016x}", index, values) for index in range(2)]
    path.write_text("".join(point.line() for point in sent), encoding="utf-8", newline="")
    assert read_points(path) == sent


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0c", "\r\n"])
def test_a_mark_inside_a_value_that_ends_lines_elsewhere_does_not_cut_the_point(tmp_path, mark):
    path = tmp_path / "000000.jsonl"
    path.write_text(Point("a", 0, {"title": f"one{mark}two"}).line(), encoding="utf-8")
    assert [point.parameters for point in read_points(path)] == [{"title": f"one{mark}two"}]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("{", r"000000\.jsonl:2: Expecting .*; should be a point"),
        ('{"id": "b"}', r"000000\.jsonl:2: .*missing 2 required .*; should be a point"),
        (
            '{"id": "b", "index": 1, "parameters": {}, "colour": 1}',
            r"000000\.jsonl:2: .*'colour'; should be a point",
        ),
        ("7", r"000000\.jsonl:2: .*; should be a point"),
    ],
)
def test_a_line_that_is_no_point_is_named_by_its_number(tmp_path, second, told):
    path = tmp_path / "000000.jsonl"
    path.write_text('{"id": "a", "index": 0, "parameters": {}}\n' + second + "\n")
    with pytest.raises(OrdersError, match=told):
        read_points(path)


def test_a_slice_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OrdersError, match=r"000120\.jsonl: No such file or directory"):
        read_points(tmp_path / "000120.jsonl")


def test_paths_are_replaced_at_any_depth_whole_texts_only_and_nothing_else_changes():
    value = {"inputs": ["/far/a.root", "/far/a.root.old", 3], "map": {"/far/a.root": "/far/a.root"}, "x": 1.5}
    assert localised(value, {"/far/a.root": "/here/a.root"}) == {
        "inputs": ["/here/a.root", "/far/a.root.old", 3],
        "map": {"/here/a.root": "/here/a.root"},
        "x": 1.5,
    }
    assert localised(value, {}) == value
