"""What is asked of the ledger's tables: whose numbers are alike, and where files still are."""

import json
import sqlite3
from pathlib import Path

import pytest

from kit.mu2e.ledger_queries import TABLES, drawn_with, files_left, note_places, taken


@pytest.fixture
def base():
    made = sqlite3.connect(":memory:")
    made.executescript(TABLES)
    yield made
    made.close()


def _plan(mode, seed, jobs=0):
    return {"mode": mode, "seed": seed, "seeds": list(range(seed, seed + jobs))}


def test_ensembles_of_the_same_seeds_are_found_whatever_their_kind(base):
    plans = {
        "one": _plan("poisson", 7),
        "released": _plan("poisson", 7),
        "other": _plan("poisson", 8),
        "expected": _plan("asimov", 7),
        "many": [_plan("poisson", 7), _plan("poisson", 99)],
        "jobs": _plan("art", 5, 10),
        "blinded": "sealed",
    }
    rows = [(n, "c", json.dumps(p), "released" if n == "released" else "used", "") for n, p in plans.items()]
    base.executemany("INSERT INTO ensembles VALUES (?, ?, ?, ?, ?)", [*rows, ("old", "c", "no JSON", "used", "")])
    assert drawn_with(base, "mine", "poisson", [7]) == ["one", "many"]
    assert drawn_with(base, "one", "poisson", [7]) == ["many"]
    assert drawn_with(base, "mine", "poisson", [99]) == []
    for seeds, found in (([14, 15], ["jobs"]), ([15, 16], []), ([1, 2, 3, 4, 5], ["jobs"]), ([7], ["jobs"])):
        assert drawn_with(base, "mine", "art", seeds) == found


def test_only_places_with_files_of_an_ensemble_count_as_left(base, tmp_path):
    folders = [tmp_path / name for name in ("built", "pseudo", "empty", "gone")]
    for folder, name in zip(folders, ("nts.a.root", "pseudo_0000/nts.b.root", "plan.json"), strict=False):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    for _ in range(2):
        note_places(base, "mine", folders)
    assert files_left(base, "mine") == [str(folders[0]), str(folders[1])]
    assert files_left(base, "other") == []
    Path(folders[0] / "nts.a.root").unlink()
    assert files_left(base, "mine") == [str(folders[1])]


def test_what_was_released_is_not_taken(base):
    rows = [("u", "t", 5, 9, "a", "used"), ("u", "t", 0, 5, "b", "reserved"), ("u", "t", 9, 12, "c", "released")]
    base.executemany("INSERT INTO ranges VALUES (?, ?, ?, ?, ?, ?)", rows)
    assert taken(base, ("u", "t")) == [(0, 5), (5, 9)]
    assert taken(base, ("u", "s")) == []
