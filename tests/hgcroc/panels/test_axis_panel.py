"""The procedure's part of the panel: search, fan-out, axes of every kind, files of both dialects."""

import pytest
import traitlets

from kit import files
from kit.hgcroc.panels.axis_panel import AxisPanel
from kit.hgcroc.panels.building import axis_values, axis_words
from kit.hgcroc.registers import register_table
from tests.hgcroc.hands import CONFIG, click, control, parameters_on
from tests.hgcroc.scans import FOLDERS
from tests.hgcroc.stands import CURRENT


@pytest.fixture
def make():
    """Return a function that makes the part on its own, with what it chooses."""
    made = []

    def panel_on(**changes):
        state = {"p": parameters_on(**changes)}

        def choose(config, procedure):
            state["p"] = state["p"].with_values(config=config, procedure=procedure)
            made[-1].load()

        made.append(AxisPanel(lambda: state["p"], choose))
        made[-1].state = state
        return made[-1]

    yield panel_on
    for panel in made:
        panel.close()


def test_it_begins_with_the_axes_of_the_procedure(make):
    panel = make()
    assert [words.split(":")[0] for words, _ in panel.controls.axes.options] == [
        "1  Top.phase_strobe of roc_s0 roc_s1 roc_s2, number 0",
        "2  ReferenceVoltage.Calib of roc_s0 roc_s1 roc_s2, number 0 1",
    ]
    assert panel.controls.procedure.options == ("injection_scan", "pedestal_scan")
    assert not panel.draft.changed


def test_registers_and_settings_are_searched_and_tell_their_range(make):
    panel = make()
    panel.programs = CURRENT
    control(panel, "search").value = "toa vref"
    assert panel.controls.register.options == ("ReferenceVoltage.Toa_vref",)
    assert panel.range.text == "0 to 1023, 112 after reset"
    panel.search = "nevents"
    assert panel.register == "daq.menus.calibAndL1A.NEvents"
    assert panel.range.text == "a setting of the acquisition programs"
    panel.search = "no such thing"
    assert panel.range.text == "nothing is found"
    click(panel, "Add axis")
    assert "there is no register ''" in panel.error
    panel.search = "phase_strobe"
    panel.limits = register_table("ld").maximum // 2
    panel.refresh()
    assert panel.range.text == "0 to 7 by the board's own description, 0 after reset"


def test_a_register_fans_out_by_the_controls_and_by_the_method(make):
    panel = make()
    panel.axes = []
    panel.search = "ch.trim_inv"
    control(panel, "ROCs").value = ("roc_s1",)
    control(panel, "numbers").value = "0-71:24"
    control(panel, "values").value = "lin 0 63 4"
    click(panel, "Add axis")
    panel.add("ch.trim_inv", "0, 21, 42, 63", rocs=["roc_s1"], numbers="0-71:24")
    assert panel.axes[0] == panel.axes[1] == {
        "key": ["target", ["roc_s1"], "ch", [0, 24, 48], "trim_inv"], "values": [0, 21, 42, 63],
    }  # fmt: skip
    assert panel.draft.changed
    assert "changed: it is saved when it is started" in panel.dialect.text
    control(panel, "values").value = "many"
    click(panel, "Add axis")
    assert panel.error.startswith("'many' should be start:stop:step")


def test_axes_are_moved_coupled_and_removed(make):
    panel = make()
    panel.axes = []
    for register, values in (("Top.phase_strobe", "0:4"), ("ReferenceVoltage.Calib", "0:100:50")):
        panel.add(register, values)
    panel.chosen = 1
    click(panel, "Slower")
    assert [axis["key"][-1] for axis in panel.axes] == ["Calib", "phase_strobe"]
    assert panel.chosen == 0
    panel.register, panel.values, panel.numbers = "ReferenceVoltage.Toa_vref", "100, 200", "1"
    click(panel, "Couple")
    assert axis_words(panel.axes[0]).startswith("Calib with Toa_vref: 2 values")
    panel.values = "1, 2, 3"
    click(panel, "Couple")
    assert panel.error == "axes that step together need as many values: 2 and 3"
    click(panel, "Remove axis")
    click(panel, "Remove axis")
    assert panel.axes == []
    click(panel, "Remove axis")
    assert panel.error == "there is no axis: add one"


def test_a_text_is_an_axis_too(make):
    panel = make()
    panel.axes = []
    panel.values = "3, 7"
    control(panel, "below it").value = "target: {roc_s0: {ch: { {{ value }}: {HighRange: 0}}}}"
    click(panel, "Add template")
    assert panel.axes[0]["values"] == [3, 7]
    assert set(panel.axes[0]) == {"template", "values", "default"}
    panel.add_template("target: {roc_s0: {Top: {0: {RunL: {{ value.a }}}}}}", "[{a: 0}, {a: 1}]")
    assert panel.axes[1]["values"] == [{"a": 0}, {"a": 1}]


@pytest.mark.parametrize("dialect", FOLDERS)
def test_files_of_both_dialects_are_opened_changed_and_saved(make, shared_data, dialect, tmp_path):
    main = str(shared_data / "hgcroc" / FOLDERS[dialect] / "main.yaml")
    panel = make()
    panel.open_file(main, "small2d")
    assert panel.draft.dialect == dialect
    assert [len(axis["key"]) for axis in panel.axes] == [5, 5]
    panel.add("ReferenceVoltage.Toa_vref", "100:300:100")
    path = panel.save(str(tmp_path / "mine.yaml"))
    assert (panel.state["p"].config, panel.state["p"].procedure) == (files.shown(path), "panel_scan")
    again = make(config=str(path), procedure="panel_scan")
    assert again.draft.dialect == dialect
    for axis, other in zip(again.axes, panel.axes, strict=True):
        assert (axis["key"], axis_values(axis)) == (other["key"], axis_values(other))
    assert not again.draft.changed


@pytest.mark.parametrize("axes", [[{"foo": 1}], "bla", [{"values": [1]}]])
def test_what_is_no_axis_is_refused(make, axes):
    panel = make()
    before = panel.axes
    with pytest.raises(traitlets.TraitError):
        panel.axes = axes
    assert panel.axes == before


def test_a_file_that_is_none_leaves_everything_as_it_is(make, tmp_path):
    panel = make()
    (tmp_path / "empty.yaml").write_text("procedures: []")
    control(panel, "main file").value = str(tmp_path / "empty.yaml")
    assert panel.error.endswith("empty.yaml: holds no daq procedure")
    control(panel, "main file").value = str(tmp_path / "none.yaml")
    assert "none.yaml: No such file or directory; should be a YAML file" in panel.error
    assert panel.state["p"].config == CONFIG
    control(panel, "procedure").value = "pedestal_scan"
    assert panel.axes[0]["key"][2] == "HalfWise"
