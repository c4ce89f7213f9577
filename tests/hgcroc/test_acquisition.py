"""The stage: its demo, its exit, its resuming, and that it is a batch job like any other."""

import contextlib
import json
import os
import signal

import pytest

from kit.directories import RunError
from kit.files import FormatError
from kit.hgcroc.acquisition import AcquisitionParameters, acquire, finish, start_session
from kit.hgcroc.marks import Mark
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.resuming import FILE
from kit.hgcroc.session import AbortedError
from kit.run import Run, load
from tests.conftest import PROJECT
from tests.hgcroc.scans import parameters, twins_of

LIMIT = 300  # s; most of it is for a busy machine


def run_of(p):
    with Run("hgcroc/acquisition", p) as run:
        run.summary = acquire(p, run)
    return run


def test_the_demo_starts_a_board_of_its_own_and_measures_all_points(tmp_path):
    config = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "main.yaml")
    p = AcquisitionParameters(config=config, n_events=20, order="minimal", interactive=False)
    run = run_of(p)
    assert (run.summary["points"], run.summary["good"], run.summary["tries"]) == (84, 84, 84)
    assert run.summary["register_writes"] < 500  # 621 in scan order
    with Scan.open(run.directory / run.summary["folder"] / FILE) as scan:
        tot = scan.array("tot_median")
        calib = scan.array("Calib")
        assert not tot[calib == 0].any()
        assert (tot[calib == 2000].reshape(4, 234).max(axis=1) > 1300).all()
    outputs = {output["path"] for output in load(run.directory).manifest["outputs"]}
    assert outputs == {f"{run.summary['folder']}/{name}" for name in (FILE, "log.jsonl")}


def test_a_scan_goes_on_in_a_new_run_where_the_last_one_failed(shared_data, stand, tmp_path):
    emulator = stand()
    p = parameters(shared_data, emulator)
    with pytest.raises(AbortedError, match="goes on where it was"), Run("hgcroc/acquisition", p) as run:
        session = start_session(p, run)
        for outcome in session.measure():
            if outcome.point == 3:
                session.abort()
    second = run_of(p)
    assert second.summary["measured_now"] == 2
    assert second.summary["good"] == 6
    assert any("goes on with outputs/hgcroc/acquisition/" in text for text in second.notices)
    third = run_of(p)  # a complete scan is not gone on with
    assert third.summary["measured_now"] == 6


@pytest.mark.slow
def test_a_scan_that_goes_on_with_another_emulator_has_no_twins(tmp_path):
    config = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "main.yaml")
    p = AcquisitionParameters(
        config=config, procedure="pedestal_scan", n_events=10, repeats=1, interactive=False, output="scan"
    )
    with (
        pytest.raises(KeyboardInterrupt),
        Run("hgcroc/acquisition", p) as run,
        contextlib.closing(start_session(p, run).measure()) as outcomes,
    ):
        for outcome in outcomes:
            if outcome.point == 3:
                raise KeyboardInterrupt
    run = run_of(p)
    assert (run.summary["good"], run.summary["measured_now"]) == (32, 28)


@pytest.mark.slow
def test_without_resume_a_scan_begins_anew(shared_data, stand, tmp_path):
    emulator = stand()
    p = parameters(shared_data, emulator, output="scan")
    emulator.inject("lost_event", value=0.5)
    with pytest.raises(
        RunError, match=r"6 of 6 points are not as they should be: point 0: fewer events than asked"
    ):
        run_of(p.with_values(max_retries=0))
    emulator.board.faults.clear()
    run = run_of(p.with_values(resume=False))
    assert run.summary["measured_now"] == 6
    names = sorted(path.name for path in (run.directory / run.summary["folder"]).glob("*.h5"))
    assert names == ["scan.h5", "scan_abandoned_1.h5"]


def test_points_in_doubt_are_no_success_unless_they_are_accepted(shared_data, stand, tmp_path):
    emulator = stand()
    emulator.inject("truncated_file", value=100)
    p = parameters(shared_data, emulator, max_retries=0, output="scan")
    with pytest.raises(RunError, match=r"data cut in the middle of a record.*and 1 more; accept them"):
        run_of(p)
    run = run_of(p.with_values(accept=["short", "cut"]))
    assert (run.summary["flagged"], run.summary["measured_now"]) == (6, 0)


def test_a_scan_file_that_was_cut_is_refused_until_it_shall_be_put_aside(shared_data, stand, tmp_path):
    p = parameters(shared_data, stand(), output="scan")
    with pytest.raises(AbortedError), Run("hgcroc/acquisition", p) as run:
        session = start_session(p, run)
        for _ in session.measure():
            session.abort()
    path = session.folder / FILE
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(FormatError, match=r"it was cut; with resume=false it is put aside, and all points"):
        run_of(p)
    assert run_of(p.with_values(resume=False)).summary["measured_now"] == 6


