"""The chain of ecal as a campaign on a real HTCondor: windows in jobs, one dataset, the same as one run makes."""

import sys
from pathlib import Path

import awkward as ak
import pytest

from kit import files
from kit.batch import campaign_commands
from kit.batch.campaign import read_campaign
from kit.batch.options import Options
from kit.batch.status import status_of
from kit.ecal.datasets import DatasetParameters, make_datasets
from kit.ecal.demo import demo
from kit.ecal.windows import WindowParameters, make_windows
from kit.run import Run, load
from tests.condor import sweeps

PROJECT = Path(__file__).resolve().parent.parent.parent
FILES, EVENTS = 10, 6
ASKED = {"unmatched": 1}
MADE = {"formats": ["parquet", "tfrecord"], "split": {"train": 0.7, "validation": 0.3}, "shuffle": True}


@pytest.fixture
def dumper(tmp_path, monkeypatch):
    """Return a folder of ten files of simulated events."""
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    (tmp_path / "parameters").mkdir()
    (tmp_path / "notebooks").symlink_to(PROJECT / "notebooks")
    (tmp_path / "dumper").mkdir()
    for number in range(FILES):
        demo(tmp_path / "dumper" / f"events_{number:02d}.root", EVENTS, "pairs", seed=number + 1)
    return tmp_path / "dumper"


@pytest.fixture
def chain(dumper):
    """Write the campaign: windows of five files a job, then one dataset; return its file."""
    path = dumper.parent / "parameters" / "chain.yaml"
    path.write_text(
        "campaign: chain\n"
        "options: {memory_mb: 900, disk_mb: 50, try_first: false, "
        f"site: {{shared: [{dumper.parent}]}}, environment: {{python: {sys.executable}}}}}\n"
        "stages:\n"
        "  - {name: windows, notebook: ecal/windows, set: {unmatched: 1},\n"
        f"     each: {{inputs: {{files: '{dumper}/*.root', bundle: 5}}}}}}\n"
        "  - {name: datasets, notebook: ecal/datasets,\n"
        "     set: {formats: [parquet, tfrecord], split: {train: 0.7, validation: 0.3}, shuffle: true},\n"
        "     all: {inputs: {outputs_of: windows}}}\n"
    )
    return path


def quiet(*_):
    return None


def followed(made):
    """Return the state of each stage, and how its run stands, when the pool has nothing left to do."""
    stages = campaign_commands.follow(made, quiet)
    return {one.name: (one.state, status_of(files.resolve(one.run)) if one.run else None) for one in stages}


def begun(path):
    made = read_campaign(path)
    campaign_commands.go_on(made, path, Options(profile="condor"), stale=False, say=quiet, show=quiet)
    return made


def resumed(made):
    campaign_commands.resume(made, Options(retry_failed=True), wait=False, stop_first=False, say=quiet, show=quiet)
    return made


def serial(dumper, folder):
    """Run both stages here, over all files at once; return the run of the last."""
    p = WindowParameters(inputs=[f"{dumper}/*.root"], output=str(folder / "windows"), **ASKED)
    with Run("ecal/windows", p) as run:
        run.summary = make_windows(p, run)
    p = DatasetParameters(inputs=[str(run.directory)], output=str(folder / "datasets"), **MADE)
    with Run("ecal/datasets", p) as run:
        run.summary = make_datasets(p, run)
    return load(run.directory)


def test_a_bad_file_is_named_and_when_it_is_mended_the_dataset_is_that_of_one_run(chain, dumper, tmp_path):
    bad = dumper / "events_04.root"
    good = bad.read_bytes()
    bad.write_bytes(good[:9000])
    made = begun(chain)
    state, status = followed(made)["windows"]
    assert (state, status.counts["done"], status.counts["failed"]) == ("stopped", 1, 1)
    (told,) = [line["error"]["value"] for line in status.results.lines() if line["state"] == "failed"]
    assert f"events_04.root: truncated: 9000 bytes found, {len(good)} expected" in told
    bad.write_bytes(good)
    assert followed(resumed(made))["windows"][0] == "complete"
    state, status = followed(begun(chain))["datasets"]
    assert state == "complete"
    sweeps.gather(status)
    one = load(next((status.run.directory / "outputs").glob("*/manifest.json")).parent)
    here = serial(dumper, tmp_path / "here")
    assert {**one.summary, "seconds": 0} == {**here.summary, "seconds": 0}
    for split in MADE["split"]:
        theirs, ours = (ak.from_parquet(run.directory / split).to_list() for run in (one, here))
        assert theirs == ours
    records = sorted(path.relative_to(one.directory) for path in one.directory.glob("tfrecord/**/*.proto"))
    assert len(records) == 4
    assert all((one.directory / name).read_bytes() == (here.directory / name).read_bytes() for name in records)
