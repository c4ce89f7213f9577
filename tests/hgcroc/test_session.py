"""State truth: every stored row has the registers that the chips had at its triggers, whatever happens."""

import re
import threading
import time

import numpy as np
import pytest

from kit.hgcroc import messages
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.marks import Mark, Status
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.resuming import FILE
from kit.hgcroc.session import AbortedError, SpoiledPointError
from kit.hgcroc.wire import Requester, Wire
from tests.hgcroc.scans import Truth, parameters, session_of

LIMIT = 300  # s; most of it is for a busy machine
SLOW = pytest.mark.slow
BOTH = pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])


@BOTH
@pytest.mark.parametrize(
    "order", ["scan", "random", pytest.param("serpentine", marks=SLOW), pytest.param("minimal", marks=SLOW)]
)
def test_rows_have_the_state_at_their_trigger_in_any_order(shared_data, stand, tmp_path, dialect, order):
    emulator = stand(power_on="zeros") if order == "random" else stand()
    truth = Truth(emulator)
    session = session_of(parameters(shared_data, emulator, dialect, order=order, seed=3), tmp_path)
    assert truth.measure(session) == 6
    assert session.state == "done"
    truth.assert_stored(tmp_path)


@BOTH
def test_rows_have_the_state_at_their_trigger_after_resuming_at_any_point(shared_data, stand, tmp_path, dialect):
    emulator = stand()
    truth = Truth(emulator)
    for _ in range(6):
        session = session_of(parameters(shared_data, emulator, dialect, order="random"), tmp_path)
        assert truth.measure(session, until=1) == 1
        emulator.inject("power_cycle")  # and nobody tells
    truth.assert_stored(tmp_path)


@BOTH
@pytest.mark.parametrize(
    "when", [{"at_event": 7}, pytest.param({}, marks=SLOW), pytest.param({"after_messages": 1}, marks=SLOW)]
)
def test_rows_have_the_state_at_their_trigger_with_a_power_cycle_after_any_point(
    shared_data, stand, tmp_path, dialect, when
):
    emulator = stand()
    truth = Truth(emulator)
    session = session_of(parameters(shared_data, emulator, dialect), tmp_path)
    tries = []
    for outcome in session.measure():
        truth.look(outcome)
        tries.append(outcome.columns["tries"])
        emulator.inject("power_cycle", **when)
    truth.assert_stored(tmp_path)
    assert tries == [1, 2, 2, 2, 2, 2]


def foreign_write(emulator, value):
    """Write a register as a program of others would, over the sockets."""
    with Wire() as wire:
        slow = Requester(wire, f"tcp://{emulator.host}:{emulator.ports['slow-control']}", 60.0)
        tree = {"roc_s1": {"ReferenceVoltage": {0: {"Inv_vref": value}}}}
        request = {"type": "set", "status": "send", "read_back": False, "from_hardware": False, "args": tree}
        assert "success" in slow.ask(messages.dump(request))[0].decode()


def test_a_second_client_that_writes_in_between_is_found_and_undone(shared_data, stand, tmp_path):
    emulator = stand()
    truth = Truth(emulator)
    session = session_of(parameters(shared_data, emulator), tmp_path)
    for outcome in session.measure():
        truth.look(outcome)
        foreign_write(emulator, 1023)
    truth.assert_stored(tmp_path)
    log = (tmp_path / "log.jsonl").read_text()
    assert log.count("roc_s1.ReferenceVoltage.0.Inv_vref is 1023, should be 300") == 5


@SLOW
def test_our_own_second_client_waits_its_turn(shared_data, stand, tmp_path):
    emulator = stand()
    truth = Truth(emulator)
    second = session_of(parameters(shared_data, emulator, start_timeout=60.0, order="random"), tmp_path / "second")
    done = []
    other = threading.Thread(target=lambda: done.append(sum(1 for _ in second.measure())))
    for number, outcome in enumerate(session_of(parameters(shared_data, emulator), tmp_path / "first").measure()):
        truth.look(outcome)
        if number == 0:
            other.start()
        assert not done
    truth.assert_stored(tmp_path / "first")
    other.join(60)
    assert done == [6]


