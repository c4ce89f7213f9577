"""From the portal to BumpNet's histograms as a campaign on this computer, with a broken file among twelve."""

import json
import os
import shutil
from pathlib import Path

import pytest

from kit.opendata import demo_shelf
from kit.opendata.bumpnet import read_histograms
from kit.opendata.demo import demo
from kit.opendata.demo_service import file_entry, stock
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.masses import MassParameters, make_masses
from kit.run import FinishedRun, Run, complete_below

PROJECT = Path(__file__).resolve().parents[2]
FILES, BROKEN = 12, 5
CAMPAIGN = """
campaign: twelve
options: {profile: local, workers: 2, try_first: false, memory_mb: 900}
stages:
  - {name: catalogue, notebook: opendata/catalogue, set: {api_url: demo, server: demo, download: true}}
  - {name: events, notebook: opendata/events,
     set: {write_skim: true, jobs: 4, max_failed_fraction: 0.4, retries: 0},
     each: {inputs: {outputs_of: catalogue, pattern: catalogue.json}, job: {range: [1, 4]}}}
  - {name: masses, notebook: opendata/masses, each: {inputs: {outputs_of: events, pattern: "events_*.root"}}}
  - {name: histograms, notebook: opendata/histograms, set: {min_events: 20},
     all: {inputs: {outputs_of: masses}}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with the notebooks, and a release of twelve files, one of them damaged inside."""
    shutil.copytree(PROJECT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "parameters").mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    place = demo_shelf.folder()
    for number in range(FILES):
        path = place / f"eos/opendata/atlas/data_{number:02d}.root"
        path.parent.mkdir(parents=True, exist_ok=True)
        demo("2020e-13tev", path, 150, number)
    broken = place / f"eos/opendata/atlas/data_{BROKEN:02d}.root"
    content = broken.read_bytes()
    broken.write_bytes(content[:6000] + bytes(12000) + content[18000:])
    uris = [file_entry(path, place)["uri"] for path in sorted(place.rglob("*.root"))]
    data = {"dataset_number": "data", "physics_short": None, "file_list": uris, "skims": []}
    stock(place, {"2020e-13tev": [data]}, {})
    (tmp_path / "twelve.yaml").write_text(CAMPAIGN)
    return tmp_path


def points(project: Path) -> list[FinishedRun]:
    """Return the runs of the jobs that have read events."""
    found = complete_below(project / "outputs/opendata/events")
    return [run for run in found if (run.directory / "cutflow.json").is_file()]


@pytest.mark.slow
def test_the_histograms_are_those_of_the_good_files_and_the_bad_one_is_named(project: Path, kit):
    answer = kit("campaign", "twelve.yaml")
    assert answer.status == 0, answer.out + answer.err
    done = points(project)
    failed = [notice for run in done for notice in run.manifest["notices"] if "left out" in notice]
    assert len(done) == 4
    assert len(failed) == 1
    assert f"data_{BROKEN:02d}.root" in failed[0]
    assert sum(run.summary["files"] for run in done) == FILES - 1

    good = [path for path in sorted(demo_shelf.folder().rglob("*.root")) if f"_{BROKEN:02d}" not in path.name]
    p = MassParameters(inputs=[str(path) for path in good], output="serial/masses", interactive=False)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    h = HistogramParameters(inputs=["serial/masses"], output="serial/histograms", min_events=20, interactive=False)
    with Run("opendata/histograms", h) as run:
        run.summary = make_histograms(h, run)
    (batch,) = (project / "outputs/opendata/histograms").iterdir()
    assert kit("collect", str(batch)).status == 0
    found = complete_below(batch)
    (merged,) = (run for run in found if (run.directory / "bumpnet.root").is_file())
    for name in ("bumpnet.root", "bumpnet_before.root", "bumpnet_outliers.root"):
        ours, serial = (read_histograms(folder / name) for folder in (merged.directory, run.directory))
        assert [h.name for h in ours] == [h.name for h in serial]
        assert all((a.counts == b.counts).all() and a.low == b.low for a, b in zip(ours, serial, strict=True))
    assert run.summary["histograms"] == merged.summary["histograms"] > 20

    again = kit("campaign", "twelve.yaml")
    assert again.status == 0
    assert [run.directory for run in points(project)] == [run.directory for run in done]
    catalogue = json.loads(next((project / "outputs/opendata/catalogue").rglob("catalogue.json")).read_text())
    assert len(catalogue["datasets"][0]["files"]) == FILES
