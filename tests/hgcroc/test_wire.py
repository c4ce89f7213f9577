import threading
import time

import pytest

from kit.hgcroc.wire import Publisher, Puller, Requester, Responder, WaitEndedError, Wire


@pytest.fixture
def wire():
    with Wire() as made:
        yield made


@pytest.fixture
def echo(wire):
    def start(answer):
        responder = Responder(wire, "127.0.0.1", 0, answer, "echo")
        responder.start()
        started.append(responder)
        return f"tcp://127.0.0.1:{responder.port}"

    started = []
    yield start
    for each in started:
        each.stop()


def test_parts_come_back_as_they_were_sent(wire, echo):
    address = echo(lambda _who, parts: parts[::-1])
    assert Requester(wire, address, 60.0).ask("first", b"second") == [b"second", b"first"]


def test_who_asks_is_told_apart(wire, echo):
    seen = []
    address = echo(lambda who, parts: seen.append(who) or parts)
    for _ in range(2):
        Requester(wire, address, 60.0).ask("x")
    assert len(set(seen)) == 2


def test_silence_ends_in_time_and_a_late_answer_is_never_taken_for_the_next(wire, echo):
    def slow(_who, parts):
        time.sleep(0.3 if parts == [b"slow"] else 0)
        return [b"answer to " + parts[0]]

    asking = Requester(wire, echo(slow), 60.0)
    with pytest.raises(TimeoutError, match=r"tcp://127\.0\.0\.1:\d+ gives no answer in 0\.1 s"):
        asking.ask("slow", timeout=0.1)
    assert asking.ask("quick") == [b"answer to quick"]


def test_a_question_may_stay_without_answer_and_the_next_is_answered(wire, echo):
    asking = Requester(wire, echo(lambda _who, parts: None if parts == [b"?"] else parts), 0.1)
    with pytest.raises(TimeoutError):
        asking.ask("?")
    assert asking.ask("!") == [b"!"]


def test_a_wait_ends_when_its_owner_wants(wire, echo):
    over = threading.Event()
    asking = Requester(wire, echo(lambda *_: None), 30.0, over.is_set)
    threading.Timer(0.1, over.set).start()
    begun = time.monotonic()
    with pytest.raises(WaitEndedError):
        asking.ask("x")
    assert time.monotonic() - begun < 10


def test_data_arrive_in_order_and_the_sender_waits_for_a_reader(wire):
    sending = Publisher(wire, "127.0.0.1", 0)
    begun = time.monotonic()
    assert not sending.send(b"lost", lambda: time.monotonic() > begun + 0.1)
    pulling = Puller(wire, f"tcp://127.0.0.1:{sending.port}")
    assert all(sending.send(bytes([number]), lambda: False) for number in range(5))
    assert [pulling.receive(5.0) for _ in range(5)] == [bytes([number]) for number in range(5)]
    with pytest.raises(TimeoutError, match=r"sends nothing for 0\.05 s"):
        pulling.receive(0.05)


def test_what_earlier_runs_left_can_be_thrown_away(wire, eventually):
    sending = Publisher(wire, "127.0.0.1", 0)
    pulling = Puller(wire, f"tcp://127.0.0.1:{sending.port}")
    for _ in range(3):
        sending.send(b"old", lambda: False)
    thrown = 0

    def all_thrown():
        nonlocal thrown
        thrown += pulling.drain()
        return thrown == 3

    assert eventually(all_thrown)


def test_a_taken_port_is_an_error_that_names_it(wire):
    port = Publisher(wire, "127.0.0.1", 0).port
    with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 cannot be used"):
        Publisher(wire, "127.0.0.1", port)


def test_closing_ends_everything_at_once():
    wire = Wire()
    responder = Responder(wire, "127.0.0.1", 0, lambda _who, parts: parts, "short")
    responder.start()
    before = threading.active_count()
    begun = time.monotonic()
    responder.stop()
    wire.close()
    assert time.monotonic() - begun < 10
    assert threading.active_count() < before