def test_a_register_that_falls_back_in_every_try_is_recorded_as_read(shared_data, stand, tmp_path):
    emulator = stand()
    path = ("roc_s1", "ReferenceVoltage", 0, "Inv_vref")
    session = session_of(parameters(shared_data, emulator, max_retries=0), tmp_path)
    outcomes = []
    for outcome in session.measure():
        outcomes.append(outcome)
        if outcome.point == 1:
            emulator.inject("register_upset", path=".".join(map(str, path)), at_event=5)
    bad = outcomes[2]
    assert (bad.status, bad.marks, bad.columns["tries"]) == (Status.FLAGGED, Mark.DIFFERENT, 1)
    with Scan.open(tmp_path / FILE) as scan:
        assert scan.register(path).tolist() == [300, 300, 572, 300, 300, 300]
    assert (tmp_path / "raw" / "point_2.raw.gz").is_file()


@SLOW
@BOTH
def test_refused_writes_are_tried_again(shared_data, stand, tmp_path, dialect):
    emulator = stand()
    emulator.inject("i2c_nack", value=0.25)
    truth = Truth(emulator)
    session = session_of(parameters(shared_data, emulator, dialect, max_retries=10), tmp_path)
    assert truth.measure(session) == 6
    truth.assert_stored(tmp_path)


def test_links_that_do_not_align_at_once_are_waited_for(shared_data, stand, tmp_path):
    emulator = stand()
    emulator.inject("link_misaligned", value=5)
    truth = Truth(emulator)
    truth.measure(session_of(parameters(shared_data, emulator), tmp_path))
    truth.assert_stored(tmp_path)


@pytest.mark.parametrize(
    ("fault", "mark"),
    [({"fault": "lost_event", "value": 0.3}, Mark.SHORT), ({"fault": "truncated_file", "value": 500}, Mark.CUT)],
)
def test_short_runs_are_tried_again_then_kept_and_flagged(shared_data, stand, tmp_path, fault, mark):
    emulator = stand()
    name = fault.pop("fault")
    emulator.inject(name, **fault)
    session = session_of(parameters(shared_data, emulator, max_retries=1), tmp_path)
    outcomes = list(session.measure())
    assert {outcome.status for outcome in outcomes} == {Status.FLAGGED}
    assert all(outcome.marks & mark and outcome.marks & Mark.SHORT for outcome in outcomes)
    assert {outcome.columns["tries"] for outcome in outcomes} == {2}
    with Scan.open(tmp_path / FILE) as scan:
        assert (scan.array("n").min(axis=1) < 20).all()
        assert (scan.array("n")[:, 0] > 0).all()
    assert len(list((tmp_path / "raw").iterdir())) == 12  # both tries of all six


@pytest.mark.parametrize("fault", ["bad_crc", "bad_header"])
def test_broken_halves_are_counted_and_left_out(shared_data, stand, tmp_path, fault):
    emulator = stand()
    emulator.inject(fault, value=0.1)
    session = session_of(parameters(shared_data, emulator), tmp_path)
    outcomes = list(session.measure())
    assert {outcome.status for outcome in outcomes} == {Status.GOOD}
    assert all(outcome.marks == Mark.CORRUPT for outcome in outcomes)
    with Scan.open(tmp_path / FILE) as scan:
        bad = scan.array("n_bad")[:, [0, 36]].sum(axis=1)
        assert (scan.array("n") + scan.array("n_bad") == 20).all()
        assert bad.sum() > 0
        assert (scan.point_column("n_bad") > 0).all()


def test_a_server_that_does_not_answer_ends_the_scan_which_can_be_gone_on_with(shared_data, stand, tmp_path):
    emulator = stand()
    truth = Truth(emulator)
    p = parameters(shared_data, emulator, timeout=6.0, max_retries=0)
    session = session_of(p, tmp_path)
    points = session.measure()
    truth.look(next(points))
    emulator.inject("silent", role="server", value=1000)
    with pytest.raises(BoardError, match=r"server at tcp://\S+, asked to .*, gives no answer in 6 s"):
        next(points)
    assert session.state == "failed"
    emulator.board.faults.clear()
    truth.measure(session_of(p, tmp_path))
    truth.assert_stored(tmp_path)


