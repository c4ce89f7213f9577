"""A point is known by its code and its values, wherever it is made."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.batch.worker.identity import SHORT, canonical, digest, identity

WORKER = Path(__file__).resolve().parents[3] / "kit" / "batch" / "worker"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_the_canonical_form_reads_back_the_same(value):
    assert json.loads(canonical(value)) == value


def test_the_canonical_form_has_sorted_keys_no_blanks_short_floats_and_plain_letters():
    assert canonical({"b": [0.1, 1e22, 2], "a": {"d": None, "c": "Größe"}}) == (
        '{"a":{"c":"Größe","d":null},"b":[0.1,1e+22,2]}'
    )
    assert canonical({"b": 1, "a": 2}, sort=False) == '{"b":1,"a":2}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_what_json_does_not_know_has_no_canonical_form(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(value)


def test_the_digest_is_the_sha256_of_its_published_test_vector():
    """The message ``abc`` of FIPS 180-4, its example."""
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_an_id_is_16_digits_of_the_sha256_of_code_and_parameters():
    whole = hashlib.sha256('{"code":"c","parameters":{"x":1.5,"y":"µ"}}'.encode()).hexdigest()
    assert identity("c", {"y": "µ", "x": 1.5}) == whole[:16]
    assert SHORT == 16


def test_code_values_their_types_and_the_repetition_each_make_another_point():
    made = [
        identity("c", {"x": 1}),
        identity("d", {"x": 1}),
        identity("c", {"x": 1.0}),
        identity("c", {"x": "1"}),
        identity("c", {"x": True}),
        identity("c", {"x": 1}, 0),
        identity("c", {"x": 1}, 1),
    ]
    assert len(set(made)) == len(made)


def test_a_job_without_the_kit_gives_a_point_the_same_id():
    program = "from worker.identity import identity; print(identity('c', {'x': [0.1, 'ä']}))"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(WORKER.parent)!r}); {program}"],
        capture_output=True, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    assert answer.stdout.strip() == identity("c", {"x": [0.1, "ä"]})
