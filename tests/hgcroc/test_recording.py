"""Writing points: read by others meanwhile, kept through kills, refused for another plan."""

import numpy as np
import pytest

from kit.files import FormatError
from kit.hgcroc.measurements import Scan
from kit.hgcroc.recording import BUFFERED, open_again
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.samples import measured, point_columns

TABLE = register_table("ld")
MENU = {"daq": {"active_menu": "a", "menus": {"a": {"NEvents": 20}}}}
PLAN = plan_of([{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}], MENU)


@pytest.fixture
def path(tmp_path):
    create(tmp_path / "scan.h5", PLAN, TABLE.reset, {}, events=True)
    return tmp_path / "scan.h5"


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 0, 3, 1, 4, 2]])
def test_points_are_stored_by_their_number_in_any_order(path, order):
    wanted = {point: measured(seed=point + 1) for point in order}
    with open_again(path, PLAN) as recorder:
        for point in order:
            recorder.write(point, point_columns(writes=point), *wanted[point])
    with Scan.open(path) as scan:
        assert scan.point_column("writes").tolist() == list(range(6))
        for point, (summary, events) in wanted.items():
            for name, column in summary.items():
                np.testing.assert_array_equal(scan.array(name)[point], column)
            for name, values in scan.events(point).items():
                np.testing.assert_array_equal(values, events[name])


READER = """
import sys
from kit.hgcroc.measurements import Scan
for line in sys.stdin:
    with Scan.open(sys.argv[1]) as scan:
        points = scan.measured().tolist()
        print(points, [int(scan.array("adc_median", [point])[0, 3]) for point in points], flush=True)
"""


def test_another_process_reads_what_is_there_while_it_is_written(path, python):
    reader = python("-c", READER, str(path), stdin=-1)
    with open_again(path, PLAN) as recorder:
        seen = []
        for point in (4, 1):
            summary, events = measured(seed=point)
            recorder.write(point, point_columns(), summary, events)
            recorder.flush()
            reader.stdin.write("look\n")
            reader.stdin.flush()
            seen.append((reader.stdout.readline().strip(), int(summary["adc_median"][3])))
    reader.stdin.close()
    (first, four), (second, one) = seen
    assert first == f"[4] [{four}]"
    assert second == f"[1, 4] [{one}, {four}]"


WRITER = """
import os, signal, sys
from pathlib import Path
from kit.hgcroc.recording import open_again
from tests.hgcroc.samples import measured, point_columns
from tests.hgcroc.test_recording import PLAN
recorder = open_again(Path(sys.argv[1]), PLAN)
for point in (0, 2):
    recorder.write(point, point_columns(), *measured(seed=point))
recorder.flush()
recorder.write(3, point_columns(), *measured(seed=3))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_writer_leaves_a_file_that_goes_on(path, python):
    assert python("-c", WRITER, str(path)).wait(60) == -9
    with Scan.open(path) as scan:
        assert scan.measured().tolist() == [0, 2]
    with open_again(path, PLAN) as recorder:
        assert recorder.status.tolist() == [1, 0, 1, 0, 0, 0]
        shorter = measured(events=7, seed=3)
        recorder.write(3, point_columns(n_events=7), *shorter)  # its events were there already, and more
    with Scan.open(path) as scan:
        np.testing.assert_array_equal(scan.array("adc_median", [0])[0], measured(seed=0)[0]["adc_median"])
        np.testing.assert_array_equal(scan.events(3)["tot"], shorter[1]["tot"])
        assert (scan._file["events/corruption"][3, 7:] == 128).all()
    assert [entry.name for entry in path.parent.iterdir()] == ["scan.h5"]


def test_fast_points_are_written_together_and_slow_ones_at_once(path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    summary, events = measured()
    with open_again(path, PLAN) as recorder:
        flushed = []
        for wait in (5.0, 0.001, 0.001, 0.5, 0.001):
            clock[0] += wait
            recorder.write(len(flushed), point_columns(), summary, events)
            flushed.append(int(np.count_nonzero(recorder.status)))
    assert flushed == [1, 1, 1, 4, 4]
    assert BUFFERED == 20


def test_what_was_read_otherwise_is_kept(path):
    index = TABLE.index_of(("roc_s1", "ReferenceVoltage", 0, "Calib"))
    with open_again(path, PLAN) as recorder:
        recorder.write(2, point_columns(status=2), *measured(), differences=np.array([[index, 77]]))
    with Scan.open(path) as scan:
        assert scan.register(("roc_s1", "ReferenceVoltage", 0, "Calib")).tolist() == [0, 5, 77, 0, 5, 9]
        assert scan.state(2)["roc_s1"]["ReferenceVoltage"][0]["Calib"] == 77


def test_a_point_without_data_has_its_status_alone(path):
    with open_again(path, PLAN) as recorder:
        recorder.write(0, point_columns(status=3, n_events=0), {})
        recorder.write(1, point_columns(), *measured())
    with Scan.open(path) as scan:
        assert scan.summary() == {"pending": 4, "good": 1, "flagged": 0, "failed": 1}
        assert scan.measured().tolist() == [1]
        assert scan.events(0)["adc"].shape[0] == 0


def test_a_run_longer_than_planned_has_room(path):
    summary, events = measured(events=33)
    with open_again(path, PLAN) as recorder:
        recorder.write(0, point_columns(n_events=33), summary, events)
    with Scan.open(path) as scan:
        np.testing.assert_array_equal(scan.events(0)["adc"], events["adc"])


def test_a_scan_of_another_plan_is_refused_with_what_differs(path):
    other = plan_of([{"key": PHASE, "values": [2, 4]}, {"key": CALIB, "values": [0, 5, 9]}], MENU)
    with pytest.raises(
        FormatError, match=rf"hash {PLAN.hash}, should be {other.hash}; values of axis 1, phase_strobe"
    ):
        open_again(path, other)


def test_what_is_no_scan_is_refused(tmp_path):
    (tmp_path / "scan.h5").write_bytes(b"no HDF5")
    with pytest.raises(FormatError, match=r"cannot be read: .*; should be the file of a scan"):
        open_again(tmp_path / "scan.h5", PLAN)
