"""Plans: as text and back, and the rows that they mean."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kit.files import FormatError
from kit.mu2e.plan_files import plan_from, plan_text, read_plan
from kit.mu2e.plans import rows_of
from tests.mu2e.ensembles import count, draw


@pytest.fixture
def plan(make_catalogue):
    path = make_catalogue(CeMLL=([300, 300], 3000), DIO=([400, 500], 3000), CRYCosmic=([300, 300], 8000.0))
    run = draw(count(path, livetime_on_spill=6000.0), step="plan", chunk=1000, subruns=2)
    return read_plan(run.directory / "plan.json")


def test_rows_have_the_planned_items_each_from_its_range(plan):
    for subrun, counts in enumerate(plan.counts):
        chunks = list(rows_of(plan, subrun, {}))
        process = np.concatenate([rows.process for rows in chunks])
        source = np.concatenate([rows.source for rows in chunks])
        entry = np.concatenate([rows.entry for rows in chunks])
        assert np.bincount(process, minlength=3).tolist() == counts
        assert np.concatenate([rows.event for rows in chunks]).tolist() == list(range(1, sum(counts) + 1))
        for i, takes in enumerate(plan.takes[subrun]):
            expected = [(plan.parts[part][0], e) for part, start, stop in takes for e in range(start, stop)]
            found = list(zip(source[process == i].tolist(), entry[process == i].tolist(), strict=True))
            assert found == expected
        assert np.array_equal(np.array(plan.owners)[source], process)


def test_rows_depend_on_the_seed_and_the_chunk_and_on_nothing_else(plan):
    def labels(of):
        return np.concatenate([rows.process for rows in rows_of(of, 0, {})]).tolist()

    assert labels(plan) == labels(plan_from(json.loads(plan_text(plan)), ""))
    assert labels(plan) != labels(replace(plan, seed=plan.seed + 1))
    assert labels(plan) != labels(replace(plan, chunk=100))
    assert sorted(labels(plan)) == sorted(labels(replace(plan, chunk=100)))


def test_a_subrun_of_nothing_has_no_rows(plan):
    empty = replace(plan, counts=[[0, 0, 0]], takes=[[[], [], []]])
    assert [len(rows) for rows in rows_of(empty, 0, {})] == [0]


def test_ranges_that_do_not_hold_what_is_counted_are_refused_where_thinning_hides_it(plan):
    takes = [[[(part, start, stop - 1) for part, start, stop in of] for of in plan.takes[0]]]
    with pytest.raises(FormatError, match=r"counts: subrun 0 has \d+ of CRYCosmic, but its takes hold \d+"):
        next(rows_of(replace(plan, takes=takes), 0, {}))
