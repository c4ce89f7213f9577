import os
import signal

import pytest

from kit.hgcroc.emulator_process import EmulatorProcess
from kit.hgcroc.ports import probe
from kit.hgcroc.wire import WaitEndedError


def test_it_starts_tells_its_networks_and_answers_its_own_socket():
    with EmulatorProcess("--board", "char", "--seed", "4") as started:
        assert set(started.networks) == {"0.1.2", "1.0.15"}
        assert len(started.ask("registers")) == 2625
        started.inject("slow_run", value=1)
        with pytest.raises(RuntimeError, match="the emulator refuses inject: there is no fault 'x'"):
            started.inject("x")
        port = started.announcement["ports"]["server"]
        assert probe("127.0.0.1", port, 5.0) == ""
    assert not started.running
    assert probe("127.0.0.1", port, 5.0).startswith("refuses")


def test_the_wait_for_it_can_be_ended():
    with pytest.raises(WaitEndedError, match="the wait for the emulator was ended"):
        EmulatorProcess("--board", "char", interrupt=lambda: True)


def test_one_that_cannot_start_says_why():
    with pytest.raises(RuntimeError, match=r"the emulator does not start .*should be ROLE=PORT"):
        EmulatorProcess("--ports", "nothing")


def test_it_ends_with_the_process_that_started_it(python, alive, eventually):
    code = (
        "import time\nfrom kit.hgcroc.emulator_process import EmulatorProcess\n"
        "print(EmulatorProcess('--board', 'char').announcement['pid'], flush=True)\ntime.sleep(60)"
    )
    parent = python("-c", code)
    child = int(parent.stdout.readline())
    assert alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    assert eventually(lambda: not alive(child), 5)
