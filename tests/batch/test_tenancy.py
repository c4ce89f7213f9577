"""Who works off a round can be asked from outside, whatever became of it."""

import os
import platform
import subprocess
import sys

from kit import files
from kit.batch.tenancy import STOP, ask_to_stop, birth, holding, is_alive

FOREVER = [sys.executable, "-c", "import sys; sys.stdin.read()"]


def test_a_held_round_is_alive_until_it_is_let_go(written):
    round_ = written(1).write([0])
    assert not is_alive(round_)
    with holding(round_.directory):
        assert is_alive(round_)
    assert not is_alive(round_)


def test_the_lock_goes_with_its_process_however_that_ends(written, python):
    round_ = written(1).write([0])
    source = (
        "import pathlib, sys\nfrom kit.batch.tenancy import holding\n"
        "with holding(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    holder = python("-c", source, round_.directory, stdin=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    assert is_alive(round_)
    holder.kill()
    holder.wait()
    assert not is_alive(round_)
    holder.stdin.close()


def test_where_no_lock_tells_the_process_does_that_was_born_when_the_record_says(written):
    made = written(1)
    with subprocess.Popen(FOREVER, stdin=subprocess.PIPE) as process:
        about = {"host": platform.node(), "pid": process.pid, "born": birth(process.pid)}
        round_ = made.send([0], **about)
        assert is_alive(round_)
        for other in ({"born": "12"}, {"born": ""}, {"host": "elsewhere"}):  # the number was given again; unknown
            files.write_json(round_.directory / "submitted.json", about | other)
            assert not is_alive(made.batch.rounds[-1])
        process.kill()
    files.write_json(round_.directory / "submitted.json", about)
    assert not is_alive(made.batch.rounds[-1])
    with holding(round_.directory):  # as a worker does that was being started when its pool was killed
        assert not is_alive(made.batch.rounds[-1])


def test_a_process_has_one_birth_and_what_has_ended_none_even_before_its_parent_asks(eventually):
    with subprocess.Popen(FOREVER, stdin=subprocess.PIPE) as process:
        assert int(birth(process.pid)) == int(birth(process.pid)) > int(birth(os.getpid())) > 0
        process.kill()
        assert eventually(lambda: birth(process.pid) == "")
        assert process.returncode is None
    assert birth(process.pid) == ""


def test_the_wish_to_stop_lies_in_the_round_and_the_last_one_counts(written):
    round_ = written(1).write([0])
    for how in ("gently", "now"):
        ask_to_stop(round_, how)
        assert (round_.directory / STOP).read_text() == how
