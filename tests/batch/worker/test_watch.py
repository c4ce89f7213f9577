"""The eye on a point: it ends what outgrows its share, runs too long, or stands in the way of the job's end."""

import signal
import subprocess
import sys
import time

import pytest

from kit.batch.worker.limits import Limits
from kit.batch.worker.watch import Watch

STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint(1, flush=True)\ntime.sleep(60)"
)
HOG = "hog = b'1' * (200 << 20)\nprint(1, flush=True)\nimport time\ntime.sleep(60)"


@pytest.fixture
def watched():
    """Return a function that watches a process under limits until it has ended."""
    started = []

    def watch(code, limits, timeout=None):
        eye = Watch(limits, timeout)
        eye.start()
        eye.begin_point()
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
        started.append(process)
        process.stdout.readline()
        eye.begin_kernel(process.pid)
        status = process.wait(30)
        process.stdout.close()
        eye.stop()
        return eye, status

    yield watch
    for process in started:
        process.kill()
        process.wait()


def test_a_point_over_its_share_of_memory_is_killed(watched):
    eye, status = watched(HOG, Limits(250.0, None))
    assert (eye.verdict, status) == ("memory", -signal.SIGKILL)
    assert eye.peak_mb > 180


def test_a_point_over_its_time_is_interrupted_first(watched):
    code = "import time\nprint(1, flush=True)\ntime.sleep(60)"
    eye, status = watched(code, Limits(None, None), 0.5)
    assert (eye.verdict, status) == ("timeout", -signal.SIGINT)


@pytest.mark.slow
def test_and_killed_ten_seconds_later(watched):
    started = time.monotonic()
    eye, status = watched(STUBBORN, Limits(None, None), 0.5)
    assert (eye.verdict, status) == ("timeout", -signal.SIGKILL)
    assert 10 < time.monotonic() - started < 15


def test_a_point_is_given_up_in_the_last_half_of_the_reserve(watched):
    limits = Limits(None, time.monotonic() + 2.0, 2.0)
    eye, status = watched(STUBBORN, limits)
    assert (eye.verdict, status) == ("late", -signal.SIGKILL)


def test_between_points_nobody_is_looked_at():
    eye = Watch(Limits(1.0, None), None)
    eye.start()
    eye.begin_point()
    eye.end_point()
    time.sleep(0.5)
    eye.stop()
    assert eye.verdict == ""
