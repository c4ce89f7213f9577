import os
import threading
import time

import pytest

from kit.hgcroc.board.ownership import Ownership, OwnershipError
from kit.hgcroc.ports import free_port
from kit.hgcroc.wire import WaitEndedError


@pytest.fixture
def where():
    return [("localhost", free_port()), ("localhost", free_port())]


def test_one_owner_at_a_time_named_to_the_others(where):
    first, second = Ownership(where), Ownership(where)
    first.take(1)
    with pytest.raises(OwnershipError, match=rf"is in use by process {os.getpid()} of \w+, .* free in 0\.1 s"):
        second.take(0.1)
    first.give_up()
    second.take(0.1)
    second.give_up()


def test_names_of_one_address_are_one_device_and_other_ports_another(where):
    assert Ownership(where).path == Ownership([("127.0.0.1", port) for _, port in where]).path
    assert Ownership(where).path != Ownership(where[:1]).path


def test_other_users_can_take_the_lock_too(where):
    mine = Ownership(where)
    mine.take(1)
    assert mine.path.stat().st_mode & 0o777 == 0o666
    mine.give_up()
    assert mine.path.exists()
    assert mine.path.read_text() == ""


def test_the_next_one_waits_its_turn(where):
    first, second = Ownership(where), Ownership(where)
    first.take(1)
    threading.Timer(0.2, first.give_up).start()
    begun = time.monotonic()
    second.take(60)
    assert time.monotonic() - begun > 0.1
    second.give_up()


def test_waiting_ends_when_its_owner_wants(where):
    first = Ownership(where)
    first.take(1)
    with pytest.raises(WaitEndedError):
        Ownership(where).take(30, lambda: True)
    first.give_up()


def test_an_owner_that_was_killed_is_owner_no_more(where, python):
    code = (
        "import sys, time\nfrom kit.hgcroc.board.ownership import Ownership\n"
        f"owner = Ownership({where!r})\nowner.take(1)\nprint('taken', flush=True)\ntime.sleep(60)"
    )
    process = python("-c", code)
    assert process.stdout.readline() == "taken\n"
    with pytest.raises(OwnershipError, match=f"process {process.pid}"):
        Ownership(where).take(0.1)
    process.kill()
    process.wait()
    mine = Ownership(where)
    mine.take(2)
    mine.give_up()
