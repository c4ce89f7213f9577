"""Productions of opendata on a real HTCondor: what comes back is what one run here gives, whatever befalls."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kit import files
from kit.batch.campaign import read_campaign
from kit.batch.status import Status, status_of
from kit.opendata.demo import demo
from tests.condor import sweeps
from tests.opendata.growing_release import EVENTS, Release, same_histograms, with_file

PROJECT = Path(__file__).resolve().parents[2]
FLOORS = [0.0, 20.0, 40.0, 60.0, 80.0]  # GeV
FILES, BROKEN, JOBS = 12, 5, 3
CAMPAIGN = f"""
campaign: pool
options: {{try_first: false, memory_mb: 900}}
stages:
  - {{name: catalogue, notebook: opendata/catalogue, set: {{api_url: demo, server: demo, download: true}},
     again: {{since: catalogue.json}}, options: {{profile: local}}}}
  - {{name: masses, notebook: opendata/masses, set: {{jobs: {JOBS}, max_failed_fraction: 0.3, retries: 0}},
     each: {{inputs: {{outputs_of: catalogue, pattern: catalogue.json}}, job: {{range: [1, {JOBS}]}}}},
     options: {{profile: condor, per_job: 1, disk_mb: 20, environment: {{python: {sys.executable}}}}}}}
  - {{name: histograms, notebook: opendata/histograms, set: {{min_events: 20, accept_partial: true}},
     all: {{inputs: {{outputs_of: masses}}}}, options: {{profile: local}}}}
"""


@pytest.fixture
def events(tmp_path):
    """Return four files of simulated events."""
    folder = tmp_path / "events"
    folder.mkdir()
    return [demo("2024r-pp", folder / f"events_{seed}.root", 400, seed) for seed in (1, 2, 3, 4)]


def test_twenty_points_of_masses_give_the_same_files_on_the_pool_as_here(real_stage, events, tmp_path):
    axes = {"inputs": {"files": "events/*.root", "bundle": 1}, "same_flavour_min_mass": FLOORS}
    pool, here = real_stage("opendata/masses", axes, per_job=5, memory_mb=900, site={"shared": [str(tmp_path)]})
    assert (pool.counts["done"], pool.total) == (20, 20)
    assert len(pool.chunks) == 4
    assert sweeps.table(pool.run) == sweeps.table(here.run)
    differing = sweeps.differing_files(pool, here)
    assert [name for name in differing if "/plots/effort." not in name] == []  # that is time and memory
    assert len(list((pool.run.directory / "outputs").glob("*/masses.parquet"))) == 20


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Return a release of twelve files, one of them damaged inside, in a project with the notebooks."""
    shutil.copytree(PROJECT / "notebooks" / "opendata", tmp_path / "notebooks" / "opendata")
    (tmp_path / "parameters").mkdir()
    (tmp_path / "pool.yaml").write_text(CAMPAIGN)
    sweeps.enter(tmp_path, monkeypatch)
    release = Release()
    release.add(FILES)
    release.damage(BROKEN)
    return release


def stage(name: str) -> Status:
    return status_of(files.resolve(read_campaign(Path("pool.yaml")).records[name].run))


def send_twice(status: Status, chunk: int) -> str:
    """Submit one job of a run by hand a second time, and return its cluster."""
    folder = status.run.rounds[0].directory
    (folder / "one.txt").write_text((folder / "chunks.txt").read_text().splitlines()[chunk] + "\n")
    text = (folder / "job.sub").read_text()
    assert "from chunks.txt" in text
    (folder / "twice.sub").write_text(text.replace("from chunks.txt", "from one.txt"))
    sent = subprocess.run(
        ["condor_submit", "-terse", "twice.sub"], cwd=folder, check=True, capture_output=True, text=True
    )
    return sent.stdout.partition(".")[0]


def kill(cluster: int, process: int, state: str) -> bool:
    """Kill the worker of a running job, and tell whether it was there."""
    wanted = {f"ClusterId = {cluster}", f"ProcId = {process}"}
    for ad in Path(state).rglob("execute/dir_*/.job.ad"):
        if wanted <= set(ad.read_text(errors="replace").splitlines()):
            found = [int(one.name) for one in Path("/proc").glob("[0-9]*") if _is_worker(one, ad.parent)]
            for pid in found:
                os.kill(pid, signal.SIGKILL)
            return bool(found)
    return False


def _is_worker(process: Path, folder: Path) -> bool:
    """Tell whether a process is the worker of the job in this folder, not what brings its files there."""
    try:
        words = process.joinpath("cmdline").read_bytes().split(b"\0")
        return b"worker" in words and (process / "cwd").resolve() == folder.resolve()
    except OSError:  # gone meanwhile
        return False


def queue(cluster: str) -> str:
    return subprocess.run(
        ["condor_q", cluster, "-af", "ProcId"], check=True, capture_output=True, text=True
    ).stdout


def histograms():
    """Return the run of histograms that the campaign has at last."""
    batch = stage("histograms")
    sweeps.gather(batch)
    (found,) = with_file(batch.run.directory, "bumpnet.root")
    return found


def test_a_corrupt_file_a_killed_job_and_one_sent_twice_change_nothing_and_a_new_file_is_added_alone(
    release, kit, until, eventually, pool_environment
):
    assert kit("campaign", "pool.yaml").status == 0
    status = stage("masses")
    twice = send_twice(status, 0)
    cluster = int(status.run.rounds[0].submitted["cluster"])
    assert eventually(lambda: kill(cluster, 2, pool_environment["CONDOR_POOL_STATE"]), sweeps.PATIENCE)
    until(status)
    assert eventually(lambda: not queue(twice), sweeps.PATIENCE)
    assert (status.counts["done"], status.total) == (JOBS, JOBS)
    assert [state.job.starts for state in status.chunks] == [1, 1, 2]

    answer = kit("campaign", "pool.yaml")
    assert answer.status == 0, answer.out
    made = histograms()
    assert same_histograms(made.directory, release.serial("serial")) == made.summary["histograms"] > 20
    assert made.summary["missing"] == 1
    (notice,) = [notice for notice in made.manifest["notices"] if notice.startswith("incomplete")]
    assert f"data_{BROKEN:02d}.root" in notice

    release.add(1)
    kit("campaign", "pool.yaml", "--again")
    status = until(stage("masses"))
    sweeps.gather(status)
    added = with_file(status.run.directory, "masses.parquet")
    assert sum(run.summary["events"] for run in added) == EVENTS  # of the new file alone
    assert kit("campaign", "pool.yaml").status == 0
    made = histograms()
    assert same_histograms(made.directory, release.serial("later")) == made.summary["histograms"]
