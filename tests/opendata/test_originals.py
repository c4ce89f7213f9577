"""What the original left, read back: arrays, databases, both namings, and what is wrong with them."""

import io
import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest

from kit.files import FormatError
from kit.opendata.originals import bundles, read_original

Rows = list[tuple[str, list[float]]]


def database(path: Path, rows: Rows, counts: list[tuple[str, int]] | None = None) -> str:
    """Write a database with the tables that the original makes."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE array_chunks (id INTEGER PRIMARY KEY AUTOINCREMENT, signature TEXT NOT NULL,"
        " n_entries INTEGER NOT NULL, payload BLOB NOT NULL)"
    )
    for signature, masses in rows:
        buffer = io.BytesIO()
        np.save(buffer, np.array(masses, np.float32))
        chunk = (signature, len(masses), zlib.compress(buffer.getvalue(), 1))
        connection.execute("INSERT INTO array_chunks(signature, n_entries, payload) VALUES (?, ?, ?)", chunk)
    if counts is not None:
        connection.execute(
            "CREATE TABLE final_state_counts (final_state TEXT NOT NULL, n_events INTEGER NOT NULL)"
        )
        connection.executemany("INSERT INTO final_state_counts VALUES (?, ?)", counts)
    connection.commit()
    connection.close()
    return str(path)


def arrays(folder: Path, rows: Rows) -> list[str]:
    folder.mkdir(exist_ok=True)
    for signature, masses in rows:
        np.save(folder / f"{signature}.npy", np.array(masses))
    return sorted(str(path) for path in folder.iterdir())


RANKED: Rows = [
    ("parsed_7_chunk0_FS_2e_0m_1j_0g_IM_e0e1", [91.0, 90.0]),
    ("parsed_7_chunk0_FS_2e_0m_1j_0g_IM_e0j0", [120.0]),
    ("parsed_7_chunk1_FS_2e_0m_1j_0g_IM_e0e1", [33.0]),
]
SIX = "2e_0m_1j_0g_0t_0b"


def test_chunks_of_a_database_are_put_together(tmp_path: Path):
    found = read_original([database(tmp_path / "im_batch_1.sqlite", RANKED)])
    assert {pair: masses.tolist() for pair, masses in found.masses.items()} == {
        (SIX, "e0e1"): [91.0, 90.0, 33.0], (SIX, "e0j0"): [120.0],
    }  # fmt: skip
    assert found.events == {SIX: 3}
    assert found.masses[SIX, "e0e1"].dtype == np.float64


def test_a_database_may_tell_the_events(tmp_path: Path):
    counts = [("2e_0m_1j_0g", 5), ("_FS_2e_0m_1j_0g", 2), ("1e_0m_0j_0g", 9)]
    found = read_original([database(tmp_path / "a.sqlite", RANKED, counts)])
    assert found.events == {SIX: 7, "1e_0m_0j_0g_0t_0b": 9}


def test_arrays_of_one_parsed_file_belong_together(tmp_path: Path):
    paths = arrays(tmp_path / "npy", RANKED)
    assert [len(files) for files in bundles(paths)] == [2, 1]
    assert [read_original(files).events[SIX] for files in bundles(paths)] == [2, 1]


def test_names_by_count_are_understood(tmp_path: Path):
    rows = [("f_FS_2e_1m_2j_0g_IM_e2j1", [5.0]), ("f_FS_2e_1m_2j_0g_IM_e1m1", [6.0])]
    found = read_original([database(tmp_path / "a.sqlite", rows)])
    assert [combination for _, combination in found.masses] == ["e0e1j0", "e0m0"]


def test_masses_of_one_object_and_signed_roots_are_the_originals_errors(tmp_path: Path):
    rows = [("f_FS_1e_0m_0j_0g_1t_IM_t0", [1.7]), ("f_FS_1e_0m_1j_0g_IM_e0j0", [-3.0, 4.0])]
    found = read_original([database(tmp_path / "a.sqlite", rows)])
    assert found.left_out == ["t0 in 1e_0m_0j_0g_1t"]
    assert found.masses["1e_0m_1j_0g_0t_0b", "e0j0"].tolist() == [0.0, 4.0]


def test_copies_are_recognised_by_content(tmp_path: Path):
    one = read_original([database(tmp_path / "a.sqlite", RANKED)])
    (tmp_path / "b.sqlite").write_bytes((tmp_path / "a.sqlite").read_bytes())
    assert read_original([str(tmp_path / "b.sqlite")]).piece.identity == one.piece.identity


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([("f_FS_2e_IM_", [1.0])], "signature 'f_FS_2e_IM_'; should be such as"),
        ([("f_FS_2x_IM_e0e1", [1.0])], "final state '2x': should be counts and letters"),
        ([("f_FS_2e_IM_e0q1", [1.0])], "combination 'e0q1': should be letters"),
        ([("f_FS_2e_IM_e0e1", [1.0, np.nan])], "f_FS_2e_IM_e0e1: mass 1 is nan, should be a number"),
    ],
)
def test_what_the_original_did_not_write_is_refused(tmp_path: Path, rows: Rows, text: str):
    with pytest.raises(FormatError, match=rf"a\.sqlite: .*{text}"):
        read_original([database(tmp_path / "a.sqlite", rows)])


def test_damage_is_named(tmp_path: Path):
    (tmp_path / "a.sqlite").write_bytes(b"no database at all, but long enough to be looked at")
    with pytest.raises(FormatError, match=r"a\.sqlite: file is not a database; should be a database im_batch"):
        read_original([str(tmp_path / "a.sqlite")])
    path = database(tmp_path / "b.sqlite", RANKED)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE array_chunks SET payload = x'0102' WHERE id = 2")
    connection.execute("UPDATE array_chunks SET n_entries = 7 WHERE id = 1")
    connection.commit()
    with pytest.raises(FormatError, match=r"b\.sqlite: parsed_7_chunk0.*2 masses, should be 7"):
        read_original([path])
    connection.execute("UPDATE array_chunks SET n_entries = 2 WHERE id = 1")
    connection.commit()
    connection.close()
    with pytest.raises(FormatError, match=r"b\.sqlite: parsed_7_chunk0_FS_2e_0m_1j_0g_IM_e0j0: damaged"):
        read_original([path])
    (tmp_path / "f_FS_2e_IM_e0e1.npy").write_bytes(b"x")
    with pytest.raises(FormatError, match=r"IM_e0e1\.npy: damaged: .*should be an array of masses"):
        read_original([str(tmp_path / "f_FS_2e_IM_e0e1.npy")])


def test_other_files_among_them_are_refused():
    with pytest.raises(FormatError, match=r"b\.root: no ending of \.npy or \.sqlite"):
        bundles(["a.sqlite", "b.root"])
