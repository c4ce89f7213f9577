"""What a person writes becomes the values of each point."""

import numpy as np
import pytest

from kit.batch.sweeps import expand, over
from kit.parameters import ParameterError, Parameters, parameter


class Model(Parameters):
    a: float = parameter(1.0, "a number")
    n: int = parameter(1, "a count")
    word: str = parameter("", "a word")
    inputs: list[str] = parameter(["demo"], "files")
    sizes: list[int] = parameter([1], "sizes")


@pytest.fixture
def files(tmp_path):
    for name in "abcde":
        (tmp_path / f"{name}.root").touch()
    return [str(tmp_path / f"{name}.root") for name in "abcde"]


def test_a_grid_is_the_product_the_last_name_running_fastest():
    assert expand({"grid": {"a": [1, 2], "n": [3, 4]}}, Model) == [
        {"a": 1, "n": 3}, {"a": 1, "n": 4}, {"a": 2, "n": 3}, {"a": 2, "n": 4},
    ]  # fmt: skip


def test_a_zip_goes_side_by_side():
    assert expand({"zip": {"a": [1, 2], "n": [3, 4]}}, Model) == [{"a": 1, "n": 3}, {"a": 2, "n": 4}]


def test_a_zip_of_unequal_lists_is_refused():
    with pytest.raises(ParameterError, match="zip needs lists of one length, has a with 2, n with 1"):
        expand({"zip": {"a": [1, 2], "n": [3]}}, Model)


def test_grid_zip_and_single_names_multiply():
    assert (
        len(expand({"grid": {"a": [1, 2]}, "zip": {"n": [1, 2], "word": ["x", "y"]}, "sizes": [[1], [2]]}, Model))
        == 8
    )


def test_linspace_and_logspace_are_numpys():
    points = expand({"grid": {"a": {"linspace": [0, 1, 5]}}}, Model)
    assert [point["a"] for point in points] == pytest.approx(np.linspace(0, 1, 5))
    points = expand({"grid": {"a": {"logspace": [-1, 2, 4]}}}, Model)
    assert [point["a"] for point in points] == pytest.approx(np.logspace(-1, 2, 4))
    points = expand({"grid": {"a": {"geomspace": [1, 1000, 4]}}}, Model)
    assert [point["a"] for point in points] == pytest.approx(np.geomspace(1, 1000, 4))


def test_a_range_has_its_ends_and_no_dust_of_binary_fractions():
    assert [point["a"] for point in expand({"a": {"range": [0, 1, 0.1]}}, Model)] == [n / 10 for n in range(11)]
    assert [point["n"] for point in expand({"n": {"range": [1, 3]}}, Model)] == [1, 2, 3]


@pytest.mark.parametrize("ends", [[1, 2, 0], [2, 1, 1]])
def test_what_is_no_range_is_refused(ends):
    with pytest.raises(ParameterError, match="is no range"):
        expand({"a": {"range": ends}}, Model)


@pytest.mark.parametrize("spec", [{"range": [1, 1_000_000_000]}, {"linspace": [0, 1, 1_000_000_000]}])
def test_what_has_too_many_values_is_refused_with_the_number_and_the_most(spec):
    with pytest.raises(ParameterError, match="has 1000000000 values, should have at most 10000000"):
        expand({"a": spec}, Model)


@pytest.mark.parametrize("spec", [{"linspace": [1, 2]}, {"geomspace": [-1, 1, 3]}, {"bins": 3}, 5, []])
def test_values_that_cannot_be_understood_are_refused_with_their_name(spec):
    with pytest.raises(ParameterError, match=r"a is|of a"):
        expand({"grid": {"a": spec}}, Model)


def test_numpy_arrays_and_python_ranges_are_lists():
    assert expand({"grid": {"n": np.arange(3)}}, Model) == expand({"grid": {"n": range(3)}}, Model)


def test_files_go_one_by_one_or_in_bundles(files):
    assert [point["word"] for point in expand({"word": {"files": "*.root"}}, Model)] == files
    assert [point["inputs"] for point in expand({"inputs": {"files": "*.root", "bundle": 2}}, Model)] == [
        files[:2], files[2:4], files[4:],
    ]  # fmt: skip


def test_a_text_file_lists_files(files, tmp_path):
    (tmp_path / "list.txt").write_text("# two of them\na.root\n\nb.root\n")
    assert expand({"inputs": {"files": "list.txt", "bundle": 5}}, Model) == [{"inputs": files[:2]}]


def test_a_pattern_without_a_match_is_refused(files):
    with pytest.raises(FileNotFoundError, match=r"no file matches \*\.nothing"):
        expand({"inputs": {"files": "*.nothing"}}, Model)


@pytest.mark.parametrize("empty", [[], {"grid": {"a": []}}])
def test_no_point_is_refused(empty):
    with pytest.raises(ParameterError, match=r"there is none|should be a list"):
        expand(empty, Model)


def test_a_list_of_other_things_is_refused_with_the_position():
    with pytest.raises(ParameterError, match="number 1 is 7, should be a map"):
        expand([{"a": 1}, 7], Model)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a=1,2,5", [1, 2, 5]),
        ("n=1..4", [1, 2, 3, 4]),
        ("a=0..1..0.25", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("a=1e-3,2", [1e-3, 2]),
        ("word=left,right", ["left", "right"]),
        ("sizes=[1,2],[3]", [[1, 2], [3]]),
        ("sizes=1,2", [[1], [2]]),
    ],
)
def test_the_command_line_speaks_lists_and_ranges(text, values):
    name = text.partition("=")[0]
    assert [point[name] for point in expand(over([text], Model), Model)] == values


def test_the_command_line_bundles_files(files, tmp_path):
    assert len(expand(over(["inputs=*.root"], Model, bundle=2), Model)) == 3
    (tmp_path / "list.txt").write_text("a.root\nb.root\n")
    assert expand(over(["inputs=@list.txt"], Model), Model) == [{"inputs": files[:1]}, {"inputs": files[1:2]}]


def test_a_list_file_gives_values_of_the_parameters_type(tmp_path):
    (tmp_path / "numbers.txt").write_text("1\n# no\n2.5\n")
    assert expand(over(["a=@numbers.txt"], Model), Model) == [{"a": 1}, {"a": 2.5}]


def test_several_multiply_or_go_in_pairs():
    assert len(expand(over(["a=1,2", "n=1,2"], Model), Model)) == 4
    assert len(expand(over(["a=1,2", "n=1,2"], Model, pairs=True), Model)) == 2


@pytest.mark.parametrize(("texts", "words"), [(["a"], "should be NAME=VALUES"), (["a=1", "a=2"], "given twice")])
def test_what_the_command_line_cannot_mean_is_refused(texts, words):
    with pytest.raises(ParameterError, match=words):
        over(texts, Model)
