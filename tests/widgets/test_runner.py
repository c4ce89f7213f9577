import threading

import pytest

from kit.parameters import ParameterError
from kit.widgets.runner import Runner, Stopped

CLICK = {"event": "click"}  # what a front end sends


def count_to_ten(stop, report):
    for done in range(1, 11):
        report(done, 10)
    return "counted"


def fail(stop, report):
    report(3, 10, "file three")
    message = "bin_width is -1.0 GeV, not above 0.0 GeV"
    raise ParameterError(message)


class Patient:
    """Work that goes on until it is told to."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, stop, report):
        report(1, 4, "point 1")
        self.begun.set()
        while not stop.is_set() and not self.go_on.wait(0.001):
            pass
        return "part" if stop.is_set() else "all"


def test_work_is_started_by_a_click_and_gives_its_result():
    runner = Runner(count_to_ten)
    runner.buttons.start._handle_custom_msg(CLICK, [])
    assert runner.wait(60)
    assert (runner.status, runner.progress, runner.result) == ("done", 1.0, "counted")
    assert runner.message == "10 of 10"
    assert runner.state.text == "✓ done"


def test_the_kernel_is_free_meanwhile_and_a_click_stops_the_work():
    runner = Runner(Patient())
    runner.start()
    assert runner.work.begun.wait(60)
    assert runner.status == "running"
    assert runner.buttons.start.disabled
    runner.buttons.stop._handle_custom_msg(CLICK, [])
    assert runner.wait(60)
    assert (runner.status, runner.result) == ("idle", "part")
    assert runner.message == "stopped; point 1"
    assert runner.progress == 0.25
    assert not runner.buttons.start.disabled


def test_work_may_leave_what_it_has_called_by_raising():
    def called(stop, report):
        report(1, 4, "point 1")
        stop.wait(5)
        raise Stopped

    runner = Runner(called)
    runner.start()
    runner.stop()
    assert runner.wait(60)
    assert (runner.status, runner.error, runner.result) == ("idle", "", None)
    assert runner.message == "stopped; point 1"


def test_while_it_stops_it_says_so():
    going_on = threading.Event()
    runner = Runner(lambda *_: going_on.wait(5))
    runner.start()
    runner.stop()
    assert runner.status == "stopping"
    assert runner.buttons.stop.disabled
    going_on.set()
    runner.wait(60)


def test_what_the_work_raises_stands_in_the_panel():
    runner = Runner(fail)
    runner.start()
    assert runner.wait(60)
    assert (runner.status, runner.result) == ("failed", None)
    assert runner.error == "bin_width is -1.0 GeV, not above 0.0 GeV"
    assert runner.state.text == "✗ failed"
    assert runner.message == "file three"
    with pytest.raises(ParameterError):
        raise runner.fault


def test_work_that_leaves_by_exit_has_failed_too():
    def leave(stop, report):
        raise SystemExit(3)

    runner = Runner(leave)
    runner.start()
    runner.wait(60)
    assert (runner.status, runner.error) == ("failed", "SystemExit: 3")


def test_a_second_start_forgets_the_first():
    faults = [True]
    runner = Runner(lambda stop, report: fail(stop, report) if faults else "well")
    runner.start()
    runner.wait(60)
    faults.clear()
    runner.start()
    runner.wait(60)
    assert (runner.status, runner.error, runner.result) == ("done", "", "well")


def test_what_goes_on_is_not_started_again():
    runner = Runner(Patient())
    runner.start()
    with pytest.raises(RuntimeError, match="still going on: stop it first"):
        runner.start()
    runner.buttons.start._handle_custom_msg(CLICK, [])
    assert runner.error == "the work is still going on: stop it first"
    runner.close()
    runner.wait(60)


def test_to_stop_what_does_not_go_on_does_nothing():
    runner = Runner(count_to_ten)
    runner.stop()
    assert runner.status == "idle"
    runner.start()
    runner.wait(60)
    assert runner.status == "done"


def test_work_that_was_whole_before_it_heard_the_stop_is_done():
    def whole(stop, report):
        report(10, 10)
        stop.set()
        return "all"

    runner = Runner(whole)
    runner.start()
    runner.wait(60)
    assert (runner.status, runner.result) == ("done", "all")


def test_the_last_message_is_shown_however_fast_they_come():
    def hasty(stop, report):
        for done in range(1000):
            report(done, 2000, f"item {done}")

    runner, seen = Runner(hasty), []
    runner.observe(lambda change: seen.append(change.new), "message")
    runner.start()
    runner.wait(60)
    assert runner.message == "item 999"
    assert len(seen) < 500


@pytest.mark.parametrize(
    ("told", "progress", "message"),
    [((5, 20), 0.25, "5 of 20"), ((5,), 0.0, "5"), ((0, 0), 1.0, "0 of 0"), ((30, 20, "much"), 1.0, "much")],
)
def test_a_report_is_a_share_and_a_word(told, progress, message):
    seen = []
    runner = Runner(lambda _, report: (report(*told), seen.append(runner.progress)), interactive=False)
    runner.start()
    assert seen == [progress]
    assert runner.message == message


def test_in_batch_it_is_done_at_once_in_order_and_here():
    threads = []
    runner = Runner(lambda *_: threads.append(threading.current_thread()), interactive=False)
    runner.start()
    assert threads == [threading.main_thread()]
    assert runner.status == "done"


def test_in_batch_a_fault_is_raised_so_that_the_notebook_fails():
    runner = Runner(fail, interactive=False)
    with pytest.raises(ParameterError, match="not above"):
        runner.start()
    assert runner.status == "failed"


def test_the_time_left_is_told_when_it_can_be_known(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("kit.widgets.runner.time.monotonic", lambda: clock[0])
    seen = []

    def work(stop, report):
        for passed, done in ((1, 1), (10, 1), (250, 1), (20_000, 2)):
            clock[0] = 100.0 + passed
            report(done, 4, f"after {passed}")
            seen.append(runner.words.text)

    runner = Runner(work, interactive=False)
    runner.start()
    assert seen == [
        "25%, after 1",
        "25%, after 10, about 30 s left",
        "25%, after 250, about 12 min left",
        "50%, after 20000, about 5.6 h left",
    ]


def test_a_closed_runner_stops_its_work():
    runner = Runner(Patient())
    runner.start()
    assert runner.work.begun.wait(60)
    runner.close()
    assert runner.wait(60)
    assert runner.result == "part"


def test_without_a_front_end_it_is_its_state_in_words():
    runner = Runner(count_to_ten, interactive=False)
    runner.start()
    assert runner._repr_mimebundle_() == {"text/plain": "✓ done 10 of 10"}


def test_the_work_may_know_the_time_that_is_left_better_than_its_pace():
    patient = Patient()

    def work(stop, report):
        report(1, 4, "point 1", 90.0)
        return patient(stop, lambda *_: None)

    runner = Runner(work)
    runner.start()
    assert patient.begun.wait(60)
    runner._pace.flush()
    assert runner.words.text == "25%, point 1, about 90 s left"
    patient.go_on.set()
    assert runner.wait(60)
    assert "left" not in runner.words.text
