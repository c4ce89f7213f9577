"""A calibration that one scan finds is in the chips during the next; nothing is measured twice."""

import numpy as np
import pytest
import yaml

from kit.hgcroc.acquisition import AcquisitionParameters, acquire
from kit.hgcroc.calibration.overlays import OVERLAY
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.resuming import FILE
from kit.run import Run
from tests.conftest import PROJECT

LIMIT = 300  # s; most of it is for a busy machine
QUICK = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "quick.yaml")


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("KIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def measured(emulator, folder="", dialect="1.0.15", **values):
    network = emulator.network(dialect)
    if dialect == "1.0.15":
        network["client"] = {"hostname": emulator.host, "port": emulator.ports["client"]}
    common = {"config": QUICK, "network": network, "n_events": 50, "timeout": 30.0, "interactive": False}
    p = AcquisitionParameters.build(common | {"start_timeout": 30.0, "output": str(folder)} | values)
    with Run("hgcroc/acquisition", p) as run:
        run.summary = acquire(p, run)
    return run


def folder_of(run, name):
    (found,) = run.directory.glob(f"{name}-*")
    return found


def states_of(emulator, events):
    """Return the registers at all triggers of runs with so many events since the board was made."""
    return [emulator.board.state_of(each) for each in emulator.board.stretches if each.events == events]


def test_a_calibration_is_in_the_registers_during_the_next_scan(stand, home):
    emulator = stand()
    run = measured(emulator, procedure="vrefnoinv")
    overlay = yaml.safe_load((folder_of(run, "inv_vref") / OVERLAY).read_text())["target"]
    table = emulator.board.table
    index, value = table.leaves(overlay)
    assert len(index) == 6  # a half each
    assert len(set(value)) > 1
    noinv = table.index_of(("roc_s0", "ReferenceVoltage", 0, "Noinv_vref"))
    states = [emulator.board.state_of(each) for each in emulator.board.stretches]
    later = states[-11:]  # the points of vrefnoinv
    assert sorted(state[noinv] for state in later) == list(range(0, 601, 60))
    assert all((state[index] == value).all() for state in later)
    assert not any((state[index] == value).all() for state in states[:-11])
    with Scan.open(run.directory / run.summary["folder"] / FILE) as scan:
        assert (scan.states.state(0)[index] == value).all()
    assert (run.summary["scans"], run.summary["calibrations"]) == (2, ["inv_vref"])
    told = (folder_of(run, "inv_vref") / OVERLAY).read_text()
    assert folder_of(run, "vrefinv").name in told  # provenance


def test_a_chain_of_012_takes_its_calibration_from_a_class_of_the_user(shared_data, stand, home):
    emulator = stand()
    source = shared_data / "hgcroc" / "examples_012"
    values = {"config": str(source / "main.yaml"), "user_module": str(source / "analyses"), "n_events": 20}
    run = measured(emulator, dialect="0.1.2", procedure="timewalk_scan_calibrated", **values)
    tree = yaml.safe_load((folder_of(run, "pedestal_target") / OVERLAY).read_text())
    index, value = emulator.board.table.leaves(tree)
    assert len(index) == 216
    last = [emulator.board.state_of(each) for each in emulator.board.stretches[-run.summary["points"] :]]
    assert all((state[index] == value).all() for state in last)


def test_a_scan_of_a_named_board_is_not_measured_again(stand, home):
    emulator = stand()
    first = measured(emulator, procedure="vrefnoinv", board_id="board 7")
    triggers = emulator.board.counters["runs"]
    second = measured(emulator, procedure="sampling_scan", board_id="board 7")
    assert second.summary["taken"] == [folder_of(first, name).name for name in ("vrefinv", "vrefnoinv")]
    assert emulator.board.counters["runs"] - triggers == 16
    assert second.summary["measured_now"] == 16
    third = measured(emulator, procedure="vrefnoinv", board_id="board 8")
    assert third.summary["taken"] == []


def test_a_board_without_a_name_is_measured_anew(stand, home):
    emulator = stand()
    measured(emulator, procedure="vrefinv")
    run = measured(emulator, procedure="vrefnoinv")
    assert (run.summary["taken"], run.summary["measured_now"]) == ([], 24)


def test_a_chain_that_was_interrupted_goes_on_where_it_was(stand, home, tmp_path):
    emulator = stand()
    folder = tmp_path / "chain"
    with pytest.raises(ProcedureError, match="there is no daq procedure 'nothing'"):
        measured(emulator, folder, config=_workflow(tmp_path, ["vrefinv", "nothing"]), procedure="both")
    runs = emulator.board.counters["runs"]
    assert runs == 13
    _workflow(tmp_path, ["vrefinv", "vrefnoinv"])  # mended
    run = measured(emulator, folder, config=str(tmp_path / "main.yaml"), procedure="both")
    assert emulator.board.counters["runs"] - runs == 11
    assert run.summary["measured_now"] == 11


def _workflow(folder, tasks):
    procedures = PROJECT / "parameters" / "hgcroc" / "procedures"
    libraries = [str(procedures / name) for name in ("quick_scans.yaml", "analyses.yaml")]
    content = {"libraries": libraries, "workflows": [{"name": "both", "tasks": tasks}]}
    (folder / "main.yaml").write_text(yaml.safe_dump(content))
    return str(folder / "main.yaml")


def changed(folder, **changes):
    """Write a library with two scans of one point that need each other, or something else that is wrong."""
    daq = {"active_menu": "randomL1A", "menus": {"randomL1A": {"NEvents": 20}}}
    on = {f"roc_s{chip}": {"Top": {0: {"RunL": 1, "RunR": 1}}} for chip in range(3)}
    scan = {"type": "daq", "system_settings": {"default": [], "override": {"daq": daq, "target": on}}}
    scans = [{"name": name, **scan, "calibration": calibration} for name, calibration in changes["scans"]]
    content = {"procedures": [*scans, *changes["analyses"]]}
    (folder / "main.yaml").write_text(yaml.safe_dump(content))
    return str(folder / "main.yaml")


@pytest.mark.parametrize(
    ("scans", "analyses", "told"),
    [
        (
            [("a", "x"), ("b", "y")],
            [{"name": "x", "type": "analysis", "daq": "b"}, {"name": "y", "type": "analysis", "daq": "a"}],
            "calibrations go round in a circle: a needs b needs a",
        ),
        ([("a", "x")], [], "there is no analysis procedure 'x'"),
        (
            [("a", "pedestals"), ("b", [])],
            [{"name": "pedestals", "type": "analysis", "daq": "b"}],
            "pedestals is to provide a calibration and found no register to set",
        ),
        (
            [("a", "x"), ("b", [])],
            [{"name": "x", "type": "analysis", "daq": "b"}],
            "there is no distillery 'x', should be one of pedestals, inv_vref",
        ),
        (
            [("a", "trim_inv"), ("b", [])],
            [{"name": "trim_inv", "type": "analysis", "daq": "b", "parameters": {"target_trimm": 3}}],
            r"target_trimm is not known \(did you mean target_trim\?\)",
        ),
    ],
)
def test_what_cannot_be_a_chain_is_refused(stand, home, tmp_path, scans, analyses, told):
    config = changed(tmp_path, scans=scans, analyses=analyses)
    with pytest.raises(ProcedureError, match=told):
        measured(stand(), config=config, procedure="a", n_events=None)


def test_the_state_of_all_scans_is_what_was_read_back(stand, home):
    emulator = stand()
    run = measured(emulator, procedure="vrefnoinv")
    with Scan.open(run.directory / run.summary["folder"] / FILE) as scan:
        stretches = emulator.board.stretches[-len(scan) :]
        for point, stretch in enumerate(stretches):
            assert np.array_equal(
                scan.states.state(point)[~scan.table.read_only],
                emulator.board.state_of(stretch)[~scan.table.read_only],
            )
