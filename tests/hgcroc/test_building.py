"""Fields of the panel: ranges, searches, axes, and procedures that read back."""

import pytest

from kit.hgcroc.building import axis_of, find_registers, numbers_of, range_of, values_of, write_procedure
from kit.hgcroc.documents import Findings
from kit.hgcroc.procedures import read_procedure
from kit.hgcroc.registers import register_table
from kit.hgcroc.scan import make_plan

TABLE = register_table("ld")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("all", list(range(72))), ("", list(range(72))), ("3", [3]), ("0-71:24", [0, 24, 48]),
     ("8-10, 1,9", [8, 9, 10, 1])],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(text, numbers):
    assert numbers_of(text, 72) == numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [("0:65:32", [0, 32, 64]), ("1, 2 5", [1, 2, 5]), ("lin 0 10 3", [0, 5, 10]), ("log 1 100 3", [1, 10, 100]),
     ("5:0:-2", [5, 3, 1])],
)  # fmt: skip
def test_values_are_ranges_lists_and_steps(text, values):
    assert values_of(text) == values


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: numbers_of("a", 72), r"'a' should be all, a number, or a range"),
        (lambda: numbers_of("70-75", 72), "there is no number 72, should be from 0 to 71"),
        (lambda: values_of("a:b"), "should be start:stop:step"),
        (lambda: values_of("0:0"), "means no value"),
        (lambda: values_of(""), "means no value"),
        (lambda: values_of("log 0 5"), "should be start:stop:step"),
        (
            lambda: axis_of(TABLE, "Top.phase_strob", "1"),
            r"no register 'Top\.phase_strob' \(did you mean Top\.phase_strobe",
        ),
    ],
)
def test_what_means_nothing_is_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_registers_are_found_by_parts_of_their_names():
    assert find_registers(TABLE, "toa vref") == ["ReferenceVoltage.Toa_vref"]
    assert find_registers(TABLE, "phase strobe") == ["Top.phase_strobe"]
    assert range_of(TABLE, "ReferenceVoltage.Toa_vref") == "0 to 1023, 112 after reset"


@pytest.mark.parametrize(("folder", "dialect"), [("examples_012", "0.1.2"), ("examples_1015", "1.0.15")])
def test_a_procedure_of_new_axes_reads_back_in_its_dialect(shared_data, tmp_path, folder, dialect):
    axes = [
        axis_of(TABLE, "Top.phase_strobe", "0:8:2"),
        axis_of(TABLE, "ReferenceVoltage.Calib", "0:2000:500", rocs=["roc_s0"], numbers="1"),
    ]
    path = write_procedure(
        shared_data / "hgcroc" / folder / "main.yaml", "small2d", axes, tmp_path / "m.yaml", "mine"
    )
    procedure, findings = read_procedure(path, "mine")
    plan = make_plan(procedure, TABLE, findings)
    assert (procedure.dialect, plan.lengths) == (dialect, (1, 4, 4))
    assert [TABLE.text_of(int(k)) for k in plan.axes[1].index] == ["roc_s0.ReferenceVoltage.1.Calib"]
    assert plan.axes[0].values == [0, 2, 4, 6]
    assert Findings() == findings


def test_uneven_steps_cannot_be_said_in_012(shared_data, tmp_path):
    config = shared_data / "hgcroc" / "examples_012" / "main.yaml"
    with pytest.raises(ValueError, match=r"0\.1\.2 knows ranges of even steps alone, not"):
        write_procedure(
            config, "small2d", [axis_of(TABLE, "Top.phase_strobe", "1, 2, 5")], tmp_path / "m.yaml", "x"
        )
