"""The pictures of whole runs."""

import pytest

from kit.ecal import plots
from kit.ecal.datasets import DatasetParameters, make_datasets
from kit.ecal.truth import TruthParameters, study_truth
from kit.ecal.windows import WindowParameters, make_windows
from kit.run import Run, load

WINDOWS = ["window", "energy", "clusters", "features", "seeds", "response", "per_event", "cutflow"]


def run_of(folder, **values):
    p = WindowParameters(output=str(folder), **values)
    with Run("ecal/windows", p) as run:
        run.summary = make_windows(p, run)
    return load(run.directory)


def test_windows(demo_file, tmp_path):
    run = run_of(tmp_path / "run", inputs=[str(demo_file("pairs")), str(demo_file("soft"))], both_labels=True)
    made = plots.windows_figures(run)
    assert list(made) == WINDOWS
    labels = made["energy"].axes[0].get_legend_handles_labels()[1]
    assert [label.split(":")[0] for label in labels] == ["labels fixed", "labels deepsc", "mustache"]


@pytest.mark.parametrize("formats", [["parquet"], ["ndjson"]])
def test_windows_of_nothing_or_of_text_alone_are_still_drawn(ecal_data, tmp_path, formats):
    run = run_of(tmp_path / "run", inputs=[str(ecal_data / "edge.root")], events=3, formats=formats)
    assert list(plots.windows_figures(run)) == WINDOWS


def test_the_points_of_a_batch_run_are_drawn_together(demo_file, tmp_path):
    for number in (1, 2):
        run_of(tmp_path / "batch" / "outputs" / f"p{number}", inputs=[str(demo_file("pairs", 12, number))])
    (tmp_path / "batch" / "manifest.json").write_text((tmp_path / "batch/outputs/p1/manifest.json").read_text())
    assert len(plots.window_files(load(tmp_path / "batch"))) == 2


def test_files_come_by_their_numbers(demo_file, tmp_path):
    run = run_of(tmp_path / "run", inputs=[str(demo_file("pairs", 12))])
    (only,) = plots.window_files(run)
    for number in (2, 10):
        only.with_name(f"windows_{number}_x.parquet").write_bytes(only.read_bytes())
    assert [int(path.name.split("_")[1]) for path in plots.window_files(run)] == [1, 2, 10]


def test_truth_beside_a_public_table(demo_file, table_path, tmp_path):
    few = {"et_edges": [1.0, 500.0], "eta_edges": [0.0, 1.5, 3.0]}
    p = TruthParameters(inputs=[str(demo_file())], output=str(tmp_path / "run"), compare_to=str(table_path), **few)
    with Run("ecal/truth", p) as run:
        run.summary = study_truth(p, run)
        live = plots.truth_figures(run)
    assert list(live) == ["thresholds", "working_points", "gain", "extents", "shares"]
    assert list(plots.truth_figures(load(run.directory))) == list(live)


def test_truth_with_pileup_shows_it(demo_file, tmp_path):
    few = {"et_edges": [1.0, 500.0], "eta_edges": [0.0, 3.0], "thresholds": [0.001, 0.01]}
    p = TruthParameters(inputs=[str(demo_file())], output=str(tmp_path / "run"), pileup=True, cruijff=True, **few)
    with Run("ecal/truth", p) as run:
        run.summary = study_truth(p, run)
    made = plots.truth_figures(load(run.directory))
    assert list(made)[5:] == ["pileup", "pileup_limits", "noise_limits", "fits"]
    drawn = made["pileup"]
    assert [axes.get_xlabel() for axes in drawn.axes] == [
        "Energy of pileup / energy of the cluster",
        "Energy of pileup / energy of the particle in it",
        "Noise of the cluster [GeV]",
    ]
    assert sum(patch.get_data().values.sum() for axes in drawn.axes for patch in axes.patches) > 100


@pytest.mark.parametrize("formats", [["parquet"], ["tfrecord"]])
def test_datasets_with_weights(demo_file, tmp_path, formats):
    windows = run_of(tmp_path / "windows", inputs=[str(demo_file("pairs"))])
    p = DatasetParameters(
        inputs=[str(windows.directory)], output=str(tmp_path / "run"), formats=formats, weights=True
    )
    with Run("ecal/datasets", p) as run:
        run.summary = make_datasets(p, run)
    made = plots.datasets_figures(load(run.directory))
    assert len(plots.window_files(run)) == (formats == ["parquet"])
    assert list(made) == ["balance", "normalisation", "sizes"]
    assert len(made["balance"].axes) == (6 if formats == ["parquet"] else 3)
