"""The controls of the panel of windows."""

import pytest

from kit.ecal.panel_controls import Controls, energy_of, within

VIEW = {
    "filter": "et>3", "place": 4, "selected": 1, "threshold": 0.02, "outline": 7.5, "ringed": "shape",
    "logarithmic": False, "order": "score",
}  # fmt: skip
ROWS = [
    {"cluster": n, "in": True, "et": 3.0, "deta": 0.1, "dphi": -0.2, "why": "in: it is the seed"} for n in (1, 0)
]


@pytest.fixture
def heard():
    return []


@pytest.fixture
def controls(heard):
    return Controls(lambda name, value: heard.append((name, value)))


def test_to_show_a_view_does_nothing(controls, heard):
    controls.show(VIEW, ROWS, 9)
    assert heard == []
    assert (controls["filter"].value, controls["number"].value, controls["number"].max) == ("et>3", 5, 9)
    assert (controls["table"].value, controls["outline"].value) == (1, "7.5")
    assert [value for _, value in controls["table"].options] == [1, 0]
    assert controls["slider"].value == pytest.approx(0.02, rel=0.03)
    assert not controls["value"].disabled
    controls.show({**VIEW, "threshold": None}, ROWS, 9)
    assert controls["value"].disabled
    assert controls["fixed"].value


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("filter", "et>2", ("filter", "et>2")), ("table", 0, ("selected", 0)), ("value", 0.5, ("threshold", 0.5)),
     ("ringed", "mustache", ("ringed", "mustache")),
     ("order", "et", ("order", "et")), ("number", 2, ("number", 2))],
)  # fmt: skip
def test_what_a_person_sets_is_told(controls, heard, field, value, told):
    controls.show(VIEW, ROWS, 9)
    controls[field].value = value
    assert heard == [told]


def test_an_energy_is_a_number_above_zero_or_nothing():
    assert (energy_of(" 3.5 "), energy_of(" ")) == (3.5, None)
    for text in ("0", "-1", "nan", "inf", "much"):
        with pytest.raises(ValueError, match=f"mustache is {text}, should be a number above 0 GeV"):
            energy_of(text)


@pytest.mark.parametrize(
    ("name", "good", "bad", "text"),
    [
        ("threshold", (None, 0.0, 0.3, 1.0), (float("nan"), float("inf"), -1.0, 2.0), "within 0 and 1, or None"),
        ("outline", (None, 0.5), (float("nan"), float("inf"), -1.0, 0.0), "a number above 0 GeV, or None"),
        ("compared", (None, 0, 8), (-1, 9), "a number from 0 to below 9, the windows that there are, or None"),
    ],
)
def test_only_what_can_be_shown_is_within(name, good, bad, text):
    assert [within(name, value, 9) for value in good] == list(good)
    for value in bad:
        with pytest.raises(ValueError, match=f"^{name} is {value:g}, should be {text}$"):
            within(name, value, 9)
