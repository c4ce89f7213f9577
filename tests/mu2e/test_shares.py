"""What grid jobs do with their configurations: the planned events, and none that another ensemble holds."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import uproot

from kit.files import FormatError, resolve
from kit.mu2e.fcl import GRID_EVENTS, EventId
from kit.mu2e.ledger import Ledger
from kit.mu2e.plan_files import read_plan
from kit.mu2e.sampler import art_labels
from kit.mu2e.shares import free_shares
from kit.mu2e.standins import TREE
from kit.run import RunError
from tests.mu2e.ensembles import count, draw, plan_of

COUNTED = {"processes": ["DIO", "CRYCosmic"], "livetime_on_spill": 1800.0}


@pytest.fixture
def yields(make_catalogue):
    return count(make_catalogue(DIO=([400, 400], 9000), CRYCosmic=([300, 300], 8000.0)), **COUNTED)


def sampling_input(text):
    """Return what a job takes, file and entry: its configuration done as the grid does it, event by event."""
    weights = dict(re.findall(r"^      (\w+): \{\n.*\n +weight : (\S+)$", text, re.MULTILINE))
    names = sorted(weights)
    own = text.split("\n# job ")[1]
    queues = []
    for name in names:
        (path,) = re.findall(rf'{name}\.fileNames : \["(.*)"\]', own)
        with uproot.open(path) as file:
            ids = np.stack([file[TREE][of].array(library="np") for of in ("run", "subrun", "event")], axis=1)
        skip = re.findall(rf'{name}\.skipToEvent : "(\d+):(\d+):(\d+)"', own) or [("0", "0", "0")]
        first = tuple(map(int, skip[0]))
        rest = [
            entry
            for entry in sorted(range(len(ids)), key=lambda e, ids=ids: tuple(ids[e]))
            if tuple(ids[entry]) >= first
        ]
        queues.append((path, rest))
    (most,) = map(int, re.findall(r"source\.maxEvents : (\d+)", own))
    (seed,) = map(int, re.findall(r"source\.samplingSeed : (\d+)", own))
    taken = []
    for label in (
        int(one) for block in art_labels([float(weights[name]) for name in names], seed) for one in block
    ):
        path, rest = queues[label]
        if not rest or len(taken) == most:
            return taken
        taken.append((path, rest.pop(0)))
    return taken


def jobs_in(run):
    texts = sorted((run.directory / "grid").glob("job_*.fcl"))
    return {int(path.stem.split("_")[1]): sampling_input(path.read_text()) for path in texts}


def planned(run, job):
    plan = plan_of(run)
    return {
        (plan["sources"][plan["parts"][part][0]][0], entry)
        for takes in plan["takes"][job]
        for part, start, stop in takes
        for entry in range(start, stop)
    }


def test_jobs_of_art_do_exactly_what_is_planned_behind_what_others_hold(yields):
    first = draw(yields, ensemble="first", subruns=1)
    run = draw(yields, ensemble="second", mode="art", subruns=2, export_grid=True, step="plan")
    jobs = jobs_in(run)
    assert sorted(jobs) == [0, 1]
    for job, taken in jobs.items():
        assert set(taken) == planned(run, job)
        assert len(taken) == sum(plan_of(run)["counts"][job]) > 50
        assert not set(taken) & planned(first, 0)
    text = (run.directory / "grid" / "submit.txt").read_text()
    assert (
        text
        == "# the job definition would use events of other ensembles: only job_<index>.fcl begin behind them\n"
    )
    assert 'skipToEvent : "1430:0:' in (run.directory / "grid" / "SamplingInput_sr0.fcl").read_text()


def test_jobs_of_art_on_untouched_files_need_no_more_than_the_job_definition(yields):
    run = draw(yields, mode="art", subruns=2, export_grid=True, step="plan")
    for job, taken in jobs_in(run).items():
        assert set(taken) == planned(run, job)
    assert "skipToEvent" not in "".join(path.read_text() for path in (run.directory / "grid").glob("*.fcl"))
    assert (run.directory / "grid" / "submit.txt").read_text().startswith("mu2ejobsub --jobdef")


def test_jobs_with_one_seed_for_all_do_what_was_planned_with_it(yields):
    run = draw(yields, mode="art", subruns=2, legacy_seed=True, export_grid=True, step="plan")
    for job, taken in jobs_in(run).items():
        assert set(taken) == planned(run, job)
    assert (run.directory / "grid" / "submit.txt").read_text().startswith("# every job has the same sampling seed")


def test_jobs_of_other_modes_begin_behind_what_others_hold_and_the_text_says_what_is_not_reserved(yields):
    first = draw(yields, ensemble="first", mode="asimov", subruns=1)
    run = draw(yields, ensemble="second", export_grid=True, step="plan")
    jobs = jobs_in(run)
    for taken in jobs.values():
        assert not set(taken) & planned(first, 0)
    assert len(jobs[0]) > 50
    text = (run.directory / "grid" / "submit.txt").read_text()
    assert "the ledger does not reserve what they use: mode art does" in text
    assert "mu2ejobsub" not in text


def test_jobs_of_several_files_are_not_offered_where_others_hold_events(yields):
    run = draw(yields, ensemble="first", export_grid=True, files_per_job=2, step="plan")
    assert "mu2ejobsub" in (run.directory / "grid" / "submit.txt").read_text()
    run = draw(yields, ensemble="second", export_grid=True, files_per_job=2, step="plan")
    text = (run.directory / "grid" / "submit.txt").read_text()
    assert "# grid jobs of several files would use events of other ensembles: files_per_job: 1" in text
    assert "mu2ejobsub" not in text


def test_a_job_of_whose_file_nothing_is_left_is_not_written(make_catalogue):
    yields = count(make_catalogue(DIO=([6, 400], 9000), CRYCosmic=([300, 300], 8000.0)), **COUNTED)
    draw(yields, ensemble="first", mode="asimov", subruns=1)
    run = draw(yields, ensemble="second", export_grid=True, step="plan", subruns=1)
    assert sorted(jobs_in(run)) == [1]
    assert run.summary["grid_jobs"] == 1
    said = "there is no grid job 0: other ensembles hold all of its DIO"
    assert said in (run.directory / "grid" / "submit.txt").read_text()


def test_a_job_that_would_begin_without_an_event_is_refused_when_planned(make_catalogue):
    yields = count(make_catalogue(DIO=([6, 400], 9000), CRYCosmic=([300, 300], 8000.0)), **COUNTED)
    draw(yields, ensemble="first", mode="asimov", subruns=1)
    with pytest.raises(RunError, match=r"job 0 has no event of DIO left in .*DIO\.test\.001430_00000000\.root"):
        draw(yields, ensemble="second", mode="art", subruns=1, livetime_process="DIO")
    assert "second" not in Ledger(resolve("outputs/mu2e/ledger.sqlite")).ensembles()


def test_events_in_several_ranges_are_not_for_a_job(yields):
    for name in ("a", "b", "c"):
        draw(yields, ensemble=name, mode="asimov", subruns=1, step="plan")
    ledger = Ledger(resolve("outputs/mu2e/ledger.sqlite"))
    ledger.release("a")
    ledger.release("c")
    with pytest.raises(
        FormatError, match=r"job 0: entries 0 to \d+, \d+ to \d+ of CRYCosmic are planned: a job reads"
    ):
        draw(yields, ensemble="d", mode="art", subruns=1, export_grid=True, output="d")
    assert "d" not in ledger.ensembles()
    assert draw(yields, ensemble="d", mode="art", subruns=1).summary["rows"] > 0


def test_ids_that_do_not_rise_are_refused(yields, tmp_path):
    plan = read_plan(draw(yields, ensemble="first", step="plan").directory / "plan.json")
    path = Path(plan.sources[0].path)
    with uproot.open(path) as file:
        columns = file[TREE].arrays(["run", "subrun", "event", "mom"], library="np")
    columns["event"][10] = 399
    with uproot.recreate(path) as file:
        file.mktree(TREE, {name: of.dtype for name, of in columns.items()}).extend(columns)
    files = {"CRYCosmic": [str(path)]}
    held = {(plan.sources[0].identity, TREE): [(0, 20)]}
    with pytest.raises(
        FormatError, match="ids before entry 20 are not all below 1430:0:21: a job cannot begin there"
    ):
        free_shares(plan, files, held)


def test_where_a_job_begins_is_the_id_of_the_entry(yields):
    plan = read_plan(draw(yields, ensemble="first", step="plan").directory / "plan.json")
    source = plan.sources[0]
    (share,) = free_shares(plan, {"CRYCosmic": [source.path]}, {(source.identity, TREE): [(0, 5), (20, 30)]})
    assert share.first == {"CRYCosmic": EventId(1430, 0, 31)}
    assert (share.most, share.lacking) == (GRID_EVENTS, ())
    (share,) = free_shares(plan, {"CRYCosmic": [source.path]}, {(source.identity, TREE): [(290, 300)]})
    assert share.lacking == ("CRYCosmic",)


def test_weighted_events_are_not_for_the_grid(make_catalogue):
    path = make_catalogue(DIO=([200], 9000), CRYCosmic=([300], 8000.0))
    record = json.loads(path.read_text())
    record["DIO"]["weight_branch"] = "t0"
    path.write_text(json.dumps(record))
    yields = count(path, **COUNTED)
    with pytest.raises(FormatError, match="DIO: entries have weights, and grid jobs would take all alike"):
        draw(yields, export_grid=True)
