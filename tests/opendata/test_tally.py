"""The sums that a run is judged by."""

import numpy as np

from kit.opendata.pieces import Piece
from kit.opendata.spectra import Grid, PieceRecord, Spectra
from kit.opendata.tally import SHOWN, Tally

SPECTRA = Spectra(
    Grid(10.0, 6),
    {"2e": 3, "1e": 1},
    [("2e", "e0e1")],
    np.zeros(3, np.int64),
    np.array([-1, 4, 6]),
    np.array([1, 1, 1]),
)
CUTFLOW = {"read": 10, "finite": 9, "type window": 4}


def _record(path: str = "a", first: int = 0, dropped: int = 0) -> PieceRecord:
    piece = Piece(path, path, 2_000_000, 40, first, first + 10)
    return PieceRecord(piece, SPECTRA, CUTFLOW, {"e": dropped, "j": 0}, {"e": 100, "j": 0}, "skim")


def _tally(*records: PieceRecord) -> Tally:
    tally = Tally()
    assert list(tally.over(records)) == list(records)
    return tally


def test_numbers_are_sums_over_pieces_and_names_are_counted_once():
    numbers = _tally(_record(), _record(first=10)).numbers()
    assert numbers == {
        "pieces": 2, "events": 20, "rejected": 12, "final_states": 2, "pairs": 1, "entries": 6, "overflow": 2,
        "below_minimum": 2, "empty": False, "cutflow": {"read": 20, "finite": 18, "type window": 8}, "dropped": {},
    }  # fmt: skip


def test_nothing_at_all_is_empty():
    numbers = _tally().numbers()
    assert numbers["empty"]
    assert numbers["events"] == numbers["entries"] == 0


def test_more_than_one_bad_object_in_a_hundred_is_told_aloud():
    assert _tally(_record(dropped=1)).loud() == ""
    assert _tally(_record(dropped=3), _record("b", dropped=1), _record("c", dropped=2)).loud() == (
        "objects were dropped that are not finite, have no pT or lie beyond |η| of 10:\n"
        "  a: 3 of 100 electrons\n"
        "  c: 2 of 100 electrons"
    )


def test_the_share_of_bad_objects_is_that_of_the_whole_file():
    assert _tally(_record(dropped=2), _record(first=10)).loud() == ""


def test_of_many_files_with_bad_objects_some_are_named():
    loud = _tally(*(_record(f"file{i}", dropped=50) for i in range(SHOWN + 7))).loud()
    assert f"file{SHOWN - 1}:" in loud
    assert f"file{SHOWN}:" not in loud
    assert "and 7 more" in loud
