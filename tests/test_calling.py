"""The command as a panel calls it: in its own words, refused in its own words, and alive when nobody waits."""

import threading

import pytest

from kit.batch.status import status_of
from kit.calling import RefusedError, call


@pytest.fixture(autouse=True)
def _with_the_kit(python):
    """Let a process find the kit from any folder."""


def test_what_the_command_says_and_how_it_ends_come_back():
    answer = call(["--version"])
    assert answer.status == 0
    assert answer.words.startswith("kit, version ")


def test_points_that_failed_are_no_fault_of_the_call(launched, toy):
    launched(toy, {"x": [1, 5]}, {"limit": 4.0})
    answer = call(["status", "run"])
    assert answer.status == 1
    assert "1/2 done, 1 failed" in answer.words


def test_a_refusal_is_raised_in_the_commands_own_words():
    with pytest.raises(RefusedError, match=r"^there is no directory nowhere"):
        call(["status", "nowhere"])
    with pytest.raises(RefusedError, match="No such command 'statsu'"):
        call(["statsu"])


@pytest.mark.parametrize("reason", ["settled", "left"])
def test_nobody_needs_to_wait_and_the_command_goes_on(make_notebook, eventually, reason, tmp_path):
    make_notebook("notebooks/beam/slow.ipynb", ("parameters", "x: int = 1  # x"), "import time\ntime.sleep(1)")
    begun = threading.Event()
    words = ["submit", "beam/slow", "--run", str(tmp_path / "run"), "--over", "x=1", "--profile", "local",
             "--workers", "1", "--memory-mb", "400", "--no-try-first"]  # fmt: skip

    def is_sent():
        if (tmp_path / "run" / "rounds" / "001" / "submitted.json").is_file():
            begun.set()
        return begun.is_set()

    answer = call(words, **{reason: is_sent})
    assert answer.status is None
    assert eventually(lambda: status_of("run").good, 60)
