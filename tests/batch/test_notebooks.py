"""Notebooks are found in the tree, asked for their parameters without a kernel, and kept true to their classes."""

import json

import pytest

from kit.batch.notebooks import Notebook, find, rewrite_cell, source_of, stage_names, stages
from kit.directories import RunError
from kit.files import FormatError
from kit.parameters import ParameterError

FOREIGN = """files = ["a.root"]
width = 2.5  # GeV
events: int = 10
title = "x"
keep = False
cuts = {"e": 25}
seed = None"""


@pytest.fixture
def foreign(make_notebook):
    return Notebook(
        make_notebook("notes/foreign.ipynb", ("markdown", "Words"), ("parameters", FOREIGN), "print(1)")
    )


def test_the_tree_is_the_registry_of_stages_in_the_order_of_their_flow(make_notebook):
    for name, following in (("zeta", "alpha"), ("alpha", "beta"), ("beta", "")):
        make_notebook(f"notebooks/b/{name}.ipynb", ("markdown", f"[next]({following}.ipynb)"))
    make_notebook("notebooks/a/omega.ipynb")
    make_notebook("notebooks/index.ipynb")
    make_notebook("notebooks/a/.ipynb_checkpoints/omega-checkpoint.ipynb")
    assert [notebook.stage for notebook in stages()] == ["a/omega", "b/zeta", "b/alpha", "b/beta"]


def test_stages_that_link_to_each_other_in_a_ring_are_all_found(make_notebook):
    for name, following in (("one", "two"), ("two", "three"), ("three", "one"), ("self", "self")):
        make_notebook(f"notebooks/a/{name}.ipynb", ("markdown", f"[next]({following}.ipynb)"))
    assert sorted(notebook.stage for notebook in stages()) == ["a/one", "a/self", "a/three", "a/two"]


def test_title_and_sentence_come_from_the_first_cell(make_notebook):
    prose = "# Mass spectra\n\nWhat do two\nleptons weigh?\n\nMore."
    notebook = Notebook(make_notebook("a/masses.ipynb", ("markdown", prose)))
    assert (notebook.title, notebook.sentence) == ("Mass spectra", "What do two leptons weigh?")
    assert Notebook(make_notebook("a/bare.ipynb", "1")).title == "bare"


def test_a_stage_is_found_by_name_by_path_from_here_and_by_path_from_the_root(counting, tmp_path, monkeypatch):
    assert find("beam/counting").path == counting
    assert find(str(counting)).path == counting
    assert find("notebooks/beam/counting.ipynb").path == counting
    monkeypatch.chdir(counting.parent)
    assert find("counting.ipynb").path == counting


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("beam/countin", r"no stage or notebook beam/countin \(did you mean beam/counting\?\)"),
        ("counting", r"did you mean beam/counting"),
        ("xyz", r"\(known are beam/counting\)"),
        ("notes.txt", "there is no stage or notebook"),
        ("notebooks", "there is no stage or notebook"),
    ],
)
def test_a_stage_that_is_not_there_is_refused_with_the_nearest(counting, tmp_path, name, told):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(RunError, match=told):
        find(name)


def test_a_stage_takes_its_class_from_the_cell_after_the_tagged_one(counting):
    from counting import CountingParameters

    assert Notebook(counting).model is CountingParameters
    assert Notebook(counting).own
    assert not Notebook(counting).differs()


def test_what_its_own_cell_says_counts_where_nothing_else_is_said(counting):
    counting.write_text(counting.read_text().replace("momentum: float = 450.0", "momentum: float = 26.0"))
    notebook = Notebook(counting)
    assert notebook.parameters({"protons": 5}, "here").changed() == {"momentum": 26.0, "protons": 5}
    assert notebook.parameters({"momentum": 450.0}, "here").changed() == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("protons: int = 3", "protonz: int = 3", r"protonz is not known \(did you mean protons\?\)"),
        ("protons: int = 3", "protons: int = -3", "protons is -3, below 0"),
        ("protons: int = 3", "protons: int = 2 + 1", "protons is computed, should be a plain value"),
    ],
)
def test_a_cell_that_was_edited_wrongly_is_refused(counting, old, new, told):
    counting.write_text(counting.read_text().replace(old, new))
    with pytest.raises(ParameterError, match=told):
        Notebook(counting).parameters({}, "here")


def test_a_cell_that_differs_from_its_class_is_written_anew_and_nothing_else(counting):
    good = counting.read_text()
    counting.write_text(good.replace("momentum: float = 450.0", "momentum: float = 26.0"))
    assert Notebook(counting).differs()
    assert rewrite_cell(Notebook(counting))
    assert not rewrite_cell(Notebook(counting))
    fresh, old = json.loads(counting.read_text()), json.loads(good)
    assert [source_of(cell) for cell in fresh["cells"]] == [source_of(cell) for cell in old["cells"]]
    assert fresh["metadata"] == old["metadata"]


