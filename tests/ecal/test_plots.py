"""The pictures of whole runs."""

import pytest

from kit.ecal import plots
from kit.ecal.windows import WindowParameters, make_windows
from kit.run import Run, load

WINDOWS = ["window", "energy", "clusters", "features", "seeds", "response", "cutflow"]


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
