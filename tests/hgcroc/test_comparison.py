"""In what two scans differ, in words."""

import os

import pytest

from kit.hgcroc.comparison import compare, scans_below
from kit.hgcroc.measurements import Scan
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from tests.hgcroc.plans import CALIB, PHASE, plan_of

MENU = {"daq": {"active_menu": "a", "menus": {"a": {"NEvents": 50}}}}
AXES = [{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}]


@pytest.fixture
def scan(tmp_path):
    """Return a function that writes a scan without points, and opens it."""
    opened = []

    def make(axes=AXES, override=MENU, board="ld", **options):
        path = tmp_path / f"run_{len(opened)}" / "scan-1" / "scan.h5"
        path.parent.mkdir(parents=True)
        create(path, plan_of(axes, override, board=board, **options), register_table(board).reset, {})
        opened.append(Scan.open(path))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_scans_of_equal_settings_do_not_differ(scan):
    assert compare(scan(), scan()) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"axes": AXES[:1]}, "axes: phase_strobe (2: 2 to 3) by Calib (3: 0 to 9), then phase_strobe (2: 2 to 3)"),
        ({"axes": []}, "axes: phase_strobe (2: 2 to 3) by Calib (3: 0 to 9), then none"),
        ({"repeats": 4}, "repeats: 1, then 4"),
        ({"override": MENU | {"target": {"roc_s1": {"Top": {0: {"RunL": 1}}}}}}, "roc_s1.Top.0.RunL: 0, then 1"),
        ({"board": "hd"}, "board: ld, then hd"),
    ],
)
def test_what_is_otherwise_is_told(scan, changes, told):
    assert compare(scan(), scan(**changes)) == [told]


def test_settings_of_the_programs_are_told_as_they_are(scan):
    (told,) = compare(scan(), scan(n_events=7))
    assert '"NEvents": 50' in told.partition(", then ")[0]
    assert '"NEvents": 7' in told.partition(", then ")[2]


def test_many_registers_are_counted(scan):
    override = MENU | {"target": {"roc_s": {"ch": {"all": {"trim_inv": 3}}}}}
    told = compare(scan(), scan(override=override))
    assert told[-1] == "and 196 more registers"
    assert len(told) == 21


def test_scans_are_found_newest_first(scan, tmp_path):
    paths = [scan().path, scan().path]
    os.utime(paths[0], (2e9, 2e9))
    assert scans_below(tmp_path) == paths
