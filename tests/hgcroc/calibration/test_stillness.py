"""Times that never come, and times that are always the same."""

import numpy as np
import pytest

from kit.hgcroc.calibration.over_threshold import distil_tot_line
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.stillness import silent_rows, stuck_rows
from kit.hgcroc.calibration.walking import distil_time_walk
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


@pytest.fixture(scope="module")
def table():
    return measured(Hexaboard("char", 1), "timewalk_scan", n_events=50)


def changed(table, row, **values):
    """Return the table with other columns in one of its rows."""
    columns = {name: column.copy() for name, column in table.columns.items()}
    for name, value in values.items():
        columns[name][:, row] = value
    return type(table)(**{**vars(table), "columns": columns})


def test_a_good_board_is_neither_silent_nor_stuck(table):
    for quantity in ("toa", "tot"):
        assert not silent_rows(table, quantity).any()
        assert not stuck_rows(table, quantity).any()


def test_a_channel_that_never_fires_where_others_do_is_silent_after_few_points_already(table):
    hurt = changed(table, 7, toa_efficiency=0.0)
    assert np.flatnonzero(silent_rows(hurt.taken(np.arange(20, 24)), "toa")).tolist() == [7]
    assert distil_time_walk(hurt, WISHES).reasons[7] == Reason.FLAT_TOA
    nobody = changed(table, slice(None), toa_efficiency=0.0)
    assert not silent_rows(nobody.taken(np.arange(20, 24)), "toa").any()


@pytest.mark.parametrize(
    ("quantity", "distil", "reason"),
    [("tot", distil_tot_line, Reason.FLAT_TOT), ("toa", distil_time_walk, Reason.FLAT_TOA)],
)
def test_a_channel_with_one_code_for_all_charges_is_stuck(table, quantity, distil, reason):
    hurt = changed(table, 7, **{f"{quantity}_efficiency": 1.0, f"{quantity}_mean_hit": 855.0})
    assert np.flatnonzero(stuck_rows(hurt, quantity)).tolist() == [7]
    found = distil(hurt, WISHES)
    assert found.reasons[7] == reason
    assert np.isnan(found.rows["slope" if quantity == "tot" else "power"][7])
