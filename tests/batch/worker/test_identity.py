"""The same values make the same id, here and inside a job, in any order."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.batch.worker.identity import canonical, identity

VALUES = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4) | st.booleans(), max_size=4)


@given(VALUES)
def test_order_does_not_matter(values):
    turned = dict(reversed(values.items()))
    assert identity("abc", values) == identity("abc", turned)


def test_it_is_a_sum_that_anybody_can_form_again():
    text = '{"code":"abc","parameters":{"x":0.1},"repeat":2}'
    assert identity("abc", {"x": 0.1}, 2) == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_another_process_with_another_hash_seed_makes_the_same(python):
    code = "from kit.batch.worker.identity import identity; print(identity('abc', {'b': 1, 'a': 'η'}))"
    out, _ = python("-c", code).communicate()
    assert out.strip() == identity("abc", {"a": "η", "b": 1})


def test_code_values_and_repeat_tell_points_apart():
    ids = {identity("a", {"x": 1}), identity("b", {"x": 1}), identity("a", {"x": 2}), identity("a", {"x": 1}, 0)}
    assert len(ids) == 4


def test_whole_and_broken_numbers_are_different_values():
    assert canonical({"x": 1}) != canonical({"x": 1.0})


def test_what_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(float("inf"))
