"""Numbers that a run is judged by."""

from dataclasses import asdict

import pytest

from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.tally import Tally


def test_chunks_add_up_to_the_whole(demo_file, table, read):
    path = demo_file("pairs")
    parts = [read(path, 0, 13), read(path, 13, 40)]
    added = Tally()
    for part in parts:
        added = added + Tally.of(build(part, Rules(table), NUMPY), len(part), 0, 0)
    whole = asdict(Tally.of(build(read(path), Rules(table), NUMPY), 40, 0, 0))
    assert asdict(added) == pytest.approx(whole)


def test_what_is_counted_hangs_together(demo_file, table, read):
    made = build(read(demo_file("pairs")), Rules(table, unmatched="all"), NUMPY)
    tally = Tally.of(made, 40, 0, 0)
    assert tally.seeds == tally.windows_created + tally.seeds_in_other_window
    assert tally.windows == tally.windows_created
    assert tally.clusters_in_windows == made.window["ncls"].sum()
    assert tally.calo_seeds <= tally.windows_matched <= tally.windows
