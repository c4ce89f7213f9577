"""The parameters of the selection."""

from typing import Any, get_args

import pytest

from kit.opendata.schemas import SCHEMA_NAMES
from kit.opendata.selection import PT_MIN, SchemaName, Selection, selection_hash
from kit.parameters import ParameterError


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"pt_min": {"x": 5.0}}, r"pt_min: x is no type, should be one of e m j g t b"),
        ({"pt_min": {"e": -1.0}}, r"pt_min: e is -1.0, below 0.0"),
        ({"eta_max": {"j": -2.5}}, r"eta_max: j is -2.5, below 0.0"),
        ({"objects": []}, r"objects.*should name each type once, or be auto"),
        ({"objects": ["e", "e"]}, r"objects.*should name each type once, or be auto"),
        ({"objects": ["electrons"]}, r"objects is \['electrons'\]"),
        ({"schema": "2024r"}, r"schema is '2024r'.*did you mean 2024r-pp"),
        (
            {"final_state_types": [3, 2]},
            r"final_state_types: is \[3, 2\], should be two rising numbers from 1 to 6",
        ),
        ({"final_state_types": [1, 7]}, r"two rising numbers from 1 to 6"),
        ({"final_state_types": [1]}, r"two rising numbers from 1 to 6"),
        ({"job": 3, "jobs": 2}, r"job is 3, above jobs, 2"),
        ({"max_count": 10}, r"max_count is 10, above 9"),
        ({"relative_isolation_max": 0.0}, r"relative_isolation_max is 0.0, not above 0"),
        ({"inputs": []}, r"inputs has 0 values, should have at least 1"),
        ({"overlaping": True}, r"overlaping is not known"),
    ],
)
def test_what_cannot_be_used_is_refused(values: dict[str, Any], fault: str):
    with pytest.raises(ParameterError, match=fault):
        Selection.build(values)


def test_all_faults_of_a_map_are_told_at_once():
    with pytest.raises(ParameterError, match=r"(?s)x is no type.*e is -1.0, below 0.0.*max_count is 0"):
        Selection.build({"pt_min": {"x": 5.0, "e": -1.0}, "max_count": 0})


def test_the_schemas_on_offer_are_those_that_can_be_read():
    assert get_args(SchemaName) == ("auto", *SCHEMA_NAMES)


def test_the_hash_tells_what_is_selected_not_where_and_by_whom():
    same = selection_hash(Selection())
    elsewhere: list[dict[str, Any]] = [
        {"inputs": ["a"]}, {"job": 2, "jobs": 3}, {"workers": 2}, {"max_files": 1}, {"output": "x"},
        {"interactive": False}, {"pt_min": dict(reversed(PT_MIN.items()))},
    ]  # fmt: skip
    assert {selection_hash(Selection(**values)) for values in elsewhere} == {same}
    others: list[dict[str, Any]] = [
        {"pt_min": {}}, {"eta_max": {}}, {"max_count": 5}, {"jets_above_max": "cap"},
        {"final_state_types": [1, 5]}, {"objects": ["e"]}, {"relative_isolation_max": 0.1}, {"unit": "GeV"},
    ]  # fmt: skip
    assert len({same, *(selection_hash(Selection(**values)) for values in others)}) == 1 + len(others)
