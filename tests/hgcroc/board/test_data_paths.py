import threading
import time

import pytest

from kit.hgcroc.board.data_paths import Direct, Folder
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.wire import Publisher, WaitEndedError, Wire


@pytest.fixture
def wire():
    with Wire() as made:
        yield made


@pytest.fixture
def pushing(wire):
    return Publisher(wire, "127.0.0.1", 0)


@pytest.fixture
def direct(wire, pushing):
    return Direct(wire, "127.0.0.1", pushing.port, 0.1)


@pytest.fixture
def folder():
    made = Folder()
    yield made
    made.close()


def push(pushing, *messages):
    for message in messages:
        assert pushing.send(message, lambda: False)


def test_what_stands_between_the_marks_is_the_run(direct, pushing):
    push(pushing, b"left over", b"START_RUN_HGCROC", b"one", b"two", b"END_OF_RUN")
    assert direct.collect(lambda: True, 5) == [b"one", b"two"]


def test_a_run_that_begins_again_counts_from_there(direct, pushing):
    push(pushing, b"START_RUN_MARS", b"one", b"START_RUN_HGCROC", b"two", b"END_OF_RUN")
    assert direct.collect(lambda: True, 5) == [b"two"]


def test_a_run_that_is_over_without_an_end_mark_is_told(direct, pushing, monkeypatch):
    monkeypatch.setattr("kit.hgcroc.board.data_paths.LAST_WORDS", 0.2)
    push(pushing, b"START_RUN_HGCROC", b"one")
    with pytest.raises(BoardError, match="the run is over, and 1 messages came of its data"):
        direct.collect(lambda: False, 5)


def test_a_run_that_never_ends_is_given_up(direct):
    with pytest.raises(BoardError, match=r"the run does not end in 0\.3 s, and nothing came of its data"):
        direct.collect(lambda: True, 0.3)


def test_the_end_mark_may_come_after_the_run_is_said_to_be_over(direct, pushing):
    push(pushing, b"START_RUN_HGCROC", b"one")
    threading.Timer(0.4, push, (pushing, b"END_OF_RUN")).start()
    assert direct.collect(lambda: False, 5) == [b"one"]


def test_a_file_is_taken_when_it_is_there_and_the_run_is_over(folder):
    (folder.path / "x0.raw").write_bytes(b"data")
    states = iter([True, True, False])
    assert folder.collect(lambda: next(states, False), 5) == [b"data"]
    assert list(folder.path.iterdir()) == []


def test_two_files_for_one_run_are_an_error_that_names_them(folder):
    for name in ("x0.raw", "x1.raw"):
        (folder.path / name).write_bytes(b"data")
    with pytest.raises(BoardError, match=r"wrote 2 files for one run: x0\.raw, x1\.raw"):
        folder.collect(lambda: False, 5)
    folder.prepare()
    assert list(folder.path.iterdir()) == []


def test_a_missing_file_is_told_and_so_is_a_run_without_end(folder, monkeypatch):
    monkeypatch.setattr("kit.hgcroc.board.data_paths.LAST_WORDS", 0.1)
    with pytest.raises(BoardError, match="the run is over, and it wrote no file"):
        folder.collect(lambda: False, 5)
    with pytest.raises(BoardError, match=r"the run does not end in 0\.1 s, and it wrote no file"):
        folder.collect(lambda: True, 0.1)


def test_waits_end_when_their_owner_wants():
    made = Folder(lambda: True)
    begun = time.monotonic()
    with pytest.raises(WaitEndedError):
        made.collect(lambda: True, 30)
    assert time.monotonic() - begun < 10
    made.close()
    assert not made.path.exists()
