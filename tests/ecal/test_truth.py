"""The stage: dumper files in, working points out, which the stage `windows` takes at once."""

import json
import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

from kit.ecal import working_points
from kit.ecal.ledger import work_off
from kit.ecal.truth import GRID, TruthParameters, study_truth
from kit.ecal.windows import WindowParameters, make_windows
from kit.parameters import ParameterError
from kit.run import Run, RunError, load

FEW = {"et_edges": [1.0, 50.0, 500.0], "eta_edges": [0.0, 1.4442, 3.0]}


def run_of(output="run", **values):
    p = TruthParameters(output=output, **(FEW | values))
    with Run("ecal/truth", p) as run:
        run.summary = study_truth(p, run)
    return load(run.directory)


@pytest.fixture(scope="module")
def inputs(demo_file):
    return [str(demo_file("electrons", 60, seed)) for seed in (1, 2)]


def test_working_points_are_read_by_windows_at_once(inputs):
    run = run_of(inputs=inputs)
    table = working_points.read(run.directory / "working_point.json")
    assert table.thresholds.shape == (2, 2)
    assert np.isin(table.thresholds, GRID).all()
    p = WindowParameters(inputs=inputs, output="windows", working_point=str(run.directory / "working_point.json"))
    with Run("ecal/windows", p) as windows:
        assert make_windows(p, windows)["windows"] > 400


def test_the_numbers_of_the_reference_file(ecal_data):
    run = run_of(inputs=[str(ecal_data / "ele4_50.root")], thresholds=[0.0, 1e-3, 1e-2, 0.1], entries_min=5)
    summary = run.summary
    assert (summary["rows"], summary["particles"], summary["rows_in_window"]) == (394, 199, 374)
    found = pq.read_table(run.directory / "resolution.parquet").to_pandas()
    assert len(found) == 4 * 4
    assert found["entries"].unique().sum() <= summary["particles_studied"]


def test_limits_and_fits_are_written_on_request(inputs):
    assert not {"fits.parquet", "pileup_limits.parquet"} & set(files_of(run_of(inputs=inputs)))
    run = run_of("more", inputs=inputs, pileup=True, cruijff=True)
    resolution = pq.read_table(run.directory / "resolution.parquet").to_pandas()
    points = working_points.read(run.directory / "working_point.json")
    chosen = resolution[np.isclose(resolution["threshold"], points.at(*middles(resolution)), rtol=1e-9)]
    for name in ("pileup_limits.parquet", "noise_limits.parquet"):
        found = pq.read_table(run.directory / name).to_pandas()
        without = found[np.isinf(found["limit"])]
        assert without["w68"].tolist() == pytest.approx(chosen["w68"].tolist(), rel=1e-3)
        assert (found["limit"].nunique(), len(without)) == (41, 4)
    fits = pq.read_table(run.directory / "fits.parquet").to_pandas()
    filled = fits["entries"] >= 20
    assert run.summary["bins_fitted"] == filled.sum() == 3
    assert (fits["sigma"] / chosen["w68"].to_numpy())[filled].between(0.3, 1.5).all()
    assert fits["sigma"].isna().tolist() == (~filled).tolist()
    assert fits["entries"].tolist() == chosen["entries"].tolist()


def files_of(run):
    return [entry["path"] for entry in run.manifest["outputs"]]


def middles(rows):
    """Return ET and |η| in the middle of each row's bin."""
    return [((rows[f"{name}_min"] + rows[f"{name}_max"]) / 2).to_numpy() for name in ("et", "eta")]


def test_every_threshold_of_the_public_tables_is_on_the_grid(ecal_data):
    for path in (ecal_data / "working_points").glob("*.json"):
        values = working_points.read(path).thresholds.ravel()
        assert np.abs(np.log(values[:, None] / GRID)).min(axis=1).max() < 1e-6


def test_files_and_chunks_change_nothing_nor_who_does_the_work(inputs, monkeypatch):
    """Processes side by side are proven elsewhere: the work can be sent to one, and is the same there."""
    runs = [run_of(name, inputs=inputs, **more) for name, more in (("a", {}), ("b", {"chunk_events": 10}))]
    monkeypatch.setattr(
        "kit.ecal.truth.work_off",
        lambda p, run, pieces, work: work_off(p, run, pieces, pickle.loads(pickle.dumps(work))),
    )
    runs.append(run_of("c", inputs=inputs))
    first, *others = (pq.read_table(run.directory / "clusters.parquet").to_pandas() for run in runs)
    assert all(first.equals(other) for other in others)
    assert first["wi"].iloc[-1] + 1 == runs[0].summary["particles"]


def test_rows_as_text_on_request(inputs):
    run = run_of(inputs=inputs, write_csv=True)
    assert len((run.directory / "clusters.csv").read_text().splitlines()) == run.summary["rows"] + 1


def test_empty_bins_are_borrowed_and_said(inputs):
    run = run_of(inputs=inputs, et_edges=[0.001, 1.0, 500.0])
    assert any("2 of 4 bins are too empty" in notice for notice in run.manifest["notices"])
    gain = json.loads((run.directory / "gain.json").read_text())
    assert gain["borrowed"] == [[True, True], [False, False]]
    assert gain["gain"][0] == [None, None]
    assert gain["gain"][1][0] > 0


def test_a_bad_file_fails_alone_and_a_rerun_goes_on(inputs, tmp_path):
    bad = tmp_path / "bad.root"
    bad.write_text("nothing of the kind " * 9)
    with pytest.raises(RunError, match=r"1 of 3 files failed.*\n.*bad\.root: begins with"):
        run_of(inputs=[*inputs, str(bad)])
    run = run_of("other", inputs=[*inputs, str(bad)], max_failed_fraction=0.5)
    assert run.summary["files_failed"] == 1
    assert any("left out" in notice for notice in run.manifest["notices"])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"et_edges": [5.0, 1.0]}, r"et_edges is \[5.0, 1.0\], should be rising"),
        ({"thresholds": [0.1, 1.5]}, "thresholds is .*should be within 0 and 1"),
        ({"entries_min": 2}, "entries_min is 2, below 5"),
        ({"criterion": "rms"}, "criterion is 'rms'"),
    ],
)
def test_values_that_cannot_be_used(values, text):
    with pytest.raises(ParameterError, match=text):
        TruthParameters.build(values)
