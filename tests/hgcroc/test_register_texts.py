"""Trees of registers as text: what is written reads back the same; everything else is left to YAML."""

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kit.hgcroc import messages
from kit.hgcroc.register_texts import read_tree, write_tree
from kit.hgcroc.registers import register_table

TABLE = register_table("ld")


def test_all_registers_of_a_board_read_back_also_by_yaml():
    tree = TABLE.tree(np.arange(TABLE.size), TABLE.reset)
    text = write_tree(tree)
    assert read_tree(text) == tree == yaml.safe_load(text)
    message = {"type": "get", "status": "send", "read_back": False, "args": tree}
    assert messages.load(messages.dump(message)) == message == yaml.safe_load(messages.dump(message))


@given(st.lists(st.integers(0, TABLE.size - 1), min_size=1, max_size=40, unique=True), st.data())
def test_any_registers_and_values_read_back(index, chosen):
    values = [chosen.draw(st.one_of(st.none(), st.integers(0, 1 << 40))) for _ in index]
    tree = TABLE.tree(index, np.array(values, dtype=object))
    assert read_tree(write_tree(tree)) == tree == yaml.safe_load(write_tree(tree))


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"roc_s0": {}},
        {"roc_s0": {"ch": {"all": {"x": 1}}}},
        {"roc_s0": {"ch": {0: {"x": -1}}}},
        {"roc_s0": {"ch": {0: {"x": True}}}},
        {"roc_s0": {"ch": {0: {"x": "1"}}}},
        {"roc_s0": {"ch": {0: {"on": 1}}}},
        {"roc_s0": {"sc": {"ch": {0: {"x": 1}}}}},
        {"no": {"ch": {0: {"x": 1}}}},
        {"roc s0": {"ch": {0: {"x": 1}}}},
    ],
)
def test_anything_else_is_left_to_yaml(tree):
    assert write_tree(tree) is None
    assert messages.load(messages.dump(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "roc_s0:\n  ch:\n    0: {x: 1, x: 2}\n",  # one name twice
        "roc_s0:\n  ch:\n    0: {x: 010}\n",
        "roc_s0:\n  ch:\n    0: {x: 1.5}\n",
        "roc_s0:\n   ch:\n    0: {x: 1}\n",
        "roc_s0:\n    0: {x: 1}\n",
        "roc_s0:\n  ch:\n    0: {on: 1}\n",
        "- 1\n",
        "roc_s0: {ch: {0: {x: 1}}}\n",
        "roc_s0:\n  ch:\n    0: {x: 1} # a word\n",
    ],
)
def test_a_text_that_is_written_otherwise_is_left_to_yaml(text):
    assert read_tree(text) is None
