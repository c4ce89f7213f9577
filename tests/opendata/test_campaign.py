"""From the portal to BumpNet's histograms as a campaign on this computer, with a broken file among twelve."""

import os
import shutil
from pathlib import Path

import pytest

from kit.batch.campaign import read_campaign
from kit.files import resolve
from kit.run import FinishedRun
from tests.opendata.growing_release import EVENTS, Release, same_histograms, with_file

PROJECT = Path(__file__).resolve().parents[2]
FILES, BROKEN = 12, 5
CAMPAIGN = """
campaign: twelve
options: {profile: local, workers: 2, try_first: false, memory_mb: 900}
stages:
  - {name: catalogue, notebook: opendata/catalogue, set: {api_url: demo, server: demo, download: true},
     again: {since: catalogue.json}}
  - {name: events, notebook: opendata/events,
     set: {write_skim: true, jobs: 4, max_failed_fraction: 0.4, retries: 0},
     each: {inputs: {outputs_of: catalogue, pattern: catalogue.json}, job: {range: [1, 4]}}}
  - {name: masses, notebook: opendata/masses, each: {inputs: {outputs_of: events, pattern: "events_*.root"}}}
  - {name: histograms, notebook: opendata/histograms, set: {min_events: 20},
     all: {inputs: {outputs_of: masses}}}
"""
LEFT = {
    "catalogue": "catalogue.json", "events": "cutflow.json", "masses": "masses.parquet",
    "histograms": "bumpnet.root",
}  # fmt: skip


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Return a release of twelve files, one of them damaged inside, in a project with the notebooks."""
    shutil.copytree(PROJECT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "parameters").mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    release = Release()
    release.add(FILES)
    release.damage(BROKEN)
    (tmp_path / "twelve.yaml").write_text(CAMPAIGN)
    return release


def runs(stage: str) -> list[FinishedRun]:
    """Return the points that the latest run of a stage has had."""
    return with_file(resolve(read_campaign(resolve("twelve.yaml")).records[stage].run), LEFT[stage])


def events_of(stage: str) -> int:
    return sum(run.summary["events"] for run in runs(stage))


@pytest.mark.slow
def test_the_histograms_are_those_of_the_good_files_the_bad_one_is_named_and_a_new_one_is_added(
    release: Release, kit
):
    answer = kit("campaign", "twelve.yaml")
    assert answer.status == 0, answer.out + answer.err
    events = runs("events")
    failed = [notice for run in events for notice in run.manifest["notices"] if "left out" in notice]
    assert (len(events), len(failed)) == (4, 1)
    assert f"data_{BROKEN:02d}.root" in failed[0]
    assert sum(run.summary["files"] for run in events) == FILES - 1
    assert events_of("events") == events_of("masses") == (FILES - 1) * EVENTS
    assert (
        kit("collect", str(resolve(read_campaign(resolve("twelve.yaml")).records["histograms"].run))).status == 0
    )
    (merged,) = runs("histograms")
    assert same_histograms(merged.directory, release.serial("serial")) == merged.summary["histograms"] > 20

    assert kit("campaign", "twelve.yaml").status == 0
    assert [run.directory for run in runs("events")] == [run.directory for run in events]
    answer = kit("campaign", "twelve.yaml", "--again")
    assert "catalogue: nothing is new" in answer.out
    assert [run.directory for run in runs("events")] == [run.directory for run in events]

    release.add(1)
    answer = kit("campaign", "twelve.yaml", "--again")
    assert answer.status == 0, answer.out + answer.err
    (catalogue,) = runs("catalogue")
    assert (catalogue.summary["files"], catalogue.summary["files_fetched"]) == (1, 1)
    assert events_of("events") == events_of("masses") == EVENTS  # and not those of the twelve once more
    assert (
        kit("collect", str(resolve(read_campaign(resolve("twelve.yaml")).records["histograms"].run))).status == 0
    )
    (merged,) = runs("histograms")
    assert merged.summary["events"] <= FILES * EVENTS
    assert same_histograms(merged.directory, release.serial("later")) == merged.summary["histograms"]
