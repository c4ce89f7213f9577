"""What is written into a file of masses reads back the same."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.opendata import massfile
from kit.opendata.massfile import read_masses, write_masses
from kit.opendata.pieces import Piece
from kit.opendata.spectra import Grid, PieceRecord, Spectra

GRID = Grid(10.0, 6)
ABOUT = {"grid": {"width": 10.0, "bins": 6}, "selection_hash": "abc"}
STATES, COMBINATIONS = ["1e_1j", "2e_1j", "3e_1j"], ["e0e1", "e0j0", "e0e1j0"]


@st.composite
def _records(draw: st.DrawFn) -> list[PieceRecord]:
    records = []
    for number in range(draw(st.integers(0, 4))):
        chosen = draw(st.lists(st.booleans(), min_size=9, max_size=9))
        pairs = [(s, c) for s, c in ((s, c) for s in STATES for c in COMBINATIONS) if chosen.pop()]
        bins = [sorted(draw(st.sets(st.integers(-1, 6), min_size=1))) for _ in pairs]
        rows = [(i, b, draw(st.integers(1, 2**62))) for i, places in enumerate(bins) for b in places]
        columns = np.array(rows, np.int64).reshape(-1, 3).T
        spectra = Spectra(GRID, dict.fromkeys(STATES, number), pairs, *columns)
        piece = Piece(f"d/é {number}.root", "u-u", 10**12, 100, 10 * number, 10 * number + 10)
        records.append(PieceRecord(piece, spectra, {"read": 10, "finite": 9}, {"e": 1}, {"e": 20}, "nanoaod"))
    return records


@given(_records())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_read_back_the_same(tmp_path: Path, records: list[PieceRecord]):
    path = tmp_path / "masses.parquet"
    write_masses(path, iter(records), ABOUT)
    back = read_masses(path)
    assert list(back.records()) == records
    assert back.pieces == [record.piece for record in records]
    assert back.grid == GRID
    assert back.about["selection_hash"] == "abc"


def _record(first: int = 0) -> PieceRecord:
    spectra = Spectra(GRID, {"2e": 3}, [("2e", "e0e1")], np.array([0, 0]), np.array([-1, 4]), np.array([1, 2]))
    return PieceRecord(Piece("a", "u", 1, 9, first, first + 3), spectra, {"read": 3}, {"e": 0}, {"e": 6}, "skim")


def test_any_reader_of_parquet_sees_a_plain_table(tmp_path: Path):
    write_masses(tmp_path / "m.parquet", [_record(0), _record(3)], ABOUT)
    table = pd.read_parquet(tmp_path / "m.parquet")
    assert list(table.columns) == ["piece", "final_state", "combination", "bin", "count"]
    assert table["piece"].tolist() == [0, 0, 1, 1]
    assert table.groupby(["final_state", "combination"], observed=True)["count"].sum().to_dict() == {
        ("2e", "e0e1"): 6
    }


def test_a_file_of_nothing_is_a_file(tmp_path: Path):
    write_masses(tmp_path / "m.parquet", [], ABOUT)
    assert list(read_masses(tmp_path / "m.parquet").records()) == []
    assert len(pd.read_parquet(tmp_path / "m.parquet")) == 0


def test_what_is_no_parquet_is_refused(tmp_path: Path):
    (tmp_path / "m.parquet").write_text("<html>")
    with pytest.raises(FormatError, match=r"m.parquet: .*should be a parquet file that opendata/masses wrote"):
        read_masses(tmp_path / "m.parquet")


def test_another_parquet_is_refused(tmp_path: Path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "m.parquet")
    with pytest.raises(FormatError, match="a parquet file without mass spectra"):
        read_masses(tmp_path / "m.parquet")


def test_another_version_of_the_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(massfile, "FORMAT", 0)
    write_masses(tmp_path / "m.parquet", [_record()], ABOUT)
    monkeypatch.undo()
    with pytest.raises(FormatError, match="format version is 0, should be 1"):
        read_masses(tmp_path / "m.parquet")


def test_no_file_is_said_to_be_none(tmp_path: Path):
    with pytest.raises(
        FileNotFoundError, match=r"there is no \S*m.parquet; should be a file that opendata/masses"
    ):
        read_masses(tmp_path / "m.parquet")


def test_a_folder_is_said_to_be_one(tmp_path: Path):
    with pytest.raises(FormatError, match=r"is a folder, should be a parquet file that opendata/masses wrote"):
        read_masses(tmp_path)


@pytest.mark.parametrize("part", ["short", "empty", "footer", "rows", "metadata"])
def test_damage_is_told_with_the_file_and_what_it_should_be(tmp_path: Path, part: str):
    path = tmp_path / "m.parquet"
    write_masses(path, [_record(0), _record(3)], ABOUT)
    content = bytearray(path.read_bytes())
    if part == "rows":
        content[4:60] = b"\xff" * 56
    elif part == "footer":
        content[-300:-8] = bytes(292)
    elif part == "metadata":
        content = content.replace(b'{"format"', b'{"foxmat"')
    path.write_bytes({"short": content[:200], "empty": b""}.get(part, content))
    with pytest.raises(FormatError, match=r"m.parquet: .*should be a parquet file that opendata/masses wrote"):
        list(read_masses(path).records())
