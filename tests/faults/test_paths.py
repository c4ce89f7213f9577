"""A project may lie anywhere: letters of all alphabets, blanks, and signs that mean something to shells."""

import functools

import pytest

from tests.faults.contents import differences, outputs, values
from tests.faults.judgement import said
from tests.faults.places import found_stages

NAMES = [
    "Prüfung αβγ 日本",
    "a [b] {c}",
    "x $(y) `z` 'q' \"p\"",
    "50% #1 & ; |",
    "-leading",
    "~tilde",
    "a%41+b=c,d",
]
QUICK = {("opendata/events", NAMES[1]), ("mu2e/yields", NAMES[2]), ("mu2e/yields", NAMES[0])}


def cells():
    for notebook in found_stages():
        for name in NAMES:
            marks = [] if (notebook.stage, name) in QUICK else [pytest.mark.slow]
            yield pytest.param(notebook, name, marks=marks, id=f"{notebook.stage}-{NAMES.index(name)}")


@pytest.fixture(scope="module")
def wanted(bench):
    """Return a function that returns what a stage makes where the path is a plain one."""

    @functools.cache
    def run_at_a_plain_path(stage):
        (notebook,) = [one for one in found_stages() if one.stage == stage]
        plain = bench.place(notebook)
        try:
            assert plain.attempt("cells").status == 0
            return outputs(plain.run, plain.folder, look=values)
        finally:
            bench.clear(plain)

    return run_at_a_plain_path


@pytest.mark.parametrize(("notebook", "name"), list(cells()))
def test_a_stage_runs_wherever_the_project_lies(notebook, name, bench, wanted, request, record_property):
    door = request.config.getoption("--door", None) or "cells"
    plainly = wanted(notebook.stage)
    place = bench.place(notebook, name=name)
    try:
        ended = place.attempt(door)
        faults = [said(ended) or ended.err[-300:], ended.trace[-600:]] if ended.status else []
        faults = faults or differences(outputs(place.run, place.folder, look=values), plainly)
        record_property("fault", ("odd path", notebook.stage, "wrong" if faults else "right"))
        assert not faults, "\n".join(faults)
    finally:
        bench.clear(place)
