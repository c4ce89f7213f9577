"""Fields and attributes of the procedure's part are one."""

import pytest

from kit.hgcroc.panels.axis_panel import AxisPanel
from tests.hgcroc.hands import control, parameters_on

FIELDS = {"search": "vref", "numbers": "0-3", "values": "1, 2", "template": "target: {}", "name": "mine"}


@pytest.fixture
def panel():
    p = parameters_on()
    made = AxisPanel(lambda: p, lambda *_: None)
    yield made
    made.close()


@pytest.mark.parametrize(("name", "text"), FIELDS.items())
def test_a_field_and_its_attribute_are_one(panel, name, text):
    setattr(panel, name, text)
    assert control(panel, name).value == text
    control(panel, name).value = text + " "
    assert getattr(panel, name) == text + " "


def test_lists_follow_attributes_and_these_the_lists(panel):
    panel.chosen = 1
    assert control(panel, "axes").value == 1
    control(panel, "axes").value = 0
    assert panel.chosen == 0
    panel.rocs = ("roc_s2",)
    assert control(panel, "ROCs").value == ("roc_s2",)
    panel.search = "trim_tot"
    control(panel, "register").value = "cm.trim_tot"
    assert panel.register == "cm.trim_tot"
