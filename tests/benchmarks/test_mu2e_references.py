"""The plain ways of mixing must give what the stage gives, or the comparison means nothing."""

import awkward as ak
import uproot

from kit.mu2e.plans import rows_of
from tests.benchmarks import _mu2e_plain as plain
from tests.benchmarks.mu2e import mixed, plan_for, taken


def test_all_ways_give_the_same_rows(tmp_path):
    plan = plan_for(tmp_path, 1500)
    rows = [
        p for part in rows_of(plan, 0, {}) for p in zip(part.source.tolist(), part.entry.tolist(), strict=True)
    ]
    mixed(plan, tmp_path / "ours.root")
    ours = uproot.open(tmp_path / "ours.root")["ntuple"].arrays()
    for name, way in (("events", plain.per_event), ("lists", plain.with_lists)):
        assert way(plan.sources, rows, tmp_path / f"{name}.root") == len(rows)
        found = uproot.open(tmp_path / f"{name}.root")["ntuple"].arrays()
        for column in plain.names_of(plan.sources[0]):
            mine = f"src_{column}" if column in ("run", "subrun", "event") else column
            assert ak.array_equal(ours[mine], found[column]), column


def test_the_floor_writes_as_many_rows(tmp_path):
    plan = plan_for(tmp_path, 1500)
    assert plain.floor(plan.sources, taken(plan), tmp_path / "floor.root") == sum(plan.counts[0])
