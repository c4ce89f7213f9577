"""A loop is shown where the person is, and goes on whatever becomes of its bar or of a bad piece."""

import contextlib
import os
import pty
import re
import signal
import sys
import termios
import threading

import pytest

from kit.files import FormatError
from kit.progress import bar, side_by_side


@pytest.fixture
def counting_module(counting):
    import counting as module

    return module


@pytest.fixture
def pipe(tmp_path, monkeypatch):
    """Open a runner's end of the pipe; a test may close it."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("KIT_PROGRESS", str(tmp_path / "pipe"))
    descriptor = os.open(tmp_path / "pipe", os.O_RDWR)
    yield descriptor
    with contextlib.suppress(OSError):
        os.close(descriptor)


def test_a_log_gets_lines_with_number_unit_and_rate(capfd):
    assert list(bar(range(5), "file", label="reading")) == [0, 1, 2, 3, 4]
    lines = capfd.readouterr().err.splitlines()
    assert re.match(r"reading: +0%\|.*\| 0/5 \[.*\? file/s\]", lines[0])
    assert re.match(r"reading: +100%\|.*\| 5/5 \[.* file/s\]", lines[-1])


def test_a_terminal_gets_a_bar_that_is_redrawn(python):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    process = python("-c", "from kit.progress import bar\nfor _ in bar(range(3), 'file'): pass", stderr=theirs)
    assert process.wait(10) == 0
    shown = os.read(ours, 10_000).decode()
    os.close(theirs)
    os.close(ours)
    assert "\r" in shown
    assert "3/3" in shown


def test_a_runners_pipe_gets_lines_where_it_shows_a_log(pipe, capfd):
    assert list(bar(range(5), "file")) == [0, 1, 2, 3, 4]
    shown = os.read(pipe, 10_000).decode()
    assert shown.splitlines()[-1].startswith("100%")
    assert "\r" not in shown
    assert capfd.readouterr().err == ""


def test_a_runners_pipe_gets_a_redrawn_bar_of_its_width_where_it_has_a_terminal(pipe, monkeypatch):
    monkeypatch.setenv("KIT_PROGRESS_WIDTH", "60")
    list(bar(range(5), "file"))
    shown = os.read(pipe, 10_000).decode()
    assert "\r" in shown
    assert max(map(len, re.split("[\r\n]", shown))) == 60


def test_a_full_pipe_does_not_stop_the_work(pipe):
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(pipe, b"x" * 4096):
            pass
    assert list(bar(range(5), "file")) == [0, 1, 2, 3, 4]


def test_a_pipe_that_nobody_reads_any_more_does_not_stop_the_work(pipe):
    loop = bar(range(5), "file")
    assert next(loop) == 0
    os.close(pipe)
    assert list(loop) == [1, 2, 3, 4]


def test_a_pipe_without_a_runner_is_as_none(pipe, capfd):
    os.close(pipe)
    assert list(bar(range(2), "file")) == [0, 1]
    assert "2/2" in capfd.readouterr().err


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_comes_with_its_result_or_the_fault_of_its_input(counting_module, workers):
    pairs = dict(side_by_side(counting_module.square, [1, 2, -3, 4, -5], workers))
    assert {number: result for number, result in pairs.items() if number > 0} == {1: 1, 2: 4, 4: 16}
    assert all(isinstance(pairs[number], FormatError) for number in (-3, -5))
    assert str(pairs[-3]) == "piece-3: is negative"


@pytest.mark.parametrize("workers", [1, 2])
def test_our_own_mistake_ends_the_loop(counting_module, workers):
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(counting_module.square, [11, 1], workers))


def test_one_worker_keeps_the_order_and_begins_nothing_early(counting_module):
    seen = []
    for number, _ in side_by_side(counting_module.square, iter([3, 1, 2])):
        seen.append(number)
    assert seen == [3, 1, 2]


def test_a_worker_that_dies_is_told_as_want_of_memory(counting_module):
    with pytest.raises(RuntimeError, match="a worker process died; the machine may be out of memory"):
        list(side_by_side(counting_module.square, [12, 1, 2], workers=2))


def test_a_loop_that_is_left_early_leaves_no_worker(counting_module, eventually):
    before = threading.active_count()
    for _ in side_by_side(counting_module.square, range(100), workers=2):
        break
    assert eventually(lambda: threading.active_count() <= before)  # those of earlier tests may end, too


def test_workers_end_with_a_parent_that_is_killed(counting_module, tmp_path, python, eventually, alive):
    process = python(
        "-c",
        "import counting\nfrom kit.progress import side_by_side\n"
        "if __name__ == '__main__': list(side_by_side(counting.linger, ['first', 'second'], 2))",
    )
    workers = [tmp_path / "first", tmp_path / "second"]
    assert eventually(lambda: all(path.exists() and path.read_text() for path in workers))
    process.kill()
    process.communicate()
    assert eventually(lambda: not any(alive(int(path.read_text())) for path in workers))


def test_an_interrupt_ends_workers_at_once_and_without_a_trace_of_theirs(
    counting_module, tmp_path, python, eventually
):
    process = python(
        "-c",
        "import counting\nfrom kit.progress import side_by_side\n"
        "if __name__ == '__main__': list(side_by_side(counting.linger, ['first', 'second'], 2))",
        start_new_session=True,
    )
    assert eventually(lambda: (tmp_path / "first").exists() and (tmp_path / "second").exists())
    os.killpg(process.pid, signal.SIGINT)
    _, trace = process.communicate(timeout=120)
    assert "SpawnProcess" not in trace
    assert trace.count("Traceback") <= 2


def test_the_working_of_a_piece_is_found_by_name_in_a_process_of_its_own(counting_module):
    assert sys.modules["counting"].square is counting_module.square
