"""Procedures of the panel: loaded and saved without loss, in both dialects, and changed."""

import pytest
import yaml

from kit.hgcroc.panels.building import axis_of, coupled, setting_axis
from kit.hgcroc.panels.drafts import read_draft
from kit.hgcroc.planning.documents import Findings, ProcedureError
from kit.hgcroc.planning.procedures import read_library, read_procedure
from kit.hgcroc.planning.scan import make_plan
from kit.hgcroc.registers import register_table
from tests.hgcroc.scans import FOLDERS

TABLE = register_table("ld")
AXES = [axis_of(TABLE, "Top.phase_strobe", "2, 4, 6"), axis_of(TABLE, "ReferenceVoltage.Calib", "0:100:50")]


@pytest.fixture
def main(shared_data):
    return lambda dialect: shared_data / "hgcroc" / FOLDERS[dialect] / "main.yaml"


def plan_in(path, name):
    procedure, findings = read_procedure(path, name)
    return make_plan(procedure, TABLE, findings)


@pytest.mark.parametrize("dialect", FOLDERS)
def test_every_example_is_loaded_and_saved_without_loss(main, tmp_path, dialect):
    names = read_library(main(dialect)).names()
    assert len(names) > 3
    for name in names:
        draft = read_draft(main(dialect), name)
        assert not draft.changed
        path = draft.write(tmp_path / f"{name}.yaml", name)
        again = read_draft(path, name)
        assert (again.content, again.axes, again.dialect) == (draft.content, draft.axes, dialect)
        assert plan_in(path, name).hash == plan_in(main(dialect), name).hash


@pytest.mark.parametrize("dialect", FOLDERS)
def test_new_axes_over_the_settings_of_another_procedure_read_back(main, tmp_path, dialect):
    draft = read_draft(main(dialect), "small2d").with_axes(AXES)
    assert draft.changed
    path = draft.write(tmp_path / "mine.yaml", "mine")
    plan = plan_in(path, "mine")
    assert (plan.procedure.dialect, plan.lengths) == (dialect, (1, 3, 2))
    assert plan.values(3) == [4, 50]
    unwritten, _ = draft.procedure("mine")
    assert make_plan(unwritten, TABLE, Findings()).hash == plan.hash


def test_coupled_axes_and_settings_are_saved_in_the_newer_dialect(main, tmp_path):
    both = coupled(AXES[1], axis_of(TABLE, "ReferenceVoltage.Toa_vref", "100, 200"))
    draft = read_draft(main("1.0.15"), "small2d").with_axes(
        [both, setting_axis("daq.menus.calibAndL1A.bxL1A", "30:33")]
    )
    path = draft.write(tmp_path / "mine.yaml", "mine")
    assert plan_in(path, "mine").lengths == (1, 2, 3)
    assert read_draft(path, "mine").axes == draft.axes


@pytest.mark.parametrize(
    ("axis", "told"),
    [(axis_of(TABLE, "Top.phase_strobe", "1, 2, 5"), r"ranges of even steps alone, not \[1, 2, 5\]"),
     (setting_axis("daq.NEvents", "1, 2"), "steps single registers alone")],
)  # fmt: skip
def test_what_the_older_dialect_cannot_say_is_refused_and_leaves_no_file(main, tmp_path, axis, told):
    draft = read_draft(main("0.1.2"), "small2d").with_axes([axis])
    with pytest.raises(ValueError, match=told):
        draft.write(tmp_path / "mine.yaml", "mine")
    assert list(tmp_path.iterdir()) == []


def test_values_beyond_the_table_are_read_but_not_planned(main):
    draft = read_draft(main("1.0.15"), "small2d").with_axes([axis_of(TABLE, "Top.phase_strobe", "15, 16")])
    procedure, findings = draft.procedure("mine")
    with pytest.raises(ProcedureError, match=r"mine\.yaml:\d+: .*phase_strobe is 16, should be from 0 to 15"):
        make_plan(procedure, TABLE, findings)


def test_what_is_written_has_no_anchors(main):
    draft = read_draft(main("1.0.15"), "small2d").with_axes(AXES * 2)
    text = draft.text("mine")
    assert "&" not in text
    assert yaml.safe_load(text)["procedures"][0]["name"] == "mine"
