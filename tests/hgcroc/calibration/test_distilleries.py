"""Which scan an analysis takes: the best, the latest of equal ones, or all that belong together."""

import pytest

from kit.hgcroc.calibration.distilleries import DISTILLERIES, choose
from kit.hgcroc.calibration.reporting import PICTURES
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.plots import VREF
from tests.hgcroc.boards import WISHES, measured

TAKEN = {
    "inv_vref": "vrefinv", "noinv_vref": "vrefnoinv", "phase": "sampling_scan", "phase_steps": "sampling_scan",
    "trim_inv": "pedestal_scan", "gain": "injection_scan", "crosstalk": "injection_scan", "trim_toa": "toa_trim",
    "toa_curves": "toa_scurve", "time_walk": "timewalk_scan", "tot_line": "timewalk_scan", "trim_tot": "tot_trim",
}  # fmt: skip
BOTH = {"toa_vref": {"toa_vref_noinj", "toa_vref"}, "tot_vref": {"tot_vref", "tot_vref_high"}}
BOTH["joining"] = {"injection_scan", "timewalk_scan"}


@pytest.fixture(scope="module")
def tables():
    board = Hexaboard("char", 1)
    names = sorted({*TAKEN.values(), *(name for names in BOTH.values() for name in names)})
    calm = [measured(board, "pedestal_run", n_events=count) for count in (30, 40)]
    return [calm[0], *(measured(board, name, n_events=30) for name in names), calm[1]]


def scans(table):
    return {source.partition("-")[0] for source in table.sources}


def test_each_analysis_takes_its_own_scan(tables):
    for name, scan in TAKEN.items():
        assert scans(choose(DISTILLERIES[name], tables, WISHES)) == {scan}, name


def test_scans_that_belong_together_are_joined(tables):
    for name, wanted in BOTH.items():
        assert scans(choose(DISTILLERIES[name], tables, WISHES)) == wanted, name


def test_of_equal_scans_the_latest_is_taken(tables):
    found = choose(DISTILLERIES["pedestals"], tables, WISHES)
    assert found.sources == tables[-1].sources


def test_where_no_scan_suits_there_is_none(tables):
    assert choose(DISTILLERIES["gain"], tables[:1], WISHES) is None
    assert choose(DISTILLERIES["gain"], [], WISHES) is None


def test_every_analysis_has_a_title_a_picture_and_its_voltage():
    assert all(each.title for each in DISTILLERIES.values())
    assert set(PICTURES) == set(DISTILLERIES)
    assert set(VREF) <= set(DISTILLERIES)
