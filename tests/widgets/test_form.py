from typing import Literal, Self

import pytest
from pydantic import model_validator

from kit.parameters import ParameterError, Parameters, parameter, read_yaml
from kit.widgets.form import ParameterForm

CLICK = {"event": "click"}  # what a front end sends


class MassParameters(Parameters):
    inputs: list[str] = parameter(["demo"], "files to read", min_length=1)
    bin_width: float = parameter(10.0, "width of a mass bin", unit="GeV", gt=0)
    mass_max: float = parameter(100.0, "end of the spectrum", unit="GeV", gt=0)
    grid: Literal["aligned", "linspace"] = parameter("aligned", "where bins begin")
    workers: int = parameter(1, "processes", ge=1, le=8)
    pt_min: dict[str, float] = parameter({"e": 10.0}, "smallest momentum", unit="GeV")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.mass_max % self.bin_width:
            message = f"mass_max is {self.mass_max} GeV, not a multiple of bin_width, {self.bin_width} GeV"
            raise ValueError(message)
        return self


@pytest.fixture
def form():
    return ParameterForm(MassParameters)


def test_a_fresh_form_holds_the_demo(form):
    assert form.parameters == MassParameters()
    assert form.faults == ()
    assert form.yaml == ""
    assert form.changed() == {}


def test_what_is_written_becomes_a_new_checked_set(form):
    start, seen = form.parameters, []
    form.observe(lambda change: seen.append(change.new), "parameters")
    form.controls.bin_width.field.set_state({"value": "5"})
    assert seen == [MassParameters(bin_width=5.0)]
    assert start.bin_width == 10.0


def test_a_value_that_cannot_be_used_is_a_fault_in_words_and_no_set(form):
    form.controls.bin_width.field.set_state({"value": "-1"})
    assert form.parameters is None
    assert form.faults == ("bin_width is -1 GeV, not above 0.0 GeV",)
    assert "not above" in form.controls.bin_width.fault
    alert = next(child for child in form.children if "kit-faults" in getattr(child, "_dom_classes", ()))
    assert alert.value.startswith('<div role="alert">one value cannot be used:')
    with pytest.raises(ParameterError, match="form: bin_width is -1 GeV"):
        form.checked()


def test_all_faults_are_told_at_once_each_beside_its_field(form):
    form.set(bin_width="wide", workers=9, pt_min={"e": "low"})
    assert form.faults == (
        "bin_width is 'wide', should be float in GeV",
        "workers is 9, above 8",
        "pt_min.e is 'low', should be float in GeV",
    )
    assert [name for name, control in vars(form.controls).items() if control.fault] == [
        "bin_width",
        "workers",
        "pt_min",
    ]


def test_a_fault_between_two_values_stands_beside_the_one_it_names_first(form):
    form.set(bin_width=30.0)
    assert form.controls.mass_max.fault == "mass_max is 100.0 GeV, not a multiple of bin_width, 30.0 GeV"
    assert form.controls.bin_width.fault == ""


def test_corrected_values_leave_no_fault_behind(form):
    form.set(bin_width=-1.0)
    form.controls.bin_width.value = 20.0
    assert form.parameters == MassParameters(bin_width=20.0)
    assert form.faults == ()
    assert form.controls.bin_width.fault == ""


def test_several_values_are_checked_once_together(form):
    seen = []
    form.observe(lambda change: seen.append(change.new), ["parameters", "faults"])
    form.set(bin_width=30.0, mass_max=90.0)
    assert seen == [MassParameters(bin_width=30.0, mass_max=90.0)]


def test_a_name_without_a_control_is_refused(form):
    with pytest.raises(ParameterError, match="form: bin_widht has no control in this form"):
        form.set(bin_widht=3.0)


def test_reset_goes_back_to_the_start_and_not_to_the_demo():
    start = MassParameters(bin_width=2.0)
    form = ParameterForm(start)
    form.set(bin_width=-1.0, grid="linspace")
    form.buttons.reset._handle_custom_msg(CLICK, [])
    assert form.parameters == start
    assert form.changed() == {"bin_width": 2.0}


def test_changed_tells_values_that_cannot_be_used_too(form):
    form.set(bin_width=-1.0, workers=2)
    assert form.changed() == {"bin_width": -1.0, "workers": 2}


def test_the_yaml_is_a_parameter_file_that_means_the_same(form, tmp_path):
    form.set(inputs=["2e9", "a, b"], bin_width=5.0, pt_min={"m": 3.0}, output="elsewhere")
    path = tmp_path / "it.yaml"
    path.write_text(form.yaml)
    assert MassParameters.build(read_yaml(path)).compared() == form.parameters.compared()
    assert "output" not in form.yaml


