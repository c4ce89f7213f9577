"""Holding, going on and ending from another thread."""

import threading

import pytest

from kit.hgcroc.pausing import AbortedError, Pausing


class Work(Pausing):
    """Points that are counted, with a look at the disk before each hold."""

    def __init__(self):
        super().__init__("running")
        self.points, self.flushed = 0, 0

    def _flush(self):
        self.flushed += 1

    def go(self, count):
        for _ in range(count):
            self._hold(self._flush)
            self.points += 1


def test_it_is_held_until_it_is_resumed_and_tells_why(eventually):
    work = Work()
    work.pause("no answer")
    worker = threading.Thread(target=work.go, args=(3,))
    worker.start()
    assert eventually(lambda: work.state == "paused", 5)
    assert (work.points, work.flushed, work.trouble) == (0, 1, "no answer")
    work.resume()
    worker.join(5)
    assert (work.points, work.state, work.trouble) == (3, "running", "")


def test_an_end_wins_over_a_pause():
    work = Work()
    work.pause()
    work.abort()
    assert work.state == "aborting"
    with pytest.raises(AbortedError):
        work.go(1)


def test_a_wait_within_a_point_is_interrupted_late_by_a_pause_and_at_once_by_an_end(eventually):
    work = Work()
    work.pause()
    assert not work._interrupt()
    work._in_point = True
    assert not work._interrupt()  # the point has a while to end by itself
    assert eventually(work._interrupt, 5)
    other = Work()
    other.abort()
    assert other._interrupt()


def test_what_is_over_cannot_be_ending():
    work = Work()
    work.state = "done"
    work.ended.set()
    work.abort()
    assert work.state == "done"
