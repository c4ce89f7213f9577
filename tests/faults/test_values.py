"""Every parameter of every stage at, below and above its bounds: taken, or refused with value and bound."""

import math
import typing

import pytest

from kit import wording
from kit.parameters import ParameterError
from tests.faults.places import found_stages

ODD = [math.nan, math.inf, -math.inf, None, "", "x", "∞", True, [], {}, [None], {"": 1}, 10**400, object]
STAGES = pytest.mark.parametrize("notebook", found_stages(), ids=lambda notebook: notebook.stage)


def bounded():
    for notebook in found_stages():
        for name, field in notebook.model.declared():
            for word, bound in wording.bounds_of(field).items():
                yield pytest.param(notebook, name, word, bound, id=f"{notebook.stage}-{name}-{word}")


def steps(field, bound):
    """Return the nearest values below and above a bound that the parameter's type knows."""
    if float in wording.parts_of(field.annotation):
        return math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf)
    return bound - 1, bound + 1


def build(stage, /, **values):
    return stage.model.build(stage.values | values, stage.stage)


def refusal(stage, /, **values):
    """Return why some values are refused, None where they are not."""
    try:
        build(stage, **values)
    except ParameterError as fault:
        return fault
    return None


def is_told(stage, name, fault):
    """Tell whether a refusal names a parameter, or others that it does not go with."""
    return name in str(fault) or sum(other in str(fault) for other in stage.model.model_fields) >= 2


@pytest.mark.parametrize(("notebook", "name", "word", "bound"), list(bounded()))
def test_a_value_beyond_its_bound_is_refused_with_value_and_bound_and_one_on_the_good_side_is_not(
    notebook, name, word, bound
):
    field = notebook.model.model_fields[name]
    below, above = steps(field, bound)
    bad = {"ge": [below, -1e300], "gt": [float(bound), below], "le": [above], "lt": [float(bound), above]}[word]
    for value in bad:
        if isinstance(value, float) and float not in wording.parts_of(field.annotation):
            value = int(max(value, -(10**15)))
        if {"ge": value < bound, "gt": value <= bound, "le": value > bound, "lt": value >= bound}[word]:
            with pytest.raises(ParameterError, match=name) as caught:
                build(notebook, **{name: value})
            assert str(bound) in str(caught.value)
    good = {"ge": bound, "gt": above, "le": bound, "lt": below}[word]
    told = refusal(notebook, **{name: good})
    # together with the other values it may be a contradiction, but not out of its bound
    alone = [text for text in told.faults if text.startswith(f"{name} is {good}")] if told else []
    assert not [text for text in alone if text.endswith(str(bound))]


@STAGES
def test_odd_values_of_every_parameter_are_taken_or_refused_by_name(notebook):
    for name, _ in notebook.model.declared():
        for odd in ODD:
            fault = refusal(notebook, **{name: odd})
            assert fault is None or is_told(notebook, name, fault), (name, odd)


@STAGES
def test_odd_texts_on_a_command_line_are_taken_or_refused_by_name(notebook):
    for name, _ in notebook.model.declared():
        for text in (
            "",
            " ",
            "nan",
            "[",
            "{",
            "]",
            "[1, {",
            "&a [*a]",
            "!!python/name:os.system",
            "1e999",
            "0x",
            "- -",
            "é\u2028",
            "'",
        ):
            fault = refusal(notebook, **{name: notebook.model.from_text(name, text)})
            assert fault is None or is_told(notebook, name, fault), (name, text)


@STAGES
def test_every_choice_is_taken_and_its_neighbour_refused_with_the_choices(notebook):
    for name, field in notebook.model.declared():
        choices = wording.choices_of(field.annotation)
        if not choices or typing.get_origin(field.annotation) is list:
            continue
        with pytest.raises(ParameterError, match=name) as caught:
            build(notebook, **{name: f"{choices[0]}x"})
        if str not in wording.parts_of(field.annotation):
            assert str(choices[0]) in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(("notebook", "name", "word", "bound"), list(bounded()))
def test_a_run_on_a_bound_is_right_or_says_why_not(notebook, name, word, bound, bench, record_property):
    from tests.faults.judgement import BARE, said

    field = notebook.model.model_fields[name]
    below, above = steps(field, bound)
    value = {"ge": bound, "gt": above, "le": bound, "lt": below}[word]
    if float in wording.parts_of(field.annotation):
        value = float(value)
    place = bench.place(notebook)
    try:
        ended = place.attempt("cells", {name: value})
        verdict = "right" if ended.status == 0 else "refused"
        wrong = ended.status is None or ended.status < 0 or BARE.search(said(ended)) or ended.left
        record_property("fault", ("value on a bound", notebook.stage, "wrong" if wrong else verdict, said(ended)))
        assert not wrong, f"{name}={value}: {ended.status} {said(ended)[:500]} {ended.left} {ended.trace[-1500:]}"
    finally:
        bench.clear(place)
