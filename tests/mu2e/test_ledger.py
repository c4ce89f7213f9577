"""The ledger: no item twice, whoever comes, whatever breaks."""

import itertools
import sqlite3
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.ledger import Ledger, used_entries
from kit.mu2e.shelves import Range, Shelf
from kit.run import RunError

SHELF = Shelf("u1", "t", "/data/a.root", 1000, 100, "entry", "sequential")


def _first(items, shelf=SHELF):
    """Return a chooser that takes the first free items."""

    def choose(free):
        left, ranges = items, []
        for start, stop in free[shelf.key]:
            if left:
                ranges.append(Range(*shelf.key, start, min(stop, start + left)))
                left -= ranges[-1].stop - start
        if left:
            message = f"{left} short"
            raise RunError(message)
        return ranges, f"plan of {items}"

    return choose


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "deep" / "ledger.sqlite")


def _held(ledger):
    return sorted((row["ensemble"], row["state"], row["taken"]) for row in ledger.view() if row["taken"])


def test_ensembles_take_one_after_the_other(ledger):
    assert ledger.reserve("a", "c", [SHELF], _first(30)) == ("plan of 30", False)
    ledger.confirm("a", "c")
    ledger.reserve("b", "c", [SHELF], _first(40))
    assert _held(ledger) == [("a", "used", 30), ("b", "reserved", 40)]
    assert used_entries(ledger.path, ["u1"]) == {("u1", "t"): 70}
    assert used_entries(ledger.path, ["u2"]) == {}
    with pytest.raises(RunError, match="10 short"):
        ledger.reserve("d", "c", [SHELF], _first(40))
    assert ledger.ensembles() == {"a": "used", "b": "reserved"}


def test_the_same_ensemble_gets_its_ranges_again_and_another_configuration_is_refused(ledger):
    ledger.reserve("a", "c", [SHELF], _first(30))
    assert ledger.reserve("a", "c", [SHELF], _first(99)) == ("plan of 30", True)
    with pytest.raises(RunError, match=r"ensemble a has reserved events with another configuration \(c, now d\)"):
        ledger.reserve("a", "d", [SHELF], _first(30))
    with pytest.raises(RunError, match="ensemble a is reserved with configuration c, should be reserved with d"):
        ledger.confirm("a", "d")
    with pytest.raises(RunError, match="ensemble z is not there"):
        ledger.confirm("z", "d")


def test_what_is_released_can_be_taken_again(ledger):
    ledger.reserve("a", "c", [SHELF], _first(30))
    ledger.reserve("b", "c", [SHELF], _first(30))
    assert ledger.release("a") == 30
    assert ledger.release("a") == 0
    ledger.reserve("d", "c", [SHELF], _first(50))
    with sqlite3.connect(ledger.path) as base:
        taken = base.execute("SELECT start, stop FROM ranges WHERE ensemble = 'd' ORDER BY start").fetchall()
    base.close()
    assert taken == [(0, 30), (60, 80)]
    with pytest.raises(RunError, match="there is no ensemble z"):
        ledger.release("z")


def test_a_name_that_was_released_may_be_used_anew(ledger):
    ledger.reserve("a", "c", [SHELF], _first(30))
    ledger.release("a")
    ledger.reserve("a", "other", [SHELF], _first(20))
    assert _held(ledger) == [("a", "released", 30), ("a", "reserved", 20)]


def test_what_a_chooser_raises_leaves_nothing_behind(ledger):
    with pytest.raises(RunError, match="1 short"):
        ledger.reserve("a", "c", [SHELF], _first(101))
    assert ledger.ensembles() == {}
    assert ledger.view() == []


