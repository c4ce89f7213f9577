"""The campaign of the project on a real HTCondor: twenty subruns built by jobs, one ensemble, agreeing numbers."""

import csv
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import uproot

from kit import files
from kit.batch.campaign import campaign_in
from kit.batch.status import status_of
from kit.run import load
from tests.condor import sweeps

PROJECT = Path(__file__).resolve().parents[2]
SUBRUNS = 20
COLUMNS = ["event", "proc", "src_file", "src_entry"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a project of its own, with the notebooks of this one."""
    made = tmp_path / "home"
    made.mkdir()
    for name in ("notebooks", "parameters"):
        (made / name).symlink_to(PROJECT / name)
    sweeps.enter(made, monkeypatch)
    return made


def campaign_file(home, per_job):
    """Return the campaign of the project, its jobs as small as those of the other tests."""
    text = (PROJECT / "parameters" / "campaigns" / "mu2e.yaml").read_text()
    small = f"memory_mb: 500, disk_mb: 50, environment: {{python: {sys.executable}}}, per_job: {per_job}"
    old = "options: {try_first: false}"
    assert old in text
    path = home / "mu2e.yaml"
    path.write_text(text.replace(old, f"options: {{try_first: false, {small}}}"))
    return path


def kit(*words):
    command = [sys.executable, "-m", "kit", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_of(campaign, stage):
    """Return the one point's own run in the run of a stage."""
    (found,) = (files.resolve(campaign.records[stage].run) / "outputs").glob("*/manifest.json")
    return load(found.parent)


def held_ranges(ledger):
    """Return what the ledger says is used, by file."""
    base = sqlite3.connect(ledger)
    rows = base.execute("SELECT identity, start, stop FROM ranges WHERE state = 'used'").fetchall()
    states = dict(base.execute("SELECT name, state FROM ensembles").fetchall())
    base.close()
    return rows, states


@pytest.mark.parametrize("per_job", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_twenty_subruns_as_jobs_are_one_ensemble_also_when_jobs_are_killed(home, per_job):
    path = campaign_file(home, per_job)
    kit("campaign", path)
    campaign = campaign_in(home / "outputs" / "campaigns" / "mu2e")
    assert set(campaign.records) == {"yields", "plan", "build"}
    ledger = home / "outputs" / "mu2e" / "campaign.sqlite"
    away = ledger.rename(ledger.with_suffix(".away"))  # no job can open it
    status = status_of(files.resolve(campaign.records["build"].run))
    cluster = files.read_json(status.run.rounds[-1].directory / "submitted.json")["cluster"]
    assert len(status.chunks) == SUBRUNS // per_job
    # one job never comes back; one is thrown out while it runs, and starts once more
    subprocess.run(["condor_rm", f"{cluster}.0"], check=True, capture_output=True)
    sweeps.wait(status, lambda of: of.counts["running"] or of.counts["done"])
    for number in range(1, SUBRUNS // per_job):
        subprocess.run(["condor_vacate_job", "-fast", f"{cluster}.{number}"], check=False, capture_output=True)
    sweeps.wait(status)
    assert status.counts["done"] < SUBRUNS
    kit("resume", campaign.directory)
    sweeps.wait(status_of(files.resolve(campaign.records["build"].run)))
    assert not list(home.rglob("*.sqlite"))
    away.rename(ledger)
    kit("campaign", path)
    kit("collect", files.resolve(campaign_in(campaign.directory).records["close"].run))

    campaign = campaign_in(home / "outputs" / "campaigns" / "mu2e")
    planned, closed = run_of(campaign, "plan"), run_of(campaign, "close")
    built = files.resolve(campaign.records["build"].run) / "outputs"
    plan = files.read_json(planned.directory / "plan.json")
    names = [plan["processes"][i] for i in range(len(plan["processes"]))]
    found = sorted(built.glob("*/nts.*.root"), key=lambda one: one.name)
    assert [int(one.name.split(".")[-2].split("_")[1]) for one in found] == list(range(SUBRUNS))
    taken = []
    for subrun, one in enumerate(found):
        with uproot.open(one) as file:
            columns = file["ntuple"].arrays(COLUMNS, library="np")
        assert columns["event"].tolist() == list(range(1, sum(plan["counts"][subrun]) + 1))
        assert np.bincount(columns["proc"], minlength=len(names)).tolist() == plan["counts"][subrun]
        taken += zip(columns["src_file"].tolist(), columns["src_entry"].tolist(), strict=True)
    assert len(set(taken)) == len(taken) == sum(planned.summary["drawn"].values())
    assert closed.summary["drawn"] == planned.summary["drawn"]
    rows = list(csv.DictReader((closed.directory / "validation.csv").read_text().splitlines()))
    totals = {row["process"]: float(row["drawn"]) for row in rows if row["job"] == "total"}
    assert {name: totals[name] for name in names} == planned.summary["drawn"]
    held, states = held_ranges(ledger)
    assert states == {"campaign": "used"}
    of_file = {source[3]: number for number, source in enumerate(plan["sources"])}
    assert sorted(taken) == sorted((of_file[of], at) for of, start, stop in held for at in range(start, stop))