@SLOW
def test_one_answer_that_does_not_come_is_survived(shared_data, stand, tmp_path):
    emulator = stand()
    truth = Truth(emulator)
    session = session_of(parameters(shared_data, emulator, timeout=6.0), tmp_path)
    for outcome in session.measure():
        truth.look(outcome)
        for role in ("server", "slow-control"):
            emulator.inject("silent", role=role, value=outcome.point % 2)
    truth.assert_stored(tmp_path)


@SLOW
def test_a_slow_run_is_waited_for(shared_data, stand, tmp_path):
    emulator = stand()
    emulator.inject("slow_run", value=0.5, runs=2)
    truth = Truth(emulator)
    truth.measure(session_of(parameters(shared_data, emulator), tmp_path))
    truth.assert_stored(tmp_path)


@SLOW
def test_a_data_client_may_write_the_files(shared_data, stand, tmp_path):
    for dialect in ("0.1.2", "1.0.15"):
        emulator = stand()
        truth = Truth(emulator)
        truth.measure(
            session_of(parameters(shared_data, emulator, dialect, data_path="client"), tmp_path / dialect)
        )
        truth.assert_stored(tmp_path / dialect)


@BOTH
def test_a_data_client_that_dies_is_told_before_the_next_run_and_the_scan_goes_on_with_a_new_one(
    shared_data, stand, tmp_path, dialect
):
    emulator = stand()
    truth = Truth(emulator)
    p = parameters(shared_data, emulator, dialect, data_path="client", timeout=3.0, max_retries=0)
    points = session_of(p, tmp_path).measure()
    truth.look(next(points))
    emulator.inject("dead_client")
    begun = time.monotonic()
    with pytest.raises(
        BoardError, match=r"data client at tcp://\S+, asked to (status|start), gives no answer in 3 s"
    ):
        next(points)
    assert time.monotonic() - begun < 60
    emulator.board.faults.clear()
    truth.measure(session_of(p.with_values(timeout=30.0), tmp_path))
    truth.assert_stored(tmp_path)


@SLOW
@BOTH
def test_a_data_client_that_dies_within_a_run_is_told_in_time(shared_data, stand, tmp_path, dialect, eventually):
    emulator = stand()
    emulator.inject("slow_run", value=2)
    p = parameters(shared_data, emulator, dialect, data_path="client", timeout=3.0, max_retries=0)
    told = []

    def run():
        try:
            list(session_of(p, tmp_path).measure())
        except BoardError as fault:
            told.append(str(fault))

    worker = threading.Thread(target=run)
    worker.start()
    assert eventually(lambda: emulator.board.counters["runs"] == 1)
    emulator.inject("dead_client")
    worker.join(30)
    assert not worker.is_alive()
    assert re.search(r"data client at .*(gives no answer in 3 s|it wrote no file)", told[0])


@pytest.mark.parametrize("act", ["pause", "abort"])
def test_pause_and_abort_do_not_wait_for_the_end_of_a_long_run(shared_data, stand, tmp_path, act, eventually):
    emulator = stand()
    truth = Truth(emulator)
    emulator.inject("slow_run", value=30, runs=1)
    session = session_of(parameters(shared_data, emulator, timeout=60.0), tmp_path)
    ended = []

    def run():
        try:
            truth.measure(session)
        except AbortedError as fault:
            ended.append(str(fault))

    worker = threading.Thread(target=run)
    worker.start()
    assert eventually(lambda: emulator.board.counters["runs"] == 1)
    asked = time.monotonic()
    getattr(session, act)()
    wanted = {"pause": "paused", "abort": "failed"}[act]
    assert eventually(lambda: session.state == wanted, 20)
    assert time.monotonic() - asked < 20  # the run takes 30 s
    emulator.board.faults.clear()
    if act == "pause":
        session.resume()
        worker.join(300)
    else:
        worker.join(60)
        assert ended == ["the scan was aborted; it goes on where it was when it is started again"]
        truth.measure(session_of(parameters(shared_data, emulator), tmp_path))
    truth.assert_stored(tmp_path)


def test_a_pause_before_the_first_point_waits_for_it(shared_data, stand, tmp_path, eventually):
    emulator = stand()
    session = session_of(parameters(shared_data, emulator), tmp_path)
    session.pause()
    worker = threading.Thread(target=lambda: list(session.measure()))
    worker.start()
    assert eventually(lambda: session.state == "paused")
    assert emulator.board.counters["runs"] == 0
    session.resume()
    worker.join(60)
    assert session.state == "done"