def test_the_types_of_a_foreign_notebook_are_those_of_its_values(foreign):
    taken = {"files": ["b.root"], "width": 3, "events": 2.5, "seed": "any", "cuts": {"m": 5}, "output": "x"}
    assert foreign.parameters(taken, "here").model_dump().items() >= taken.items()
    assert not foreign.own
    assert not foreign.differs()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"width": "wide"}, "here: width is 'wide', should be float"),
        ({"events": "ten"}, "events is 'ten', should be int or float"),
        ({"keep": 1}, "keep is 1, should be bool"),
        ({"witdh": 1.0}, r"witdh is not known \(did you mean width\?\)"),
    ],
)
def test_a_foreign_notebook_refuses_other_types_and_names_too(foreign, values, told):
    with pytest.raises(ParameterError, match=told):
        foreign.parameters(values, "here")


def test_a_foreign_list_is_asked_for_as_any_other(foreign):
    assert foreign.model.from_text("files", "b.root,c.root") == ["b.root", "c.root"]


def test_what_a_foreign_cell_computes_or_hides_is_no_parameter(make_notebook):
    source = "import os\nwidth = 2.0\ntwice = 2 * width\n_secret = 1\na, b = 1, 2\nnote: str"
    notebook = Notebook(make_notebook("a/b.ipynb", ("parameters", source)))
    assert notebook.values == {"width": 2.0}
    assert notebook.parameters({}, "here").width == 2.0


def test_a_foreign_value_may_hold_any_sign(make_notebook):
    notebook = Notebook(make_notebook("a/b.ipynb", ("parameters", "query = 'a=b#c\\n'\nmodel_name = 'x'")))
    assert notebook.parameters({}, "here").query == "a=b#c\n"


@pytest.mark.parametrize(
    ("cells", "fault", "told"),
    [
        ([], RunError, r"a/b\.ipynb: has 0 cells tagged parameters, should have one"),
        ([("parameters", ""), ("parameters", "")], RunError, "has 2 cells tagged parameters, should have one"),
        ([("parameters", "x = = 1")], RunError, "line 1 of the parameters cell is not Python: invalid syntax"),
        ([("parameters", "x = 1\n%pylab")], RunError, "line 2 of the parameters cell is not Python"),
        (
            [("parameters", "build = 1")],
            RunError,
            "build is a name that the kit needs itself; rename the parameter",
        ),
        (
            [("parameters", "x = 1"), ("injected-parameters", "x = 2")],
            RunError,
            "is an executed copy; run the notebook that it was made from",
        ),
        (
            [("parameters", "x = 1"), "from kit.nothing import A\nA.from_cell(globals())"],
            ParameterError,
            r"A cannot be imported from kit\.nothing",
        ),
    ],
)
def test_a_notebook_that_cannot_take_parameters_is_refused(make_notebook, cells, fault, told):
    with pytest.raises(fault, match=told):
        Notebook(make_notebook("a/b.ipynb", *cells)).parameters({}, "here")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", r"b\.ipynb:1:1: .*should be JSON"),
        ("[]", "has no cells; should be a Jupyter notebook of format 4"),
        ('{"nbformat": 3, "worksheets": []}', "has no cells"),
        ('{"nbformat": 4, "cells": [{"source": ""}]}', "has no cells"),
        ('{"nbformat": 4, "cells": 5}', "has no cells"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content, told):
    (tmp_path / "b.ipynb").write_text(content)
    with pytest.raises(FormatError, match=told):
        Notebook(tmp_path / "b.ipynb").parameters({}, "here")


def test_the_kernel_is_the_one_that_the_notebook_names_or_python(make_notebook, tmp_path):
    assert Notebook(make_notebook("a/b.ipynb", kernel="root")).kernel == "root"
    (tmp_path / "c.ipynb").write_text('{"nbformat": 4, "metadata": {}, "cells": []}')
    assert Notebook(tmp_path / "c.ipynb").kernel == "python3"


def test_a_neighbour_that_cannot_be_read_hides_no_name(make_notebook, tmp_path):
    make_notebook("notebooks/beam/toy.ipynb", ("parameters", "x = 1"))
    (tmp_path / "notebooks" / "beam" / "broken.ipynb").write_text("{")
    with pytest.raises(RunError, match=r"there is no stage or notebook beam/toi \(did you mean beam/toy\?\)"):
        find("beam/toi")
    assert stage_names() == ["beam/broken", "beam/toy"]
