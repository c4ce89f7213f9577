"""The eye on a running point: it ends what outgrows its memory or its time, with all that it has started."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kit.batch.worker import family
from kit.batch.worker.limits import Limits
from kit.batch.worker.watch import INTERVAL, LOG_LIMIT, Watch, _keep_tail

NO_LIMITS = Limits(None, None)
HOG = "h = b'1' * ({mb} << 20)\nprint('grown', flush=True)\nimport time\ntime.sleep(60)"


@pytest.fixture
def watching():
    """Return a function that starts a watch over a process; none is left behind."""
    watches = []

    def start(pid, limits=NO_LIMITS, point_timeout=None):
        watch = Watch(limits, point_timeout)
        watches.append(watch)
        watch.start()
        watch.begin_point()
        watch.begin_kernel(pid)
        return watch

    yield start
    for watch in watches:
        watch.stop()


@pytest.fixture
def child():
    """Return a function that starts a process in a group of its own and waits for its first line."""
    started = []

    def start(program):
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        process.first = process.stdout.readline()
        return process

    yield start
    for process in started:
        family.end(process.pid)
        process.wait()
        process.stdout.close()


def own_mb():
    return family.resident_mb(os.getpid())


def test_it_looks_five_times_a_second():
    assert INTERVAL == 0.2


def test_a_point_over_nine_tenths_of_the_slot_less_the_workers_own_is_ended(watching, child):
    process = child(HOG.format(mb=150))
    slot = (own_mb() + 100) / 0.9  # leaves 100 MB to the point
    watch = watching(process.pid, Limits(slot, None))
    assert process.wait(60) == -signal.SIGKILL
    assert watch.verdict == "memory"
    assert 150 < watch.peak_mb < 300


def test_a_point_within_its_share_lives_and_its_peak_is_known(watching, child, eventually):
    process = child(HOG.format(mb=60))
    watch = watching(process.pid, Limits((own_mb() + 400) / 0.9, None))
    assert eventually(lambda: watch.peak_mb > 60)
    time.sleep(2 * INTERVAL)
    assert process.poll() is None
    assert watch.verdict == ""


def test_children_count_and_go_with_their_point(watching, child, alive, eventually):
    hog = HOG.format(mb=150)
    process = child(f"import subprocess, sys\nc = subprocess.Popen([sys.executable, '-c', {hog!r}])\n"
                    "print(c.pid, flush=True)\nc.wait()")  # fmt: skip
    watch = watching(process.pid, Limits((own_mb() + 100) / 0.9, None))
    assert process.wait(10) == -signal.SIGKILL
    assert watch.verdict == "memory"
    assert eventually(lambda: not alive(int(process.first)))


def test_over_its_time_a_point_gets_ctrl_c_first(watching, child):
    process = child(
        "import signal, time\n"
        # as in a worker; what a shell starts in the background is deaf to it otherwise
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "print(1, flush=True)\ntry: time.sleep(60)\nexcept KeyboardInterrupt: raise SystemExit(7)"
    )
    watch = watching(process.pid, point_timeout=0.3)
    assert process.wait(60) == 7
    assert watch.verdict == "timeout"


def test_a_point_that_does_not_heed_ctrl_c_is_killed_after_the_grace(watching, child, monkeypatch):
    monkeypatch.setattr("kit.batch.worker.watch.GRACE", 0.5)
    process = child("import signal, time\nsignal.signal(2, signal.SIG_IGN)\nprint(1, flush=True)\ntime.sleep(60)")
    started = time.monotonic()
    watch = watching(process.pid, point_timeout=0.3)
    assert process.wait(60) == -signal.SIGKILL
    assert time.monotonic() - started > 0.8
    assert watch.verdict == "timeout"


def test_near_the_end_of_the_job_the_running_point_is_given_up(watching, child):
    process = child("import time\nprint(1, flush=True)\ntime.sleep(60)")
    started = time.monotonic()
    watch = watching(process.pid, Limits(None, started + 41.0, 80.0))  # half the reserve before the end
    assert process.wait(60) == -signal.SIGKILL
    assert watch.verdict == "late"
    assert 1.0 <= time.monotonic() - started < 41.0


def test_between_points_nobody_is_ended_and_a_new_point_begins_with_nothing_said(watching, child):
    process = child(HOG.format(mb=150))
    limits = Limits((own_mb() + 100) / 0.9, None)
    watch = Watch(limits, None)
    watch.begin_point()
    watch.begin_kernel(process.pid)
    watch.end_point()
    watch.start()
    time.sleep(3 * INTERVAL)
    assert process.poll() is None
    watch.begin_kernel(process.pid)
    assert process.wait(60) == -signal.SIGKILL
    watch.begin_point()
    assert (watch.verdict, watch.peak_mb) == ("", 0.0)
    watch.stop()


def test_the_running_point_can_be_ended_at_once(child, alive, eventually):
    process = child("import subprocess\nc = subprocess.Popen(['sleep', '60'])\nprint(c.pid, flush=True)\nc.wait()")
    watch = Watch(NO_LIMITS, None)
    watch.end_family()  # of nobody
    watch.begin_kernel(process.pid)
    watch.end_family()
    assert process.wait(60) == -signal.SIGKILL
    assert eventually(lambda: not alive(int(process.first)))


def test_a_log_beyond_two_megabytes_keeps_its_last_half_megabyte_and_goes_on_behind(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as stream:
        stream.write(b"x" * (2 * LOG_LIMIT) + b"the end")
        stream.flush()
        _keep_tail(stream.fileno())
        stream.write(b", and more")
    content = path.read_bytes()
    assert content.startswith(b"[the beginning was cut]\nxxx")
    assert content.endswith(b"xthe end, and more")
    assert len(content) == len(b"[the beginning was cut]\n") + LOG_LIMIT // 2 + len(b", and more")


def test_a_shorter_log_and_a_pipe_are_left_alone(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as stream:
        stream.write(b"x" * (2 * LOG_LIMIT - 1))
        stream.flush()
        _keep_tail(stream.fileno())
    assert path.stat().st_size == 2 * LOG_LIMIT - 1
    reading, writing = os.pipe()
    _keep_tail(writing)
    os.write(writing, b"whole")
    assert os.read(reading, 9) == b"whole"
    os.close(reading)
    os.close(writing)
