import threading
import time

import pytest

from kit.widgets.pace import Pace


def test_the_last_value_is_always_seen():
    seen = []
    pace = Pace(seen.append, rate=1000)
    for number in range(500):
        pace.put(number)
    pace.flush()
    assert seen[-1] == 499
    assert seen == sorted(seen)


def test_the_action_is_not_called_more_often_than_the_rate_allows():
    seen = []
    pace = Pace(seen.append, rate=50)
    begun = time.monotonic()
    while (seconds := time.monotonic() - begun) < 0.3 or (len(seen) < 2 and seconds < 60):
        pace.put(None)
    pace.drop()
    assert 2 <= len(seen) <= (time.monotonic() - begun) * 50 + 2


def test_who_puts_a_value_does_not_wait_for_the_action():
    going_on = threading.Event()
    pace = Pace(lambda _: going_on.wait(5), rate=1000)
    pace.put("slow")
    pace.put("slower")
    going_on.set()
    pace.flush()


def test_flush_does_not_wait_for_the_pace():
    seen = []
    pace = Pace(seen.append, rate=0.01)
    pace.put("at once")
    pace.flush()
    pace.put("a hundred seconds later")
    pace.flush()
    assert seen == ["at once", "a hundred seconds later"]


def test_flush_returns_although_others_go_on():
    over = threading.Event()
    pace = Pace(lambda _: time.sleep(0.001), rate=1000)

    def insist():
        while not over.is_set():
            pace.put(None)

    others = threading.Thread(target=insist)
    others.start()
    pace.flush()
    over.set()
    others.join()
    pace.drop()


def test_an_action_may_put_and_flush_itself():
    seen = []

    def action(number):
        seen.append(number)
        if number:
            pace.put(number - 1)
            pace.flush()

    pace = Pace(action, rate=1000)
    pace.put(3)
    deadline = time.monotonic() + 60
    while seen[-1:] != [0] and time.monotonic() < deadline:
        time.sleep(0.001)
    assert seen == [3, 2, 1, 0]


def test_what_is_dropped_is_never_seen():
    seen = []
    pace = Pace(seen.append, rate=0.01)
    pace.put("first")
    pace.flush()
    pace.put("second")
    pace.drop()
    assert seen == ["first"]


def test_no_thread_lives_while_nothing_is_asked_for():
    pace = Pace(lambda _: None, rate=1000)
    before = threading.active_count()
    pace.put(None)
    pace.drop()
    assert threading.active_count() <= before + 1  # the thread itself may be on its last line


@pytest.mark.parametrize("number", range(3))
def test_values_of_many_threads_are_handled_one_at_a_time(number):
    inside, together = [], []

    def action(_):
        inside.append(None)
        together.append(len(inside))
        inside.pop()

    pace = Pace(action, rate=10_000)
    threads = [threading.Thread(target=lambda: [pace.put(None) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pace.flush()
    assert set(together) == {1}