def test_there_is_no_yaml_of_faults(form):
    form.set(bin_width=-1.0)
    with pytest.raises(ParameterError, match="not above"):
        _ = form.yaml


def test_copy_shows_the_yaml_and_keeps_it_up_to_date(form):
    form.set(workers=2)
    form.buttons.copy._handle_custom_msg(CLICK, [])
    assert form.text.layout.display == ""
    assert form.text.value == "workers: 2\n"
    form.set(workers=3)
    assert form.text.value == "workers: 3\n"


def test_a_click_on_copy_with_faults_tells_them_in_the_panel(form):
    form.set(workers=0)
    form.buttons.copy._handle_custom_msg(CLICK, [])
    assert "workers is 0, below 1" in form.error


def test_a_file_is_shown_as_kit_run_would_understand_it(form, tmp_path):
    (tmp_path / "wide.yaml").write_text("bin_width: 20\ngrid: linspace\n")
    form.set(workers=3)
    form.file.value = "wide.yaml"
    form.buttons.load._handle_custom_msg(CLICK, [])
    assert form.parameters == MassParameters(bin_width=20.0, grid="linspace")
    assert form.error == ""


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("bin_widht: 2\n", r"it.yaml: bin_widht is not known \(did you mean bin_width\?\)"),
        ("bin_width: -2\n", "it.yaml: bin_width is -2 GeV, not above 0.0 GeV"),
        ("bin_width: [\n", "it.yaml:3: .*should be YAML"),
        (None, "No such file"),
    ],
)
def test_of_a_file_with_a_fault_nothing_is_taken(form, tmp_path, content, fault):
    if content:
        (tmp_path / "it.yaml").write_text("workers: 5\n" + content)
    with pytest.raises(ParameterError, match=fault):
        form.load("it.yaml")
    assert form.parameters == MassParameters()
    form.file.value = "it.yaml"
    form.buttons.load._handle_custom_msg(CLICK, [])
    assert form.error
    assert form.parameters == MassParameters()


def test_load_without_a_file_says_so(form):
    form.buttons.load.click()
    assert form.error == "file is empty, should be the path of a parameter file"


def test_hidden_parameters_have_no_control_and_keep_their_values():
    form = ParameterForm(MassParameters(output="here"), hidden=("output", "interactive"))
    assert not hasattr(form.controls, "output")
    form.reset()
    assert form.parameters.output == "here"


def test_the_common_parameters_stand_last_and_groups_have_headings():
    form = ParameterForm(MassParameters, groups={"Binning": ["mass_max", "bin_width"]})
    order = [getattr(child, "name", getattr(child, "value", "")) for child in form.children[1:10]]
    assert order == [
        "inputs",
        "grid",
        "workers",
        "pt_min",
        "Binning",
        "mass_max",
        "bin_width",
        "Where it is written, who watches",
        "output",
    ]


def test_groups_may_be_folded_and_hold_the_same_controls():
    groups = {"Binning": ["mass_max", "bin_width"]}
    form = ParameterForm(MassParameters, groups=groups, folded=True)
    (fold,) = [child for child in form.children if "kit-groups" in child._dom_classes]
    assert fold.titles[0] == "Binning"
    assert fold.selected_index is None
    assert list(fold.children[0].children) == [form.controls.mass_max, form.controls.bin_width]
    form.controls.bin_width.value = -1.0
    assert "bin_width" in form.faults[0]  # told outside the fold


def test_a_rule_that_breaks_is_told_and_not_swallowed():
    class Broken(Parameters):
        share: float = parameter(0.5, "share")

        @model_validator(mode="after")
        def _divide(self) -> Self:
            _ = 1 / self.share
            return self

    form = ParameterForm(Broken)
    form.controls.share.field.set_state({"value": "0"})
    assert form.error.startswith("ZeroDivisionError: ")


def test_without_a_front_end_it_is_the_table_of_its_parameters():
    form = ParameterForm(MassParameters, interactive=False)
    form.set(bin_width=5.0)
    bundle = form._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<b>5.0</b>" in bundle["text/html"]
    assert bundle["text/plain"] == "bin_width: 5.0\n"


def test_what_is_kept_is_what_differs_from_the_start_and_putting_it_back_resets_the_rest():
    form = ParameterForm(MassParameters(bin_width=5.0))
    form.set(workers=4, bin_width=20.0)
    kept = form.kept_values()
    assert kept == {"workers": 4, "bin_width": 20.0}
    form.set(grid="linspace", bin_width=-1.0)
    form.put_back(kept)
    assert form.parameters == MassParameters(workers=4, bin_width=20.0)
    with pytest.raises(ParameterError, match="bin_with has no control"):
        form.put_back({"bin_with": 5.0})
