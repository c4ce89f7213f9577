"""What a hand has set is taken back step by step, saved, and put back in another session."""

import json

import pytest
import traitlets

from kit.files import FormatError
from kit.parameters import Parameters, parameter
from kit.widgets import Browser, Keeper, Panel, ParameterForm

RECORDS = [{"name": f"spectrum {number}", "entries": number} for number in range(20)]


class ScanParameters(Parameters):
    gain: float = parameter(2.5, "gain of the amplifier", unit="mV/fC", gt=0, le=10)
    points: int = parameter(400, "points of the scan", ge=1)


class ScanPanel(Panel):
    kept = ("form", "browser", "time", "pixels")
    time = traitlets.Float(2.0)
    pixels = traitlets.Tuple(((1, 2),))

    def __init__(self):
        self.form, self.browser = ParameterForm(ScanParameters), Browser(RECORDS)
        super().__init__([self.form, self.browser])
        self.keeper = Keeper(self, "scan", pause=0.0)


@pytest.fixture
def panel():
    return ScanPanel()


def test_what_is_kept_is_plain_and_names_only_what_the_form_has_changed(panel):
    panel.form.set(gain=5.0)
    panel.browser.filter = "spectrum entries>3"
    panel.pixels = ((6, 10), (3, 4))
    assert json.loads(json.dumps(panel.kept_values())) == panel.kept_values()
    assert panel.kept_values() == {
        "form": {"gain": 5.0},
        "browser": {"filter": "spectrum entries>3", "order": "", "descending": False, "index": 0},
        "time": 2.0,
        "pixels": [[6, 10], [3, 4]],
    }


def test_a_saved_state_put_back_into_another_panel_is_the_same_state(panel):
    panel.form.set(gain=5.0, points=10)
    panel.browser.filter, panel.browser.order = "entries>3", "name"
    panel.browser.index = 4
    panel.time, panel.pixels = 7.5, ((6, 10),)
    panel.keeper.save()
    other = ScanPanel()
    other.form.set(points=3)
    other.keeper.load()
    assert other.kept_values() == panel.kept_values()
    assert other.pixels == ((6, 10),)
    assert other.form.parameters == panel.form.parameters
    assert other.browser.selected == panel.browser.selected


def test_each_change_is_taken_back_and_the_first_state_is_where_it_ends(panel):
    first = panel.kept_values()
    panel.form.set(gain=5.0)
    after_one = panel.kept_values()
    panel.time = 9.0
    panel.keeper.undo()
    assert panel.kept_values() == after_one
    panel.keeper.undo()
    assert panel.kept_values() == first
    assert panel.keeper.steps == 0
    assert panel.keeper.buttons.undo.disabled
    with pytest.raises(ValueError, match="nothing has been changed"):
        panel.keeper.undo()


def test_a_reset_of_the_form_is_taken_back(panel):
    panel.form.set(gain=5.0, points=10)
    panel.form.buttons.reset.click()
    assert panel.form.values["gain"] == 2.5
    panel.keeper.buttons.undo.click()
    assert (panel.form.values["gain"], panel.form.values["points"]) == (5.0, 10)


def test_a_value_that_cannot_be_used_is_kept_and_taken_back_like_any_other(panel):
    panel.form.set(gain=-1.0)
    assert panel.kept_values()["form"] == {"gain": -1.0}
    panel.keeper.undo()
    assert panel.form.faults == ()


def test_changes_in_quick_succession_are_one_step():
    panel = ScanPanel()
    keeper = Keeper(panel, "scan", pause=60.0)
    for moment in range(10):
        panel.time = float(moment) + 3
    assert keeper.steps == 1
    keeper.undo()
    assert panel.time == 2.0


def test_what_is_put_back_can_be_taken_back(panel):
    panel.keeper.save()
    panel.time = 5.0
    panel.keeper.buttons.put_back.click()
    assert panel.time == 2.0
    panel.keeper.undo()
    assert panel.time == 5.0


def test_nothing_that_is_remembered_grows_without_end(panel):
    for moment in range(250):
        panel.time = float(moment) + 3
    assert panel.keeper.steps == 100


def test_no_file_a_damaged_one_and_that_of_another_panel_are_told_in_the_panel(panel, tmp_path):
    keeper = panel.keeper
    keeper.buttons.put_back.click()
    assert "there is no outputs/panels/scan.json: save a state first" in keeper.error
    keeper.file.value = "damaged.json"
    (tmp_path / "damaged.json").write_text("{")
    keeper.buttons.put_back.click()
    assert isinstance(keeper.fault, FormatError)
    (tmp_path / "damaged.json").write_text('{"file": "a"}')
    keeper.buttons.put_back.click()
    assert keeper.error == "file is not kept by ScanPanel, should be one of form, browser, time, pixels"
    keeper.file.value = " "
    keeper.buttons.save.click()
    assert keeper.error == "state is empty, should be the path of a file"
    keeper.file.value = "good.json"
    keeper.buttons.save.click()
    assert keeper.error == ""
    assert (tmp_path / "good.json").is_file()