def test_a_scan_may_stop_or_pause_at_a_point_in_doubt(shared_data, stand, tmp_path, eventually):
    emulator = stand()
    emulator.inject("lost_event", value=0.4)
    p = parameters(shared_data, emulator, max_retries=0, on_fail="stop")
    with pytest.raises(SpoiledPointError, match=r"point 0: fewer events than asked for.* was to stop"):
        list(session_of(p, tmp_path / "stop").measure())
    session = session_of(p.with_values(on_fail="pause"), tmp_path / "pause", attended=True)
    worker = threading.Thread(target=lambda: list(session.measure()))
    worker.start()
    assert eventually(lambda: session.state == "paused")
    emulator.board.faults.clear()
    session.resume()
    worker.join(60)
    assert session.state == "done"
    accepted = session_of(p.with_values(accept=["short", "lost"]), tmp_path / "accepted")
    emulator.inject("lost_event", value=0.4)
    assert len(list(accepted.measure())) == 6


def test_a_pause_that_nobody_can_end_ends_the_scan_which_goes_on_when_it_is_started_again(
    shared_data, stand, tmp_path
):
    emulator = stand()
    emulator.inject("lost_event", value=0.4)
    p = parameters(shared_data, emulator, max_retries=0, on_fail="pause")
    with pytest.raises(SpoiledPointError, match=r"point 0: fewer events .* nobody is there to resume it"):
        list(session_of(p, tmp_path).measure())
    emulator.board.faults.clear()
    again = session_of(p, tmp_path)
    assert [outcome.point for outcome in again.measure()] == [1, 2, 3, 4, 5]
    with Scan.open(tmp_path / FILE) as scan:
        assert scan.summary() == {"pending": 0, "good": 5, "flagged": 1, "failed": 0}
    once_more = session_of(p, tmp_path, again=[0])
    assert [outcome.point for outcome in once_more.measure()] == [0]
    with Scan.open(tmp_path / FILE) as scan:
        assert scan.summary()["good"] == 6


@BOTH
def test_a_server_that_falls_silent_pauses_a_scan_that_somebody_watches(
    shared_data, stand, tmp_path, dialect, eventually
):
    emulator = stand()
    truth = Truth(emulator)
    session = session_of(
        parameters(shared_data, emulator, dialect, timeout=2.0, max_retries=0), tmp_path, attended=True
    )
    worker = threading.Thread(target=truth.measure, args=(session,))
    role = "server" if dialect == "1.0.15" else "legacy-server"
    emulator.inject("slow_run", value=0.2)
    worker.start()
    assert eventually(lambda: emulator.board.counters["runs"] >= 2)
    emulator.inject("silent", role=role, value=1000)
    assert eventually(lambda: session.state == "paused", 30)
    assert "gives no answer in 2 s" in session.trouble
    session.resume()  # too early: it is paused once more
    assert eventually(lambda: session.state == "running" or session.trouble == "", 5)
    assert eventually(lambda: session.state == "paused", 30)
    emulator.board.faults.clear()
    session.resume()
    worker.join(60)
    assert session.state == "done"
    truth.assert_stored(tmp_path)


def test_what_this_very_board_cannot_hold_is_refused_before_it_is_touched(shared_data, stand, tmp_path):
    emulator = stand()
    emulator.inject("narrow_register", path="roc_s1.ReferenceVoltage.0.Calib", value=40)
    p = parameters(shared_data, emulator)
    told = r"roc_s1\.ReferenceVoltage\.0\.Calib is 64, should be from 0 to 40 as the board describes itself"
    with pytest.raises(ProcedureError, match=told):
        list(session_of(p, tmp_path / "refused").measure())
    assert not (tmp_path / "refused" / FILE).exists()
    assert (emulator.board.counters["resets"], emulator.board.counters["register_writes"]) == (0, 0)
    warned = session_of(p.with_values(check_ranges="warn", max_retries=0), tmp_path / "warned")
    failed = [outcome.point for outcome in warned.measure() if outcome.status == Status.FAILED]
    assert failed == [2, 5]  # what the board itself refuses then
    assert "as the board describes itself" in (tmp_path / "warned" / "log.jsonl").read_text()


