"""What decides about each window of a dataset."""

import numpy as np
import pytest

from kit.ecal.access import Part
from kit.ecal.collecting import Source
from kit.ecal.dataset_index import Index, flavoured, read_index
from kit.ecal.dataset_inputs import Input
from kit.ecal.datasets import DatasetParameters
from kit.files import FormatError
from kit.run import Run
from tests.ecal.test_dataset_inputs import write  # noqa: F401 - a fixture


def test_windows_know_where_they_go_before_they_are_read(write):  # noqa: F811
    given = write("a.parquet")
    with Run("ecal/datasets", DatasetParameters(output="run")) as run:
        whole = read_index([given], run, {}, [0.5, 0.5], 1)
        matched = read_index([given], run, {"et": [20, 100]}, [1.0], 1)
    assert whole.kept.all()
    assert set(whole.share.tolist()) == {0, 1}
    et = whole.columns["et_seed"]
    assert np.array_equal(matched.kept, (et >= 20) & (et <= 100))


def test_two_files_with_the_same_events_are_named(write):  # noqa: F811
    with (
        Run("ecal/datasets", DatasetParameters(output="run")) as run,
        pytest.raises(FormatError, match=r"a\.parquet and .*b\.parquet hold windows of 12 events"),
    ):
        read_index([write("a.parquet"), write("b.parquet")], run, {}, [1.0], 1)


def test_with_another_flavour_they_are_other_events(write, tmp_path):  # noqa: F811
    first, second = write("a.parquet"), write("b.parquet")
    second = Input(Source(second.path, "b"), second.path, 22, second.absent)
    with Run("ecal/datasets", DatasetParameters(output="run")) as run:
        index = read_index([first, second], run, {}, [1.0], 1)
    assert set(index.columns["flavour"].tolist()) == {11.0, 22.0}


def test_training_windows_are_the_kept_ones_of_the_first_part():
    columns = {
        "flavour": np.array([11.0, 11, 22, 22]),
        "et_seed": np.arange(4.0),
        "seed_eta": np.zeros(4),
        "ncls": np.ones(4),
    }
    index = Index(np.array([True, False, True, True]), np.array([0, 0, 1, 0]), columns)
    assert [column.tolist() for column in index.training()[:2]] == [[11, 22], [0.0, 3.0]]


def test_a_flavour_given_replaces_that_of_the_file():
    part = Part({"flavour": np.array([11.0, 11.0])}, {}, np.arange(3))
    assert flavoured(part, None).window["flavour"].tolist() == [11, 11]
    assert flavoured(part, 22).window["flavour"].tolist() == [22, 22]
