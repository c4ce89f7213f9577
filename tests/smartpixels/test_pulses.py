"""Pulse responses: what a Cadence export may look like, and what is refused with column, row and charge."""

import numpy as np
import pytest

from kit.files import FormatError
from kit.smartpixels import demo
from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pulses import ELECTRON_CHARGE, read_pulses
from tests.smartpixels import reference, samples


@pytest.fixture
def table(pulses_text):
    """Return the cells of the export as a list of lists, to be changed."""
    header = pulses_text.splitlines()[0].split(",")
    return [header, *(line.split(",") for line in pulses_text.splitlines()[1:])]


@pytest.fixture
def read(tmp_path):
    def read_table(table, *, compat=False, **values):
        path = tmp_path / "pulses.csv"
        path.write_text("".join(",".join(row) + "\n" for row in table))
        return read_pulses(str(path), AmplifierParameters(**{**samples.SHORT, **values}), compat=compat)

    return read_table


def test_charges_samples_and_plateaus_are_told(read, table):
    rows = read(table, pulse_end=375.0).rows()
    assert [(row[0], row[1]) for row in rows] == [(0, 100.0), (2, 300.0), (4, 1000.0), (6, 3000.0)]
    assert {row[2] for row in rows} == {1339 + 185}  # those strictly between 50 and 375 ns
    assert rows[0][3] == pytest.approx(50.001)
    assert rows[0][4] == pytest.approx(373.48, abs=5e-3)
    gains = [58.5 * (1 - 0.06 * charge / 12_000) for charge in samples.SHORT_CHARGES]  # uV/e-; discharge takes 2 %
    assert [row[5] for row in rows] == pytest.approx([0.977 * gain for gain in gains], rel=0.01)


def test_the_reference_pulses_are_read(base3):
    found = read_pulses(str(base3 / "pulses28.csv.gz"), AmplifierParameters())
    assert len(found.pulses) == 28
    assert found.notes == []
    assert found.pulses[0].times[0] == pytest.approx(50.001e-9)


def test_padding_an_odd_column_and_an_empty_pair_are_passed_over_with_a_note(read, table):
    wanted = read(table)
    for row in table[-40:]:
        row[2] = row[3] = " "
    for row in table:
        row[4:4] = ["", ""]
        row.append("7")
    found = read(table)
    assert [pulse.charge for pulse in found.pulses] == [100.0, 300.0, 1000.0, 3000.0]
    np.testing.assert_array_equal(found.pulses[2].values, wanted.pulses[2].values)
    assert found.notes == [
        "pulses.csv: the last column, 10, has no partner and was passed over",
        "pulses.csv: columns 4 and 5 are empty and were passed over",
    ]


def test_pulses_need_only_cover_the_window(read, table):
    for row in table[-150:]:
        row[0] = row[1] = ""
    assert len(read(table, pulse_end=375.0).pulses) == 4


def test_a_pattern_finds_the_charge_in_other_headers(read, table):
    table[0] = [f'"/I4/Out (Nm_In_W=1e-4,Qin={100 * (place // 2 + 1)}) Y"' for place in range(len(table[0]))]
    with pytest.raises(FormatError, match=r"column 1: the header .* should have a charge as its 7th word"):
        read(table)
    found = read(table, charge_pattern=r"Qin=(\d+)")
    assert found.charges.tolist() == [100.0, 200.0, 300.0, 400.0]


def test_a_list_says_the_charges_in_any_unit(read, table):
    in_femtocoulombs = [charge * ELECTRON_CHARGE * 1e15 for charge in samples.SHORT_CHARGES]
    found = read(table, charges=in_femtocoulombs, charge_unit="fC")
    assert found.charges == pytest.approx(samples.SHORT_CHARGES)
    with pytest.raises(FormatError, match="has 4 pairs of columns, charges has 2 values"):
        read(table, charges=[1.0, 2.0])


@pytest.mark.parametrize("unit", ["V/fC", "V/e", "V"])
def test_every_unit_of_the_response_gives_the_same_pulses(read, table, unit):
    wanted = read(table)
    for row in table[1:]:
        for pair, charge in enumerate(samples.SHORT_CHARGES):
            factors = {"V/fC": 1e-15, "V/e": ELECTRON_CHARGE, "V": charge * ELECTRON_CHARGE}
            row[2 * pair + 1] = repr(float(row[2 * pair + 1]) * factors[unit])
    with pytest.raises(
        FormatError, match=f"the plateau is .* should be 1 to 1000 uV/e-; with response_unit.*{unit}"
    ):
        read(table)
    found = read(table, response_unit=unit)
    for one, other in zip(found.pulses, wanted.pulses, strict=True):
        np.testing.assert_allclose(one.values, other.values, rtol=1e-12)


