"""A point is ended with all that it has started, and nobody outlives a killed parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kit.batch.worker.family import descendants, end, resident_mb

# a child in a session of its own, which a signal to the group would not reach
PARENT = (
    "import subprocess, sys, time; "
    "children = [subprocess.Popen(['sleep', '100'], start_new_session=new) for new in (True, False)]; "
    "print(*(child.pid for child in children), flush=True); time.sleep(100)"
)


@pytest.fixture
def parent(python):
    process = python("-c", PARENT, start_new_session=True)
    yield process, list(map(int, process.stdout.readline().split()))
    for child in descendants(process.pid):
        os.kill(child, signal.SIGKILL)


def test_descendants_are_children_and_their_children(parent):
    process, children = parent
    assert sorted(descendants(process.pid)) == sorted(children)
    assert children[0] in descendants(os.getpid())


def test_an_end_takes_children_of_other_sessions_too(parent, eventually, alive):
    process, children = parent
    end(process.pid)
    process.wait()
    assert eventually(lambda: not any(map(alive, children)))


def test_memory_is_that_of_the_process_and_none_when_it_is_gone():
    assert resident_mb(os.getpid()) > 5
    assert resident_mb(2**22 + 1) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_child_dies_with_its_parent(python, eventually, alive, tmp_path):
    code = (
        "import subprocess, sys, time; from kit.batch.worker.family import die_with_parent; "
        "child = subprocess.Popen([sys.executable, '-c', 'from kit.batch.worker.family import die_with_parent; "
        "import time; die_with_parent(); print(1, flush=True); time.sleep(100)'], stdout=subprocess.PIPE); "
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(100)"
    )
    process = python("-c", code)
    child = int(process.stdout.readline())
    assert Path(f"/proc/{child}").exists()
    process.kill()
    process.wait()
    assert eventually(lambda: not alive(child))


def test_ending_a_process_that_is_gone_is_no_fault():
    process = subprocess.Popen(["true"])
    process.wait()
    end(process.pid)
