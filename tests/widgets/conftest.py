"""What the tests of widgets share: no thread of ours outlives a test."""

import threading
import time
from collections.abc import Iterator

import pytest

PATIENCE = 60.0  # s; a thread that still works after that does not end


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    yield
    deadline = time.monotonic() + PATIENCE
    while ours := [thread.name for thread in threading.enumerate() if thread.name.startswith("kit-")]:
        assert time.monotonic() < deadline, f"these threads are left: {ours}"
        time.sleep(0.005)