def set_cell(row, column, text):
    def change(table):
        table[row][column] = text

    return change


def same_charge(table):
    table[0][5] = table[0][3]


def backwards(table):
    table[70][2] = table[69][2]


def cut(table):
    for row in table[200:]:
        row[6] = row[7] = ""


def nearly_empty(table):
    for row in table[63:]:
        row[6] = row[7] = ""


FAULTS = [
    (
        set_cell(0, 3, "no charge here Y"),
        "column 3: the header 'no charge here Y' should have a charge as its 7th word",
    ),
    (set_cell(0, 3, 'leafValue( vtime(\'tran "/CSA_OUT") "Cdet" 2e-14 "Qin" much ) Y'), "column 3: the header"),
    (same_charge, r"column 4: charge 300 e- again, it is that of column 2"),
    (set_cell(90, 3, ""), r"column 3, row 91, charge 300 e-: '', should be a number, as beside it"),
    (set_cell(90, 2, "x"), r"column 2, row 91, charge 300 e-: 'x', should be a number, as beside it"),
    (set_cell(90, 3, "nan"), r"column 2, charge 300 e-: holds nan or inf, should be numbers"),
    (backwards, r"column 2, charge 300 e-, sample 69: time 5.0\d+e-08 s does not increase after 5.0\d+e-08 s"),
    (cut, r"column 6, charge 3000 e-: the response is 0.\d+ ns long, the window needs 6 ns"),
    (
        nearly_empty,
        r"column 6, charge 3000 e-: has \d samples between 50 and 60 ns, should have 2 or more|is 0.\d+ ns",
    ),
]


@pytest.mark.parametrize(("change", "message"), FAULTS)
def test_a_bad_pulse_is_refused_with_its_place(read, table, change, message):
    change(table)
    with pytest.raises(FormatError, match="pulses.csv: " + message):
        read(table)


@pytest.mark.parametrize(("change", "message"), FAULTS)
def test_a_bad_pulse_can_be_dropped_with_its_charge(read, table, change, message):
    change(table)
    found = read(table, bad_pulses="drop")
    assert len(found.pulses) == 3
    assert found.charges.tolist() == [pulse.charge for pulse in found.pulses]
    assert len(found.notes) == 1


def test_all_faults_are_told_at_once(read, table):
    set_cell(0, 3, "nothing")(table)
    set_cell(90, 5, "")(table)
    with pytest.raises(FormatError, match=r"column 3: .*; column 5, row 91, charge 1000 e-"):
        read(table)


def test_a_file_without_pulses_is_refused(read):
    with pytest.raises(FormatError, match="has no pulse response, should have pairs of columns"):
        read([["a"], ["1"], ["2"]])


def test_compat_keeps_the_charge_of_a_skipped_pulse_as_the_original_does(read, table):
    set_cell(90, 3, "")(table)
    set_cell(0, 5, "no charge")(table)
    found = read(table, compat=True)
    assert found.charges.tolist() == [100.0, 300.0, 0.0, 3000.0]
    assert [pulse.column for pulse in found.pulses] == [0, 4, 6]


def test_a_fault_of_all_columns_is_told_once(read, table):
    with pytest.raises(FormatError) as caught:
        read(table, window=30.0)
    assert str(caught.value).count("long, the window needs 30 ns") == 1
    assert str(caught.value).endswith("; and 3 columns more with the same fault")


def test_compat_says_which_charges_it_takes(read, table):
    set_cell(0, 3, "no charge")(table)
    set_cell(0, 7, table[0][5])(table)
    unreadable, double = read(table, compat=True).notes
    assert unreadable == (
        "pulses.csv: column 3: no charge in the header 'no charge', 0 e- as the original takes it"
    )
    assert double == "pulses.csv: column 7: charge 1000 e- again, as the original takes it"
    assert read(table, compat=True).charges.tolist() == [100.0, 0.0, 1000.0, 1000.0]


def test_the_generator_makes_the_reference_pulses(base3):
    wanted = reference.read_text(base3 / "pulses28.csv.gz").splitlines()
    charges = np.load(base3 / "base3_float_ref.npz")["charges"].tolist()
    made = demo.make_pulses(charges).splitlines()
    assert made[0] == wanted[0]
    numbers, others = ([list(map(float, line.split(","))) for line in lines[1:]] for lines in (made, wanted))
    np.testing.assert_allclose(numbers, others, rtol=1e-8)
