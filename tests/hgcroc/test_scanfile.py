"""The layout of a scan's file, read with plain h5py."""

import json
import threading

import h5py
import numpy as np
import pytest

from kit.files import FormatError
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import POINT_COLUMNS, create, differences, opened
from kit.hgcroc.summaries import SUMMARY
from tests.hgcroc.plans import CALIB, PHASE, plan_of

TABLE = register_table("ld")
MENU = {"daq": {"active_menu": "a", "menus": {"a": {"NEvents": 50}}}}
AXES = [{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scan.h5"


def test_everything_about_the_scan_is_there_before_the_first_point(path):
    plan = plan_of(AXES, MENU)
    create(path, plan, TABLE.reset, {"board_id": "LD 7"}, events=True)
    with h5py.File(path) as file:
        assert {file.attrs[name] for name in ("hash", "board", "board_id", "mode")} == {
            plan.hash,
            "ld",
            "LD 7",
            "full",
        }
        assert file["rows/channel"].shape == (234,)
        assert file["plan/names"][0] == b"roc_s0.ch.0.Adc_pedestal"
        assert (file["plan/base"][:] == TABLE.reset).all()
        assert json.loads(file["plan/axis_1/values"][()]) == [0, 5, 9]
        assert file["plan/axis_1/settings"].shape == (3, 6)
        assert {name: file[f"points/{name}"].shape for name in POINT_COLUMNS} == dict.fromkeys(POINT_COLUMNS, (6,))
        assert {name: file[f"summary/{name}"].dtype for name in SUMMARY} == SUMMARY
        assert file["events/adc"].shape == (6, 50, 3, 2, 37)
    assert path.stat().st_size < 400_000  # places take no room before they are filled


def test_a_million_points_take_no_room_before_they_are_measured(path):
    plan = plan_of([{"key": PHASE, "values": {"stop": 16}}, {"key": CALIB, "values": {"stop": 4000}}], MENU,
                   procedure={"repeat": 16})  # fmt: skip
    create(path, plan, TABLE.reset, {})
    assert path.stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"repeats": 2}, "points are 1x2x3 (repeats and axes), should be 2x2x3"),
        ({"n_events": 7}, "settings of the acquisition programs differ"),
        ({"board": "hd"}, "board is ld, should be hd"),
    ],
)
def test_plans_differ_in_words(path, changes, told):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    with h5py.File(path) as file:
        assert told in differences(file, plan_of(AXES, MENU, **changes))


def test_registers_and_values_that_differ_are_named(path):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    target = {"roc_s0": {"Top": {0: {"RunL": 1}}}}
    other = plan_of([AXES[0], {"key": CALIB, "values": [0, 5, 8]}], MENU | {"target": target})
    with h5py.File(path) as file:
        assert differences(file, other) == [
            "roc_s0.Top.0.RunL is 0, should be 1", "values of axis 2, Calib, differ"
        ]  # fmt: skip
        assert differences(file, plan_of(AXES, MENU)) == []


def test_nothing_appears_under_the_name_when_writing_fails(path):
    with pytest.raises(TypeError):
        create(path, plan_of(AXES, MENU), TABLE.reset, {"bad": object()})
    assert list(path.parent.iterdir()) == []


def test_the_file_is_as_numpy_wrote_it(path):
    plan = plan_of([{"key": ["target", "roc_s0", "HalfWise", 0, "trim_inv"], "values": [1, 2]}], MENU)
    create(path, plan, TABLE.reset, {})
    with h5py.File(path) as file:
        assert len(file["plan/axis_0/own"]) == 1
        assert len(file["plan/axis_0/index"]) == 40
        assert np.isin(file["plan/axis_0/own"][:], file["plan/written"][:]).all()


@pytest.mark.parametrize("share", [0.3, 0.75, 0.999])
def test_a_file_that_was_cut_is_refused_at_once(path, share):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FormatError, match=rf"scan\.h5: has {path.stat().st_size} bytes, should have {len(whole)}"):
        opened(path)


def test_a_file_that_is_being_closed_is_waited_for(path):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with path.open("ab", buffering=0) as writer:
        grows = threading.Timer(0.1, writer.write, [whole[-10:]])
        grows.start()
        with opened(path) as file:
            assert file["points/status"].shape == (6,)
        grows.join()


def test_a_writer_waits_for_a_reader_of_the_same_process(path):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    reader = opened(path)
    with pytest.raises(OSError, match="already open for read-only"):
        opened(path, writing=True, patience=0.05)
    leaves = threading.Timer(0.2, reader.close)
    leaves.start()
    with opened(path, writing=True) as file:
        file["points/status"][1] = 7
        file.flush()
        with opened(path) as beside:
            assert beside["points/status"][1] == 7
    leaves.join()


def test_a_writer_may_begin_again_while_somebody_reads_on(path):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    first = opened(path, writing=True)
    with opened(path):
        first.close()
        with opened(path, writing=True) as second:
            second["points/status"][0] = 3
    with opened(path) as file:
        assert file["points/status"][0] == 3


def test_a_kill_right_after_the_opening_leaves_it_readable(python, path):
    create(path, plan_of(AXES, MENU), TABLE.reset, {})
    words = "import os, pathlib, sys; from kit.hgcroc.scanfile import opened; "
    words += "file = opened(pathlib.Path(sys.argv[1]), writing=True); os.kill(os.getpid(), 9)"
    assert python("-c", words, path).wait(60) == -9
    with opened(path) as file:
        assert file["points/status"].shape == (6,)
