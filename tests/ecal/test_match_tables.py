"""Rows of several files behind each other."""

import numpy as np
import pyarrow.parquet as pq

from kit.ecal import match_tables
from kit.ecal.match_tables import NEEDED, join, matched_of, read_matched, to_table


def rows(particles, first=0):
    each = np.repeat(np.arange(first, first + particles), 2)
    columns = {name: np.arange(len(each), dtype=float) + 1 for name in NEEDED}
    return columns | {
        "wi": each,
        "in_window": np.tile([True, False], particles),
        "simfrac_sig": np.full(len(each), 0.5),
    }


def test_particles_of_all_files_are_numbered_through(tmp_path):
    for number, particles in enumerate((3, 0, 2)):
        pq.write_table(to_table(rows(particles)), tmp_path / f"{number}.parquet")
    parts = [(tmp_path / f"{number}.parquet", particles) for number, particles in enumerate((3, 0, 2))]
    join(parts, tmp_path / "all.parquet", tmp_path / "all.csv")
    made = pq.read_table(tmp_path / "all.parquet")
    assert made["wi"].to_pylist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert len(lines) == 11
    assert lines[0].split(";")[0].strip('"') == "wi"
    assert lines[-1].split(";")[0] == "4"


def test_only_particles_with_a_good_seed_and_clusters_in_the_window_count(tmp_path):
    table = rows(3)
    table["simfrac_sig"] = np.array([0.5, 0.4, 0.01, 0.009, 0.3, 0.2])
    found = matched_of(table, 0.01, "gen")
    assert found.offsets.tolist() == [0, 1, 2]
    assert found.energy.tolist() == table["en"][[0, 4]].tolist()
    assert found.true.tolist() == table["calo_genen"][[0, 4]].tolist()
    pq.write_table(to_table(table), tmp_path / "x.parquet")
    again = read_matched(tmp_path / "x.parquet", 0.01, "gen")
    assert again.energy.tolist() == found.energy.tolist()


def test_a_table_of_rows_has_no_nulls():
    assert all(not field.nullable for field in match_tables.to_table(rows(2)).schema)
