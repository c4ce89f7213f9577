"""The controls of the panel follow its attributes, and these the controls."""

import pytest

from kit.hgcroc.acquisition import AcquisitionParameters
from kit.hgcroc.panel import ScanPanel
from kit.hgcroc.panel_controls import QUANTITIES
from kit.hgcroc.summaries import SUMMARY
from tests.conftest import PROJECT


@pytest.fixture
def panel():
    config = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "main.yaml")
    made = ScanPanel(AcquisitionParameters(config=config))
    yield made
    made.close()


def control(widget, words):
    """Return the control with this description."""
    for child in getattr(widget, "children", ()):
        if getattr(child, "description", None) == words:
            return child
        if (found := control(child, words)) is not None:
            return found
    return None


@pytest.mark.parametrize(
    ("name", "value"), [("quantity", "tot_median"), ("axis", 0), ("point", 5), ("search", "vref")]
)
def test_a_control_and_its_attribute_are_one(panel, name, value):
    setattr(panel, name, value)
    assert control(panel, name).value == value
    other = {"quantity": "adc_mean", "axis": -1, "point": -1, "search": "trim"}[name]
    control(panel, name).value = other
    assert getattr(panel, name) == other


def test_what_is_searched_can_be_chosen_and_tells_its_range(panel):
    panel.search = "phase_strobe"
    register = control(panel, "register")
    assert list(register.options) == ["Top.phase_strobe"]
    control(panel, "values").value = "1, 2"
    control(panel, "Add axis").click()
    assert panel.axes[0]["values"] == [1, 2]
    control(panel, "Remove axis").click()
    assert panel.axes == []


def test_what_a_field_does_not_mean_is_told(panel):
    panel.search = "no such register"
    control(panel, "Add axis").click()
    assert panel.error == "there is no register None"
    panel.search = "Calib"
    control(panel, "values").value = "many"
    control(panel, "Add axis").click()
    assert panel.error.startswith("'many' should be start:stop:step")


def test_quantities_are_columns_of_the_summary():
    assert set(QUANTITIES) <= set(SUMMARY)
