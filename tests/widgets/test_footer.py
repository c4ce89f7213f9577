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
    assert (panel.footer.handover.stage, panel.footer.handover.form) == ("beam/scan", panel.form)


def test_in_a_static_picture_it_takes_no_place():
    assert "scan" not in Panel([ScanPanel()], interactive=False).static()["text/html"]


def test_closing_it_leaves_nothing_at_work():
    panel = ScanPanel()
    panel.footer.close()
    assert panel.footer.handover.runner.status == "idle"


def test_a_panel_that_only_looks_has_nothing_to_submit():
    panel = ScanPanel()
    footer = Footer(panel, "beam/look")
    assert footer.handover is None
    footer.close()