def test_ranges_that_overlap_are_refused_with_both_ensembles(ledger):
    ledger.reserve("a", "c", [SHELF], _first(30))
    with pytest.raises(RunError, match="ensembles a and b would share items 20 to 30 of u1 t"):
        ledger.reserve("b", "c", [SHELF], lambda _free: ([Range("u1", "t", 20, 40)], ""))
    with pytest.raises(RunError, match="would share items 5 to 6"):
        ledger.reserve("b", "c", [SHELF], lambda _free: ([Range("u1", "t", 50, 55), Range("u1", "t", 5, 6)], ""))
    assert ledger.ensembles() == {"a": "reserved"}


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        (replace(SHELF, identity="u2"), "a.root has changed since .*: it was u1, 1000 B, and is u2, 1000 B"),
        (replace(SHELF, bytes=1001), "it was u1, 1000 B, and is u1, 1001 B"),
        (replace(SHELF, unit="event"), "by entry in sequential order, and cannot be by event in sequential order"),
        (replace(SHELF, order="random"), "and cannot be by entry in random order"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_refused(ledger, shelf, said):
    ledger.reserve("a", "c", [SHELF], _first(30))
    with pytest.raises(FormatError, match=said):
        ledger.reserve("b", "c", [shelf], _first(10, shelf))
    assert ledger.ensembles() == {"a": "reserved"}


def test_whole_events_of_other_trees_are_refused(ledger):
    one = Shelf("u1", "t+s", "/data/a.root", 1000, 100, "event", "sequential")
    other = Shelf("u1", "t", "/data/a.root", 1000, 100, "event", "sequential")
    ledger.reserve("a", "c", [one], _first(5, one))
    with pytest.raises(FormatError, match=r"consumed by events of t\+s, and cannot be by those of t"):
        ledger.reserve("b", "c", [other], _first(5, other))


def test_a_file_that_was_moved_is_the_same_file(ledger):
    ledger.reserve("a", "c", [SHELF], _first(30))
    moved = Shelf("u1", "t", "/other/b.root", 1000, 100, "entry", "sequential")
    ledger.reserve("b", "c", [moved], _first(70, moved))
    with pytest.raises(RunError, match="1 short"):
        ledger.reserve("d", "c", [moved], _first(1, moved))


def test_a_ledger_that_another_process_holds_is_refused_with_its_holder(ledger):
    inside, leave = threading.Event(), threading.Event()

    def choose(_free):
        inside.set()
        leave.wait(10)
        return [], ""

    thread = threading.Thread(target=ledger.reserve, args=("slow", "c", [SHELF], choose))
    thread.start()
    try:
        assert inside.wait(10)
        with pytest.raises(
            RunError, match=r"is locked by process \d+ on .*, ensemble slow; wait until that has ended"
        ):
            Ledger(ledger.path, patience=0.1).reserve("a", "c", [SHELF], _first(1))
    finally:
        leave.set()
        thread.join()
    assert not list(ledger.path.parent.glob("*.holder"))


def test_two_at_once_wait_for_each_other(ledger):
    ledger.view()
    threads = [
        threading.Thread(target=ledger.reserve, args=(f"e{i}", "c", [SHELF], _first(10))) for i in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _held(ledger) == [(f"e{i}", "reserved", 10) for i in range(10)]
    with sqlite3.connect(ledger.path) as base:
        starts = [row[0] for row in base.execute("SELECT start FROM ranges ORDER BY start")]
    base.close()
    assert starts == list(range(0, 100, 10))


def test_eos_and_other_files_are_refused(tmp_path):
    from pathlib import Path

    with pytest.raises(RunError, match="files on EOS cannot be locked"):
        Ledger(Path("/eos/user/l.sqlite"))
    path = tmp_path / "x.sqlite"
    path.write_text("hello " * 100)
    with pytest.raises(FormatError, match="should be a ledger, an SQLite file"):
        Ledger(path).view()


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=8))
@settings(max_examples=12)
def test_however_ensembles_come_and_go_no_item_is_held_twice(tmp_path_factory, steps):
    ledger = Ledger(tmp_path_factory.mktemp("l") / "l.sqlite")
    for number, (items, release) in enumerate(steps):
        try:
            ledger.reserve(f"e{number}", "c", [SHELF], _first(items))
        except RunError:
            continue
        if release:
            ledger.release(f"e{number // 2}") if f"e{number // 2}" in ledger.ensembles() else None
    base = sqlite3.connect(ledger.path)
    held = (
        base.execute("SELECT start, stop FROM ranges WHERE state != 'released' ORDER BY start").fetchall()
        if steps
        else []
    )
    base.close()
    assert all(stop <= start for (_, stop), (start, _) in itertools.pairwise(held))
