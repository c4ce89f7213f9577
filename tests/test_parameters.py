"""One set of names, types and bounds, whether values come from a cell, from YAML or from a command line."""

import re
import sys
from typing import Literal

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kit import wording
from kit.parameters import ParameterError, Parameters, model_named, parameter, read_yaml

words = st.text(st.characters(exclude_categories=["Cs"]))
printable = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]))
floats = st.floats(allow_nan=False, allow_infinity=False)
writes_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Selection(Parameters):
    inputs: list[str] = parameter(["demo"], "files to read")
    bin_width: float = parameter(10.0, "width of a mass bin", unit="GeV", gt=0)
    events: int | None = parameter(None, "events to read at most", ge=0)
    objects: Literal["auto"] | list[Literal["e", "m", "j"]] = parameter("auto", "what to combine")
    cuts: dict[str, float] = parameter({"e": 25.0}, "least transverse momentum", unit="GeV")
    title: str = parameter("", "what to call it")
    keep: bool = parameter(False, "keep every mass")


def selections(texts):
    return st.fixed_dictionaries(
        {},
        optional={
            "inputs": st.lists(texts),
            "bin_width": st.floats(min_value=1e-300, allow_infinity=False),
            "events": st.none() | st.integers(min_value=0),
            "objects": st.just("auto") | st.lists(st.sampled_from(["e", "m", "j"])),
            "cuts": st.dictionaries(texts, floats),
            "title": texts,
            "keep": st.booleans(),
        },
    ).map(Selection.build)


class Dumper(yaml.SafeDumper):
    """Writes words in quotes where the kit would read numbers."""

    yaml_implicit_resolvers = wording.Loader.yaml_implicit_resolvers


@given(selections(words))
def test_what_a_cell_says_is_what_the_parameters_are(wanted):
    source = "\n".join(f"{name} = {wording.literal(value)}" for name, value in wanted.model_dump().items())
    namespace = {}
    exec(source, namespace)
    assert Selection.from_cell(namespace) == wanted


@writes_files
@given(selections(printable))
def test_what_a_parameter_file_says_is_what_the_parameters_are(tmp_path, wanted):
    path = tmp_path / "a file.yaml"
    path.write_text(yaml.dump(wanted.model_dump(), Dumper=Dumper, allow_unicode=True), encoding="utf-8")
    assert Selection.build(read_yaml(path)) == wanted


@given(selections(printable))
def test_what_a_command_line_says_is_what_the_parameters_are(wanted):
    texts = {
        name: value
        if isinstance(value, str)
        else yaml.dump(value, Dumper=Dumper, default_flow_style=True, allow_unicode=True, width=10**6)
        for name, value in wanted.model_dump().items()
    }
    parsed = {name: Selection.from_text(name, text.removesuffix("\n...\n")) for name, text in texts.items()}
    assert Selection.build(parsed) == wanted


def test_the_cell_of_a_class_sets_its_defaults():
    namespace = {}
    exec(Selection.cell(), namespace)
    assert Selection.from_cell(namespace) == Selection()
    assert Selection().changed() == {}


def test_the_cell_is_one_line_for_each_name_with_type_unit_and_meaning():
    assert Selection.cell().splitlines()[:4] == [
        'inputs: list[str] = ["demo"]  # files to read',
        "bin_width: float = 10.0  # GeV, width of a mass bin (> 0)",
        'events: "int or None" = None  # events to read at most (≥ 0)',
        'objects: "str or list[str]" = "auto"  # what to combine (auto)',
    ]


def test_papermills_help_shows_name_type_unit_and_meaning_of_each_parameter(make_notebook, python):
    notebook = make_notebook("selection.ipynb", ("parameters", Selection.cell()))
    process = python("-m", "papermill", "--help-notebook", str(notebook))
    told, _ = process.communicate(timeout=60)
    for name, field in Selection.declared():
        line = re.escape(f"{name}: {wording.type_text(field.annotation)} (default")
        assert re.search(rf"{line}.*\)\s+{re.escape(wording.explain(field))}", told), told


def test_numbers_of_numpy_and_tuples_are_taken_as_plain():
    made = Selection.build({"bin_width": np.float64(2.5), "events": np.int64(3), "inputs": ("a", "b")})
    assert made == Selection.build({"bin_width": 2.5, "events": 3, "inputs": ["a", "b"]})


def test_an_integer_is_taken_for_a_float_but_not_the_other_way():
    assert Selection.build({"bin_width": 2}).bin_width == 2.0
    with pytest.raises(ParameterError, match=r"events is 2\.0, should be int or None"):
        Selection.build({"events": 2.0})


def test_all_faults_are_told_at_once_each_with_its_unit_and_a_suggestion():
    with pytest.raises(ParameterError) as refused:
        Selection.build({"bin_widht": 5, "bin_width": -1.0, "events": "many"}, "selection.yaml")
    assert str(refused.value).splitlines() == [
        "selection.yaml: 3 values cannot be used:",
        "  bin_width is -1.0 GeV, not above 0.0 GeV",
        "  events is 'many', should be int or None",
        "  bin_widht is not known (did you mean bin_width?)",
    ]


def test_a_cell_with_a_misspelt_name_is_refused():
    with pytest.raises(ParameterError, match=r"cell: bin_widht is not known \(did you mean bin_width\?\)"):
        Selection.from_cell({"bin_widht": 5.0})


def test_other_names_of_a_live_notebook_are_left_alone():
    namespace = {"In": [], "Out": {}, "_": 1, "masses": [1.0], "np": np, "run": 3, "bin_width": 2.0}
    assert Selection.from_cell(namespace) == Selection(bin_width=2.0)


