"""What is looked at becomes the parameters of another run: those of its own, with the threshold of the hand."""

import numpy as np
import pytest

from kit.ecal import working_points
from kit.ecal.datasets import DatasetParameters
from kit.ecal.panel_handover import source_of
from kit.ecal.windows import WindowParameters
from kit.run import Run


@pytest.fixture
def path():
    """Return the first file of a run that has kept windows of no particle."""
    with Run("ecal/windows", WindowParameters(unmatched="all", interactive=False)) as run:
        (run.directory / "windows_0.parquet").touch()
        run.summary = {}
    return run.directory / "windows_0.parquet"


def test_they_are_those_of_the_run_that_the_windows_are_in(path):
    source = source_of([path])
    assert source.stage == "ecal/windows"
    p = source.parameters(None, "outputs/exports")
    assert (p.changed(), p.output) == ({"unmatched": "all"}, "")


def test_a_threshold_of_the_hand_is_the_working_point_of_every_seed(path):
    p = source_of([path]).parameters(0.03, "outputs/exports")
    point = working_points.read(working_points.find(p.working_point))
    assert point.at(np.array([0.1, 5.0, 400.0]), np.array([0.0, 1.2, 2.9])) == pytest.approx(0.03)


def test_a_part_of_a_dataset_belongs_to_its_run(tmp_path):
    with Run("ecal/datasets", DatasetParameters(shuffle=True)) as run:
        part = run.directory / "train" / "part-00000.parquet"
        part.parent.mkdir()
        part.touch()
        run.summary = {}
    source = source_of([part])
    assert source.stage == "ecal/datasets"
    assert source.parameters(0.03, "outputs/exports").changed() == {"shuffle": True}
    assert not (tmp_path / "outputs" / "exports").exists()


def test_windows_of_no_run_have_no_parameters(tmp_path):
    for paths, told in (
        ([tmp_path / "windows_0.parquet"], r"windows_0\.parquet is in no run"),
        ([], "without files"),
    ):
        with pytest.raises(ValueError, match=told):
            source_of(paths).parameters(None, "outputs/exports")
