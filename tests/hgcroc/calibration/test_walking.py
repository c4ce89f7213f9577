"""Time-walk: corrected times do not depend on the charge."""

import numpy as np

from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.calibration.walking import corrected, distil_time_walk
from kit.hgcroc.emulator.hexaboard import Hexaboard
from tests.hgcroc.boards import WISHES, measured


def test_corrected_times_do_not_depend_on_the_charge():
    table = measured(Hexaboard("char", 1), "timewalk_scan")
    found = distil_time_walk(table, WISHES)
    use = table.charge[:, 0] > 90
    times = corrected(table["toa_mean_hit"][use], table.charge[use], found)
    good = (table.kind == 0) & (found.reasons == 0)
    off = (times - found.rows["end"] + 512) % 1024 - 512
    assert np.abs(off[:, good]).max() < 1
    plain = (table["toa_mean_hit"][use] - found.rows["end"] + 512) % 1024 - 512
    assert np.abs(plain[:, good]).max() > 100


def test_a_chip_without_times_and_too_few_charges_are_flagged():
    board = Hexaboard("char", 1)
    board.inject("dead_tdc", value=0)
    table = measured(board, "timewalk_scan", n_events=20)
    found = distil_time_walk(table, WISHES)
    assert (found.reasons[table.kind == 0] == Reason.FLAT_TOA).all()
    few = measured(Hexaboard("char", 1), "timewalk_scan", n_events=20).taken(np.arange(6))
    assert (distil_time_walk(few, WISHES).reasons[few.kind == 0] == Reason.MISSING).all()
