"""Every fault of a value says what it is and what it should be, with its unit."""

from typing import Literal

import pytest
from pydantic import field_validator, model_validator

from kit.parameters import ParameterError, Parameters, parameter


class Beam(Parameters):
    files: list[str] = parameter(["demo"], "files to read", min_length=1, max_length=2)
    width: float = parameter(10.0, "width of a bin", unit="GeV", gt=0, le=100)
    events: int = parameter(3, "events to read", ge=0, lt=9)
    spot: float | None = parameter(None, "size of the spot", unit="mm", ge=1)
    title: str = parameter("", "what to call it", max_length=4)
    mode: Literal["fast", "slow"] = parameter("fast", "how to count")
    level: Literal[1, 2] = parameter(1, "how deep")
    objects: Literal["auto"] | list[Literal["e", "m"]] = parameter("auto", "what to combine")
    cuts: dict[str, float] = parameter({"e": 25.0}, "momentum cuts", unit="GeV")
    grid: list[list[float]] = parameter([], "corners")
    keep: bool = parameter(True, "keep them all")

    @field_validator("title")
    @classmethod
    def _without_spaces(cls, title):
        if " " in title:
            message = "has a space"
            raise ValueError(message)
        return title

    @model_validator(mode="after")
    def _lucky(self):
        if self.events == 7:
            message = "events is 7 and width is 10.0 GeV, together they bring no luck"
            raise ValueError(message)
        return self


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("files", [], "files has 0 values, should have at least 1"),
        ("files", ["a", "b", "c"], "files has 3 values, should have at most 2"),
        ("files", "a", "files is 'a', should be list[str]"),
        ("files", ["a", 1], "files[1] is 1, should be str"),
        ("width", 0, "width is 0 GeV, not above 0.0 GeV"),
        ("width", 101.0, "width is 101.0 GeV, above 100.0 GeV"),
        ("width", "5 GeV", "width is '5 GeV', should be float in GeV"),
        ("width", float("nan"), "width is nan, should be finite in GeV"),
        ("width", True, "width is True, should be float in GeV"),
        ("width", None, "width is None, should be float in GeV"),
        ("events", -1, "events is -1, below 0"),
        ("events", 9, "events is 9, not below 9"),
        ("events", 1.0, "events is 1.0, should be int"),
        ("spot", 0.5, "spot is 0.5 mm, below 1.0 mm"),
        ("spot", "x", "spot is 'x', should be float or None in mm"),
        ("title", "abcde", "title has 5 characters, should have at most 4"),
        ("title", "a b", "title: has a space"),
        ("title", "\udcff", "title is '\\udcff', should be str"),
        ("mode", "slwo", "mode is 'slwo', should be fast or slow (did you mean slow?)"),
        ("level", 3, "level is 3, should be 1 or 2"),
        ("objects", ["e", "x"], "objects is ['e', 'x'], should be auto or a list of e, m"),
        ("objects", "auot", "objects is 'auot', should be auto or a list of e, m (did you mean auto?)"),
        ("cuts", {"e": "x"}, "cuts.e is 'x', should be float in GeV"),
        ("cuts", {1: 2.0}, "cuts has the key 1, should be str"),
        ("grid", [[1, 2], [3, "a"]], "grid[1][1] is 'a', should be float"),
        ("keep", "yes", "keep is 'yes', should be bool"),
        ("events", 7, "events is 7 and width is 10.0 GeV, together they bring no luck"),
        ("widht", 5, "widht is not known (did you mean width?)"),
        ("zzz", 5, "zzz is not known"),
    ],
)
def test_a_fault_says_what_it_is_and_what_it_should_be(name, value, told):
    with pytest.raises(ParameterError) as refused:
        Beam.build({name: value}, "beam.yaml")
    assert str(refused.value) == f"beam.yaml: {told}"


def test_a_long_value_is_cut():
    with pytest.raises(ParameterError) as refused:
        Beam.build({"files": "x" * 10_000})
    assert len(str(refused.value)) < 300


def test_a_default_that_breaks_its_own_bounds_is_a_fault_too():
    class Wrong(Parameters):
        width: float = parameter(-1.0, "width of a bin", unit="GeV", gt=0)

    with pytest.raises(ParameterError, match=r"^here: width is -1\.0 GeV, not above 0\.0 GeV$"):
        Wrong.build({}, "here")