def test_nothing_is_read_back_where_nothing_is_wished_and_every_point_says_so(shared_data, stand, tmp_path):
    emulator = stand()
    outcomes = list(session_of(parameters(shared_data, emulator, readback="none"), tmp_path).measure())
    assert all(outcome.marks == Mark.UNVERIFIED and outcome.status == Status.GOOD for outcome in outcomes)


@SLOW
def test_full_readback_finds_a_register_that_the_scan_does_not_set(shared_data, stand, tmp_path):
    emulator = stand()
    path = ("roc_s2", "MasterTdc", 1, "BIAS_I_CTDC_D")
    found = {}
    for readback in ("axes", "full"):
        points = session_of(parameters(shared_data, emulator, readback=readback), tmp_path / readback).measure()
        next(points)
        emulator.board.write({path[0]: {path[1]: {path[2]: {path[3]: 9}}}})
        found[readback] = next(points).columns["tries"]
        points.close()
    assert found == {"axes": 1, "full": 2}


@SLOW
def test_the_board_is_compared_with_its_files_of_defaults(shared_data, stand, tmp_path):
    emulator = stand()
    p = parameters(shared_data, emulator, "0.1.2")
    session = session_of(p, tmp_path / "record")
    next(points := session.measure())
    points.close()
    default = session.plan.default  # zeros nearly everywhere: no chip is so
    table = session.plan.table
    assert len(session.base_differences) == np.count_nonzero((table.reset != default) & ~table.read_only)
    with pytest.raises(ProcedureError, match=r"differs from its files of defaults: .* is \d+, should be"):
        next(session_of(p.with_values(on_base_difference="stop"), tmp_path / "stop").measure())


@SLOW
def test_what_differs_from_the_defaults_may_be_written(shared_data, stand, tmp_path):
    emulator = stand()
    emulator.board.write({"roc_s0": {"Top": {0: {"PreL1AOffset": 2}}}})
    p = parameters(shared_data, emulator, "0.1.2", on_base_difference="write")
    (shared := tmp_path / "on.yaml").write_text("roc_s0: {Top: {0: {PreL1AOffset: 1}}}")
    config = tmp_path / "main.yaml"
    examples = shared_data / "hgcroc" / "examples_012"
    config.write_text(
        f"""procedures:
- name: small2d
  type: daq
  target_settings: {{power_on_default: {shared}, initial_config: {examples / "init_timewalk.yaml"}}}
  daq_settings: {{default: {examples / "defaults" / "daq_settings.yaml"}}}
  parameters:
  - key: [roc_s0, Top, 0, phase_strobe]
    range: {{start: 0, stop: 2}}
"""
    )
    truth = Truth(emulator)
    session = session_of(p.with_values(config=str(config)), tmp_path / "run")
    truth.measure(session)
    assert len(session.base_differences) == 1
    truth.assert_stored(tmp_path / "run", 2)
    place = session.plan.table.index_of(("roc_s0", "Top", 0, "PreL1AOffset"))
    assert truth.states[1][0][place] == 1


def test_nothing_is_sent_before_everything_is_checked(shared_data, stand, tmp_path):
    emulator = stand()
    with pytest.raises(ProcedureError, match="there is no daq procedure"):
        session_of(parameters(shared_data, emulator, procedure="small3d"), tmp_path)
    with pytest.raises(ProcedureError, match="asks for calibration pedestal_target"):
        session_of(parameters(shared_data, emulator, "0.1.2", procedure="timewalk_scan_calibrated"), tmp_path)
    assert emulator.board.counters["messages"] == 0


def test_a_template_axis_in_mode_full_keeps_events_and_state(shared_data, stand, tmp_path):
    emulator = stand()
    truth = Truth(emulator)
    p = parameters(shared_data, emulator, procedure="one_channel_at_a_time", n_events=5)
    session = session_of(p, tmp_path)
    assert session.events
    assert truth.measure(session) == 24
    truth.assert_stored(tmp_path, 24)
    with Scan.open(tmp_path / FILE) as scan:
        events = scan.events(7)
        assert events["adc"].shape == (5, 3, 2, 37)
        summary = np.sort(events["adc"][:, 1, 0, 3])[5 // 2]
        assert scan.array("adc_median", [7])[0, 78 + 3] == summary
