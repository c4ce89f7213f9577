"""A record is used if it is whole and of the same settings, and not otherwise."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.opendata.pieces import Piece
from kit.opendata.records import Records
from kit.opendata.spectra import Grid, PieceRecord, Spectra

ABOUT: dict[str, Any] = {"selection_hash": "abc", "grid": {"width": 10.0, "bins": 6}}
PIECE = Piece("a.root", "u", 1, 9, 0, 3)
RECORD = PieceRecord(PIECE, Spectra(Grid(10.0, 6), {"1e": 3}), {"read": 3}, {}, {}, "skim")


def test_a_record_reads_back_under_the_path_of_today(tmp_path: Path):
    records = Records(tmp_path, ABOUT)
    assert not records.has(PIECE)
    records.write(RECORD)
    moved = replace(PIECE, path="elsewhere/a.root")
    assert records.has(moved)
    assert list(records.read([moved])) == [replace(RECORD, piece=moved)]


@pytest.mark.parametrize("other", [{"selection_hash": "xyz"}, {"grid": {"width": 5.0, "bins": 6}}])
def test_records_of_other_settings_are_not_used(tmp_path: Path, other: dict[str, Any]):
    Records(tmp_path, ABOUT).write(RECORD)
    assert not Records(tmp_path, ABOUT | other).has(PIECE)


def test_another_range_of_the_same_file_is_another_piece(tmp_path: Path):
    records = Records(tmp_path, ABOUT)
    records.write(RECORD)
    assert not records.has(replace(PIECE, last=4))


def test_a_damaged_record_is_done_again(tmp_path: Path):
    records = Records(tmp_path, ABOUT)
    records.write(RECORD)
    path = records.path(PIECE)
    path.write_bytes(path.read_bytes()[:-20])
    assert not records.has(PIECE)


def test_where_masses_are_kept_a_record_without_them_is_not_enough(tmp_path: Path):
    Records(tmp_path, ABOUT).write(RECORD)
    keeping = Records(tmp_path, ABOUT, keep_masses=True)
    assert not keeping.has(PIECE)
    keeping.write(RECORD, [("1e", "e0j0", np.array([1.0]))])
    assert keeping.has(PIECE)


def test_a_fault_while_masses_are_listed_leaves_nothing_behind(tmp_path: Path):
    full = OSError("disk full")

    def failing():
        yield "1e", "e0j0", np.array([1.0])
        raise full

    records = Records(tmp_path, ABOUT, keep_masses=True)
    with pytest.raises(OSError, match="disk full"):
        records.write(RECORD, failing())
    assert list(tmp_path.iterdir()) == []
