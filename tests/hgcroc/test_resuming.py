"""Which scan goes on."""

import os

import numpy as np
import pytest

from kit.hgcroc.recording import open_again
from kit.hgcroc.registers import register_table
from kit.hgcroc.resuming import FILE, adopt, is_complete, newest_unfinished, runs_of, set_aside
from kit.hgcroc.scanfile import create, opened
from tests.hgcroc.plans import CALIB, plan_of
from tests.hgcroc.samples import measured, point_columns

PLAN = plan_of([{"key": CALIB, "values": [0, 5]}])
RESET = register_table("ld").reset


@pytest.fixture
def runs(tmp_path):
    """Return a function that writes a run with a scan of so many points, newer than those before."""
    made = []

    def write(points):
        folder = tmp_path / "outputs" / "hgcroc" / "acquisition" / f"run_{len(made)}" / "scan-1"
        folder.mkdir(parents=True)
        create(folder / FILE, PLAN, RESET, {})
        with open_again(folder / FILE, PLAN) as recorder:
            for point in range(points):
                recorder.write(point, point_columns(), measured(seed=point)[0])
        made.append(folder)
        os.utime(folder / FILE, (1e9 + len(made), 1e9 + len(made)))
        return folder

    return write


def test_the_newest_unfinished_scan_goes_on(runs, tmp_path):
    runs(1)
    newest = runs(1)
    (newest / "raw").mkdir()
    (newest / "raw" / "point_0.raw.gz").write_bytes(b"raw")
    own = tmp_path / "outputs" / "hgcroc" / "acquisition" / "own"
    folder, earlier = adopt("scan-1", own)
    assert (folder, earlier) == (own / "scan-1", newest)
    assert (folder / FILE).read_bytes() == (newest / FILE).read_bytes()
    assert (folder / "raw" / "point_0.raw.gz").read_bytes() == b"raw"


def test_a_complete_scan_and_what_is_older_do_not_go_on(runs, tmp_path):
    runs(1)
    complete = runs(2)
    assert is_complete(complete / FILE)
    assert newest_unfinished("scan-1", complete.parent.parent, tmp_path) is None
    assert adopt("scan-1", tmp_path / "own") == (tmp_path / "own" / "scan-1", None)


def test_a_scan_that_is_being_written_is_left_alone(runs, tmp_path):
    from kit.directories import hold

    folder = runs(1)
    lock = hold(folder.parent)
    assert newest_unfinished("scan-1", folder.parent.parent, tmp_path) is None
    os.close(lock)
    assert newest_unfinished("scan-1", folder.parent.parent, tmp_path) == folder


def test_a_scan_that_was_cut_does_not_go_on(runs, tmp_path):
    folder = runs(1)
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-2000])
    assert newest_unfinished("scan-1", folder.parent.parent, tmp_path) is None


def test_what_is_in_the_own_directory_comes_first(runs):
    folder = runs(1)
    runs(1)
    assert adopt("scan-1", folder.parent) == (folder, None)


def test_a_scan_that_shall_not_go_on_is_set_aside(runs):
    folder = runs(1)
    assert set_aside(folder).name == "scan_abandoned_1.h5"
    assert set_aside(folder) is None
    assert np.size(list(folder.glob("*.h5"))) == 1


def test_runs_are_those_of_all_tries(runs, tmp_path):
    assert runs_of(runs(2) / FILE) == 2
    assert runs_of(tmp_path / "none.h5") == 0


def test_points_that_are_not_there_yet_have_taken_no_runs(runs):
    folder = runs(1)
    with opened(folder / FILE, writing=True) as file:
        file["points/tries"][1] = 1  # as a kill between data and status leaves it
    assert runs_of(folder / FILE) == 1


def test_a_file_that_cannot_be_read_is_not_complete(tmp_path):
    (tmp_path / FILE).write_text("text")
    assert not is_complete(tmp_path / FILE)
    assert not is_complete(tmp_path / "none.h5")
