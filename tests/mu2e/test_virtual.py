"""Virtual ensembles: any slice of any column, as the files would have it."""

import awkward as ak
import pytest
import uproot

from kit.mu2e.plan_files import read_plan
from kit.mu2e.virtual import all_rows, materialise
from tests.mu2e.ensembles import count, draw


@pytest.fixture
def run(make_catalogue):
    path = make_catalogue(CeMLL=([300], 3000), DIO=([400, 500], 9000), CRYCosmic=([300], 8000.0))
    return draw(count(path), subruns=3, chunk=1000)


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (10, 180), (100, 100), (0, 10_000)])
def test_a_slice_is_what_the_files_hold(run, start, stop):
    plan = read_plan(run.directory / "plan.json")
    names = ["mom", "proc", "event", "subrun", "src_event", "src_entry", "hits_t"]
    found = materialise(plan, start, stop, names)
    files = sorted(run.directory.glob("nts.*.root"))
    truth = ak.concatenate([uproot.open(path)["ntuple"].arrays(names) for path in files])[start:stop]
    for name in names:
        assert ak.to_list(found[name]) == ak.to_list(truth[name])


def test_all_rows_come_without_reading_an_event(run):
    plan = read_plan(run.directory / "plan.json")
    assert sum(len(rows) for _, rows in all_rows(plan)) == run.summary["rows"]


def test_own_columns_need_no_primary_columns(run):
    plan = read_plan(run.directory / "plan.json")
    assert set(materialise(plan, 0, 50, ["proc"])) == {"proc"}
