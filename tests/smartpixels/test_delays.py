"""Tables of comparator delays, in both layouts."""

import numpy as np
import pytest

from kit.files import FormatError
from kit.smartpixels.delays import read_delays

PAIRS = """Charge_Qth_225,Qth = 225,Charge_Qth_375,Qth = 375
 800,3e-9,900,6e-9
 500,5e-9,,
 300,9e-9,1000,4e-9
"""
GRID = """Qin_e,Qth_225,Qth_375,Qth_384
300,9e-9,,1e-9
500,5e-9,,
800,3e-9,,2e-9
900,,6e-9,
1000,,4e-9,
"""


@pytest.fixture(params=[PAIRS, GRID], ids=["pairs", "grid"])
def table(request, tmp_path):
    path = tmp_path / "delays.csv"
    path.write_text(request.param)
    return read_delays(str(path))


def test_both_layouts_hold_the_same_sorted_and_in_nanoseconds(table):
    assert sorted(table.columns) == [225.0, 375.0]
    charges, delays = table.columns[225.0]
    assert charges.tolist() == [300, 500, 800]
    assert delays == pytest.approx([9, 5, 3])


def test_the_nearest_column_and_row_are_taken_and_of_two_the_lower(table):
    assert table.nearest(224.2) == 225.0
    assert table.nearest(300.0) == 225.0
    assert table.nearest(301.0) == 375.0
    charge = np.array([0, 300, 399, 400, 401, 649, 650, 651, 5000])
    assert table.delay(224.0, charge) == pytest.approx([9, 9, 9, 9, 5, 5, 5, 3, 3])


def test_a_column_of_one_row_is_its_value(tmp_path):
    path = tmp_path / "delays.csv"
    path.write_text("Qin_e,Qth_25\n100,2e-9\n")
    assert read_delays(str(path)).delay(10.0, np.array([0.0, 100.0, 9e9])) == pytest.approx([2, 2, 2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,b\n1,2\n",
            "delays.csv: has no delays; should have pairs of columns Charge_Qth_X and 'Qth = X', or Qin_e",
        ),
        ("Charge_Qth_25\n1\n", "delays.csv: column Charge_Qth_25 has no partner 'Qth = 25'"),
        ("Qin_e,Qth_25\n1,fast\n", "delays.csv:2: '1' and 'fast' for 'Qth_25', should be numbers"),
        ("Qin_e,Qth_25\n1,nan\n", r"delays.csv:2: delay nan s, should be 0 to 1e-06 s, for 'Qth_25'"),
        ("Qin_e,Qth_25\n1,2e-9\n2,-1e-9\n", r"delays.csv:3: delay -1e-09 s, should be 0 to"),
        ("Qin_e,Qth_25\n1,1.5\n", r"delays.csv:2: delay 1.5 s, should be 0 to 1e-06 s"),
        (
            "Charge_Qth_25,Qth = 25\nnan,1e-9\n",
            r"delays.csv:2: charge nan e-, should be 0 or more, for 'Qth = 25'",
        ),
        ("Qin_e,Qth_25\n-5,1e-9\n", r"delays.csv:2: charge -5 e-, should be 0 or more"),
        (
            "Qin_e,Qth_25\n5,1e-9\n5,2e-9\n",
            r"delays.csv:3: charge 5 e- again with another delay than in row 2, for 'Qth_25'",
        ),
        ("Qin_e,Qth_25\n1_0,1e-9\n", r"delays.csv:2: '1_0' and '1e-9' for 'Qth_25', should be numbers"),
        ("Qin_e,Qth_26\n1,2\n", "with X a multiple of 25"),
    ],
)
def test_other_tables_are_refused(tmp_path, text, message):
    path = tmp_path / "delays.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_delays(str(path))
