"""The foot of a panel begins where the panel stands, names its file after the stage, and submits its form."""

import traitlets

from kit.parameters import Parameters, parameter
from kit.widgets import Footer, Panel, ParameterForm


class ScanParameters(Parameters):
    gain: float = parameter(2.5, "gain of the amplifier", gt=0)


class ScanPanel(Panel):
    kept = ("form", "time")
    time = traitlets.Float(2.0)

    def __init__(self):
        self.form = ParameterForm(ScanParameters)
        super().__init__()
        self.footer = Footer(self, "beam/scan", self.form)
        self.contain(self.form, self.footer)
        self.time = 3.0  # as a panel does when it shows its first record
        self.footer.begin()


def test_what_a_panel_does_while_it_is_made_is_no_step():
    panel = ScanPanel()
    assert panel.footer.keeper.steps == 0
    panel.form.set(gain=5.0)
    assert panel.footer.keeper.steps == 1
    panel.footer.keeper.undo()
    assert (panel.time, panel.form.values["gain"]) == (3.0, 2.5)


def test_its_file_and_its_stage_are_those_of_the_panel():
    panel = ScanPanel()
    assert panel.footer.keeper.file.value == "outputs/panels/beam_scan.json"
    assert panel.footer.handover.stage == "beam/scan"
    panel.form.set(gain=5.0)
    assert panel.footer.handover.checked().gain == 5.0


def test_in_a_static_picture_it_takes_no_place():
    assert "scan" not in Panel([ScanPanel()], interactive=False).static()["text/html"]


def test_closing_it_leaves_nothing_at_work():
    panel = ScanPanel()
    panel.footer.close()
    assert panel.footer.handover.runner.status == "idle"


def test_a_panel_that_submits_in_its_own_way_has_nothing_to_submit_here():
    panel = ScanPanel()
    footer = Footer(panel, "beam/look")
    assert footer.handover is None
    footer.close()


def test_a_panel_without_a_form_hands_over_and_copies_what_it_stands_for():
    panel = ScanPanel()
    footer = Footer(panel, "beam/scan", parameters=lambda: ScanParameters.build({"gain": panel.time}, "panel"))
    copy, text = footer.handover.copy, footer.handover.text
    copy.click()
    assert (text.value, text.layout.display) == ("gain: 3.0\n", "")
    panel.time = -1.0
    copy.click()
    assert "gain is -1.0" in footer.handover.error
    assert text.layout.display == "none"
    footer.close()