def test_parameters_cannot_be_changed_but_a_new_checked_set_can_be_made():
    one = Selection()
    with pytest.raises(ValidationError, match="frozen"):
        one.bin_width = 5.0
    assert one.with_values(bin_width=5.0).changed() == {"bin_width": 5.0}
    with pytest.raises(ParameterError, match="not above"):
        one.with_values(bin_width=0.0)


def test_two_sets_never_share_a_list():
    Selection().inputs.append("a.root")
    assert Selection().inputs == ["demo"]


def test_where_a_run_is_written_and_who_watches_is_not_compared():
    one, other = Selection(output="a", interactive=False), Selection(output="b")
    assert one.compared() == other.compared()
    assert Selection(title="c").compared() != other.compared()


def test_the_table_of_a_notebook_shows_changed_values_bold_and_escapes_them():
    shown = Selection(title="<i>")._repr_html_()
    assert "<b>&quot;&lt;i&gt;&quot;</b>" in shown
    assert "<i>" not in shown
    assert "<td style='text-align:left'>10.0</td><td style='text-align:left'>GeV</td>" in shown


@pytest.mark.parametrize(
    ("default", "meaning", "unit"), [("a=b", "m", ""), ("#1", "m", ""), (1, "a = b", ""), (1, "m", "#")]
)
def test_a_sign_at_which_papermill_stops_reading_is_refused(default, meaning, unit):
    with pytest.raises(ValueError, match="must do without '=', '#' and line breaks"):
        parameter(default, meaning, unit=unit)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2\n", r":2: a stands twice"),
        ("a: 1\n\tb: 2\n", r":2: found character '\\t'"),
        ("- 1\n- 2\n", r": holds a list, should be a map, one `name: value` a line"),
        ("just words\n", r": holds a str, should be a map"),
        ("1: 2\n", r": 1 stands where a name should be"),
        ("? [a]\n: 2\n", r":1: found unhashable key"),
        ("a: [1, 2\nb: 3\n", r":2: did not find expected|:2: expected"),
        ("a: !!python/object:os.system x\n", r":1: could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", r":2: but found another document"),
        ("a: !!int x\n", r": invalid literal"),
        ("\xff\xfe", r": 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_file_that_is_no_flat_map_is_refused_with_its_line(tmp_path, text, told):
    path = tmp_path / "values.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ParameterError, match=re.escape(str(path)) + f"({told})"):
        read_yaml(path)


def test_a_parameter_file_that_cannot_be_read_is_refused_by_name(tmp_path):
    with pytest.raises(ParameterError, match=r"nothing\.yaml: No such file"):
        read_yaml(tmp_path / "nothing.yaml")
    with pytest.raises(ParameterError, match="Is a directory"):
        read_yaml(tmp_path)


def test_an_empty_parameter_file_changes_nothing(tmp_path):
    (tmp_path / "empty.yaml").write_text("# bin_width: 5.0\n")
    assert read_yaml(tmp_path / "empty.yaml") == {}


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "someones.py").write_text(
        "from kit.parameters import Parameters\nclass Beam(Parameters): pass\nclass Other: pass\n"
    )
    yield "someones"
    sys.modules.pop("someones", None)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from someones import Beam\np = Beam.from_cell(globals())", "Beam"),
        ("from someones import Other, Beam as B\np = B.from_cell(globals())", "Beam"),
        ("from someones import Beam\np = Beam()", None),
        ("from someones import Other\np = Other.from_cell(globals())", None),
        ("from someones import Nobody\np = Nobody.from_cell(globals())", None),
        ("from no_such_module import Beam\np = Beam.from_cell(globals())", None),
        ("from .someones import Beam\np = Beam.from_cell(globals())", None),
        ("%matplotlib inline", None),
        ("", None),
    ],
)
def test_the_class_behind_a_cell_is_the_one_whose_from_cell_it_calls(module, source, name):
    model = model_named(source)
    assert (model and model.__name__) == name


@pytest.mark.parametrize("source", ["from kit.parameters import Nobody", "from kit.nothing import Nobody"])
def test_a_class_that_the_kit_does_not_have_is_refused(source):
    with pytest.raises(ParameterError, match=r"Nobody cannot be imported from kit\.(parameters|nothing)"):
        model_named(f"{source}\np = Nobody.from_cell(globals())")


class Window(Parameters):
    low: float = parameter(0.0, "lower edge", unit="GeV")
    high: float = parameter(10.0, "upper edge", unit="GeV")
    count: int = parameter(1, "windows", ge=1)

    def contradictions(self):
        if self.low > self.high:
            yield f"low is {self.low} GeV, above high, {self.high} GeV"
        if self.count > 3 and self.low < 0:
            yield f"count is {self.count}, above 3 for low below 0 GeV"


def test_contradictions_are_told_beside_misspelt_names_and_bad_values():
    with pytest.raises(ParameterError) as refused:
        Window.build({"low": 20.0, "hihg": 3.0, "count": 0})
    assert str(refused.value) == (
        "parameters: 3 values cannot be used:\n"
        "  count is 0, below 1\n"
        "  hihg is not known (did you mean high?)\n"
        "  low is 20.0 GeV, above high, 10.0 GeV"
    )


def test_a_contradiction_with_a_value_that_is_bad_itself_is_not_told():
    with pytest.raises(ParameterError, match=r"^parameters: high is 'x', should be float in GeV$"):
        Window.build({"low": 20.0, "high": "x"})


def test_all_contradictions_of_good_values_are_told():
    with pytest.raises(ParameterError, match=r"2 values cannot be used:\n  low is -1.0.*\n  count is 4"):
        Window.build({"low": -1.0, "high": -2.0, "count": 4})
