"""Event ids that occur again: against a plain count, over blocks, trees and orders."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kit.mu2e.repeats import Repeats
from tests.mu2e.ensembles import count, draw, read
from tests.mu2e.test_plan_faults import SOUND
from tests.mu2e.test_primaries import REAL


def _values(source, event, run=1, subrun=0):
    ids = {
        "src_event": np.array(event),
        "src_run": np.full(len(event), run),
        "src_subrun": np.full(len(event), subrun),
    }
    return ids | {"src_file": np.array(source, np.uint16)}


def test_tracks_of_one_event_are_counted_also_over_the_end_of_a_block():
    repeats = Repeats(SOUND)
    repeats.count(_values([0, 1, 0, 1], [5, 5, 5, 6]))
    assert repeats.rows == 1
    repeats.count(_values([0, 1], [5, 6]))
    assert repeats.rows == 3
    repeats.count(_values([0, 1], [5, 6], subrun=1))
    assert repeats.rows == 3
    repeats.count(_values([], []))
    assert repeats.rows == 3


def test_tracks_in_other_trees_of_a_file_and_in_any_order_are_counted():
    trees = [replace(source, identity="u1" if source.path != "/c" else "u3") for source in SOUND.sources]
    found = Repeats(replace(SOUND, sources=trees))
    found.count(_values([0, 1, 0, 2, 1], [5, 5, 6, 5, 7]))
    found.count(_values([1, 0], [6, 5]))
    assert found.rows == 3  # 5, 6 and 5 again
    random = Repeats(replace(SOUND, order="random"))
    random.count(_values([0, 0, 0, 1], [5, 6, 5, 5]))
    assert random.rows == 1


def test_without_ids_no_number_is_known():
    repeats = Repeats(SOUND)
    repeats.count({"src_file": np.array([0])})
    assert repeats.rows is None


@pytest.mark.parametrize("unit", ["entry", "event"])
def test_tracks_of_real_events_are_counted_over_both_trees_also_after_a_stop(public, tmp_path, unit):
    entry = {"files": [str(public / REAL)], "tree": ["TrkAnaNeg/trkana", "TrkAnaPos/trkana"]}
    (tmp_path / "c.json").write_text(json.dumps({"CE": entry | {"normaliser": {"generated": 4000}}}))
    yields = count(tmp_path / "c.json", processes=["CE"], r_mue=1e-9, livetime_on_spill=900.0)
    run = draw(yields, mode="asimov", subruns=3, unit=unit, branches=["evtinfo.*"], output="m")
    ids = read(run, "src_run", "src_subrun", "src_event")
    wanted = len(ids["src_event"]) - len(set(zip(*(values.tolist() for values in ids.values()), strict=True)))
    assert run.summary["repeated_event_ids"] == wanted > 0
    manifest = json.loads((run.directory / "manifest.json").read_text())
    (run.directory / "manifest.json").write_text(json.dumps(manifest | {"state": "failed"}))
    sorted(run.directory.glob("nts.*.root"))[1].unlink()
    again = draw(yields, mode="asimov", subruns=3, unit=unit, branches=["evtinfo.*"], output="m")
    assert again.summary["repeated_event_ids"] == wanted
    assert again.summary["files_done_before"] == 2
