"""What a worker is told is read whole, or refused with file and line."""

import json

import pytest

from kit.batch.worker.orders import OrdersError, localised, read_orders, read_points


def test_settings_that_it_does_not_know_do_not_disturb_it(tmp_path):
    path = tmp_path / "worker.json"
    path.write_text(json.dumps({"code": "c", "round": "001", "name": "a.ipynb", "log": "x", "flavour": None}))
    orders = read_orders(path)
    assert (orders.code, orders.isolation, orders.guard) == ("c", "fork", True)


@pytest.mark.parametrize("text", ["", "[]", '{"code": "c"}'])
def test_settings_that_lack_something_are_refused(tmp_path, text):
    (tmp_path / "worker.json").write_text(text)
    with pytest.raises(OrdersError, match=r"worker\.json: "):
        read_orders(tmp_path / "worker.json")


def test_a_line_that_is_no_point_is_refused_with_its_number(tmp_path):
    path = tmp_path / "000000.jsonl"
    path.write_text('{"id": "a", "index": 0, "parameters": {}}\n{"id": "b"}\n')
    with pytest.raises(OrdersError, match=r"000000\.jsonl:2: .*should be a point"):
        read_points(path)


def test_paths_are_replaced_wherever_they_stand_and_nothing_else():
    names = {"/far/a": "/here/a"}
    value = {"one": "/far/a", "many": ["/far/a", "/far/b"], "deep": {"x": ["/far/a"]}, "number": 3}
    assert localised(value, names) == {
        "one": "/here/a", "many": ["/here/a", "/far/b"], "deep": {"x": ["/here/a"]}, "number": 3,
    }  # fmt: skip
