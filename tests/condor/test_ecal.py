"""The chain of ecal as a campaign on a real HTCondor: files in bundles, one dataset, the same as one run here makes."""

import sys
from pathlib import Path

import awkward as ak
import pytest

from kit.batch import campaign_commands
from kit.batch.campaign import read_campaign
from kit.batch.options import Options
from kit.ecal.datasets import DatasetParameters, make_datasets
from kit.ecal.demo import demo
from kit.ecal.windows import WindowParameters, make_windows
from kit.run import Run, load

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


def campaign(dumper, accept):
    """Write the campaign: windows of three files a job, then one dataset; return its file."""
    path = dumper.parent / "parameters" / "chain.yaml"
    path.write_text(
        "campaign: chain\n"
        "options: {memory_mb: 900, disk_mb: 50, try_first: false, "
        f"site: {{shared: [{dumper.parent}]}}, environment: {{python: {sys.executable}}}}}\n"
        "stages:\n"
        f"  - {{name: windows, notebook: ecal/windows, set: {{unmatched: 1}}, accept: {accept},\n"
        f"     each: {{inputs: {{files: '{dumper}/*.root', bundle: 3}}}}}}\n"
        "  - {name: datasets, notebook: ecal/datasets,\n"
        "     set: {formats: [parquet, tfrecord], split: {train: 0.7, validation: 0.3}, shuffle: true},\n"
        "     all: {inputs: {outputs_of: windows}}}\n"
    )
    return path


def go_on(path):
    """Do what can be done for a campaign, and return how its stages stand when the pool is done."""
    made = read_campaign(path)
    quiet = {"say": lambda *_: None, "show": lambda *_: None}
    campaign_commands.go_on(made, path, Options(profile="condor"), stale=False, **quiet)
    return made, {one.name: one for one in campaign_commands.follow(made, lambda *_: None)}


def serial(dumper, folder):
    """Run both stages here, over all files at once; return the run of the last."""
    p = WindowParameters(inputs=[f"{dumper}/*.root"], output=str(folder / "windows"), **ASKED)
    with Run("ecal/windows", p) as run:
        run.summary = make_windows(p, run)
    p = DatasetParameters(inputs=[str(run.directory)], output=str(folder / "datasets"), **MADE)
    with Run("ecal/datasets", p) as run:
        run.summary = make_datasets(p, run)
    return load(run.directory)


def point_of(made, name):
    return load(next((load(made.records[name].run).directory / "outputs").glob("*/manifest.json")).parent)


def test_windows_in_jobs_and_their_dataset_are_those_of_one_run(dumper, tmp_path):
    path = campaign(dumper, 1.0)
    made, standing = go_on(path)
    assert standing["windows"].state == "complete"
    made, standing = go_on(path)
    assert standing["datasets"].state == "complete"
    one, here = point_of(made, "datasets"), serial(dumper, tmp_path / "here")
    assert {**one.summary, "seconds": 0} == {**here.summary, "seconds": 0}
    for split in MADE["split"]:
        assert ak.from_parquet(one.directory / split).to_list() == ak.from_parquet(here.directory / split).to_list()
    records = sorted(path.relative_to(one.directory) for path in one.directory.glob("tfrecord/**/*.proto"))
    assert len(records) == 4
    assert all((one.directory / name).read_bytes() == (here.directory / name).read_bytes() for name in records)


def test_a_bad_file_stops_the_campaign_and_is_named(dumper):
    bad = dumper / "events_04.root"
    bad.write_bytes(bad.read_bytes()[:9000])
    made, standing = go_on(campaign(dumper, 1.0))
    assert standing["windows"].state == "stopped"
    status = standing["windows"]
    assert "events_04.root: truncated: 9000 bytes found" in str(vars(status))
