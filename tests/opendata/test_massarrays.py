"""Plain masses keep their order, in a piece and over pieces."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kit.files import FormatError
from kit.opendata import massarrays
from kit.opendata.massarrays import join_arrays, read_arrays, write_arrays


def _listed(seed: int, rows: int) -> list[tuple[str, str, np.ndarray]]:
    generator = np.random.default_rng(seed)
    return [(f"{i}e", f"e0j{i}", generator.exponential(90.0, generator.integers(1, 30))) for i in range(rows)]


def _plain(rows: list[tuple[int, str, str, np.ndarray]]) -> list[tuple[int, str, str, list[float]]]:
    return [(piece, state, combination, masses.tolist()) for piece, state, combination, masses in rows]


@pytest.mark.parametrize("at_once", [1, 50, 10**6])
def test_pieces_are_joined_in_the_order_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int):
    monkeypatch.setattr(massarrays, "MASSES_AT_ONCE", at_once)
    listed = [_listed(1, 9), [], _listed(2, 4)]
    parts = [tmp_path / f"{number}.parquet" for number in range(3)]
    for part, rows in zip(parts, listed, strict=True):
        write_arrays(part, iter(rows))
    join_arrays(tmp_path / "all.parquet", parts)
    expected = [(number, *row) for number, rows in enumerate(listed) for row in rows]
    assert _plain(list(read_arrays(tmp_path / "all.parquet"))) == _plain(expected)


def test_any_reader_of_parquet_sees_lists(tmp_path: Path):
    write_arrays(tmp_path / "a.parquet", [("2e", "e0e1", np.array([91.0, 92.0]))])
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert list(table.columns) == ["piece", "final_state", "combination", "masses"]
    assert table["masses"][0].tolist() == [91.0, 92.0]


def test_no_masses_are_a_file(tmp_path: Path):
    write_arrays(tmp_path / "a.parquet", [])
    assert list(read_arrays(tmp_path / "a.parquet")) == []


def damaged(path: Path, how: str) -> Path:
    content = path.read_bytes()
    cuts = {"cut short": content[: len(content) // 2], "no parquet": b"x" * 100, "empty": b""}
    path.write_bytes(cuts.get(how) or (content[:40] + b"\0" * 40 + content[80:] if how == "overwritten" else b""))
    return path


@pytest.mark.parametrize("how", ["cut short", "no parquet", "empty", "overwritten"])
def test_a_damaged_file_is_named_with_what_it_should_be(tmp_path: Path, how: str):
    write_arrays(tmp_path / "a.parquet", [("2e", "e0e1", np.arange(1000.0)), ("2e", "e0e1", np.arange(500.0))])
    with pytest.raises(
        FormatError, match=r"a\.parquet: damaged: .*; should be a parquet file that opendata/masses"
    ):
        list(read_arrays(damaged(tmp_path / "a.parquet", how)))