def test_a_board_that_is_off_is_no_success(shared_data, stand, tmp_path):
    main = tmp_path / "main.yaml"
    main.write_text(
        "procedures:\n- {name: dark, type: daq, system_settings: "
        f"{{default: [], init: [{shared_data / 'hgcroc' / 'examples_1015' / 'init_daq.yaml'}]}}}}\n"
    )
    p = parameters(shared_data, stand(), procedure="dark").with_values(config=str(main))
    with pytest.raises(RunError, match="point 0: no data: RunL and RunR of all chips are 0"):
        run_of(p)


def test_broken_halves_of_good_points_are_told(shared_data, stand):
    emulator = stand()
    emulator.inject("bad_crc", value=0.1)
    run = run_of(parameters(shared_data, emulator))
    assert run.summary["good"] == 6
    assert 20 < run.summary["bad_halves"] < 140  # a tenth of 6 points, 20 events, 6 halves
    told = f"6 points have broken halves, {run.summary['bad_halves']} in all, which are left out of the summary"
    assert told in run.notices


def test_a_log_that_is_removed_meanwhile_is_no_success(shared_data, stand, tmp_path):
    p = parameters(shared_data, stand(), output="scan")
    with Run("hgcroc/acquisition", p) as run:
        session = start_session(p, run)
        for _ in session.measure():
            (session.folder / "log.jsonl").unlink(missing_ok=True)
        with pytest.raises(RunError, match=r"log\.jsonl was being written and is gone; who removed it\?"):
            finish(p, run, session, 6, 1.0)


def test_faults_of_a_procedure_leave_nothing_behind_but_their_telling(shared_data, stand, tmp_path):
    p = parameters(shared_data, stand(), procedure="no_scan", output="scan")
    with pytest.raises(ProcedureError, match="there is no daq procedure 'no_scan'"):
        run_of(p)
    assert [path.name for path in (tmp_path / "scan").iterdir()] == ["manifest.json"]
    assert load(tmp_path / "scan").manifest["fault"]["kind"] == "ProcedureError"


def test_points_that_the_data_contradict_are_no_success(shared_data, stand, tmp_path):
    emulator = stand()
    p = twins_of(parameters(shared_data, emulator, output="scan"), shared_data, tmp_path)
    with pytest.raises(AbortedError), Run("hgcroc/acquisition", p) as run:
        session = start_session(p, run)
        for _ in session.measure():
            session.abort()
    emulator.board.counters["runs"] = 0  # the noise of the first run comes once more
    with pytest.raises(
        RunError, match="2 of 2 points are not as they should be: point 0: same data as another point"
    ):
        run_of(p)
    with Scan.open(next((tmp_path / "scan").glob("*/scan.h5"))) as scan:
        assert (scan.point_column("flags") == Mark.TWIN).all()
    assert run_of(p.with_values(accept=["twin"])).summary["flagged"] == 2


def test_a_killed_scan_goes_on_and_every_row_is_true(shared_data, stand, tmp_path, python, eventually):
    emulator = stand()
    emulator.inject("slow_run", value=0.3)
    p = parameters(shared_data, emulator, output=str(tmp_path / "scan"))
    script = (
        "import json, sys\nfrom kit.run import Run\nfrom kit.hgcroc.acquisition import *\n"
        "p = AcquisitionParameters.build(json.loads(sys.argv[1]))\n"
        "with Run('hgcroc/acquisition', p) as run:\n    run.summary = acquire(p, run)\n"
    )
    process = python("-c", script, json.dumps(p.model_dump()))
    assert eventually(lambda: emulator.board.counters["runs"] >= 3, 60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    emulator.board.faults.clear()
    emulator.inject("power_cycle")
    run = run_of(p)
    assert 0 < run.summary["measured_now"] < 6
    assert run.summary["good"] == 6
    runs = {}
    for each in emulator.board.stretches:
        runs.setdefault(each.run, []).append(emulator.board.state_of(each))
    with Scan.open(run.directory / run.summary["folder"] / FILE) as scan:
        for point in range(6):
            stored = scan.states.state(point)
            keep = ~scan.table.read_only
            assert any(all((state[keep] == stored[keep]).all() for state in states) for states in runs.values())


def test_marks_are_refused_that_are_none():
    with pytest.raises(ValueError, match=r"accept has 'shrt', which is no mark \(did you mean short\?\)"):
        AcquisitionParameters(accept=["shrt"])
