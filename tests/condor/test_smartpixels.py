"""A production of smartpixels on a real HTCondor: files in bundles, results the same as those of one run here."""

from pathlib import Path

import pytest

from kit.batch.collecting import collect
from kit.batch.merging import finish
from kit.run import Run
from kit.smartpixels import demo
from kit.smartpixels.convolution import ConvolutionParameters, convolve
from kit.smartpixels.demo import Sensor

PROJECT = Path(__file__).resolve().parent.parent.parent
FILES = 3


@pytest.fixture
def production(tmp_path):
    """Return the folder of cluster files and a file of pulses; only the first file has a header."""
    sensor = Sensor()
    for number in range(FILES):
        path = tmp_path / "production" / f"pixel_clusters_d{number:05d}.out.gz"
        some = demo.make_clusters(6, seed=number, sensor=sensor)
        demo.write_clusters(path, some, sensor if number == 0 else None)
    (tmp_path / "production" / "pulses.csv").write_text(demo.make_pulses())
    return tmp_path / "production"


def texts(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("convolved_output_*")}


def test_bundles_of_files_give_on_the_pool_what_they_give_here(production, submitted, until, tmp_path):
    notebook = PROJECT / "notebooks" / "smartpixels" / "convolution.ipynb"
    clusters = str(production / "*.out.gz")
    sweep = {"clusters": {"files": clusters, "bundle": 2}}
    fixed = {"pulses": str(production / "pulses.csv"), "formats": ["text", "parquet"], "parquet_layout": "list"}
    status = submitted(notebook, sweep, fixed, "pool", per_job=1, memory_mb=800)
    p = ConvolutionParameters.build({**fixed, "clusters": [clusters], "output": str(tmp_path / "one_run")})
    with Run("smartpixels/convolution", p) as run:
        run.summary = convolve(p, run)
    until(status)
    assert (status.total, status.counts["done"]) == (2, 2)
    finish(status, 1.0)
    collect(status)
    found = texts(status.run.directory / "outputs")
    assert len(found) == FILES
    assert found == texts(tmp_path / "one_run")
    labels = {path.name for path in (status.run.directory / "outputs").rglob("labels_*.parquet")}
    assert labels == {f"labels_d{number:05d}.parquet" for number in range(FILES)}
