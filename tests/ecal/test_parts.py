"""Files of equal size, and what describes a folder of them."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from kit.ecal.access import Part
from kit.ecal.building import Rules, build
from kit.ecal.datasets import DatasetParameters
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from kit.ecal.parts import Form, SplitWriter, describe, refilled, type_text
from kit.run import Run


@pytest.fixture(scope="module")
def part(demo_file, table, read):
    made = build(read(demo_file("pairs")), Rules(table), NUMPY)
    return Part(
        made.window | {"flavour": np.full(len(made), 11.0)}, made.cluster, made.offsets, made.calos, made.hits
    )


def form(**changes):
    values = {
        "features": read_features(), "precision": "float64", "nan_fill": -999.0, "absent": None,
        "windows_per_file": 20, "row_group": 10, "parquet": True, "tfrecord": True, "about": {},
    }  # fmt: skip
    return Form(**(values | changes))


def test_windows_are_cut_into_files_wherever_the_chunks_end(part):
    with Run("ecal/datasets", DatasetParameters(output="run")) as run:
        with SplitWriter(run, "train", form()) as writer:
            for first in range(0, len(part), 7):
                some = part.take(np.arange(first, min(first + 7, len(part))))
                writer.write(some, np.ones(len(some)))
        describe(run, "train", len(writer.rows))
    assert writer.rows == [20] * (len(part) // 20) + [len(part) % 20]
    sizes = [pq.read_metadata(run.directory / f"train/part-{n}.parquet").num_rows for n in range(len(writer.rows))]
    assert sizes == writer.rows
    footers = pq.read_metadata(run.directory / "train/_metadata")
    assert footers.num_rows == len(part)
    assert footers.row_group(0).column(0).file_path == "part-0.parquet"
    told = [
        sum(int(line.split(";")[2]) for line in path.read_text().splitlines())
        for path in sorted((run.directory / "tfrecord/train").glob("*_metadata.txt"))
    ]
    assert sum(told) == len(part)


def test_a_part_without_windows_is_a_file_without_rows():
    with Run("ecal/datasets", DatasetParameters(output="run")) as run, SplitWriter(run, "test", form()):
        pass
    assert pq.read_metadata(run.directory / "test/part-0.parquet").num_rows == 0
    assert type_text(run.directory / "test/part-0.parquet").startswith("{cl_features: var * {en_cluster")


def test_what_fails_leaves_no_file_under_its_name(part):
    run = Run("ecal/datasets", DatasetParameters(output="run"))
    with pytest.raises(RuntimeError, match="stop"), run, SplitWriter(run, "train", form()) as writer:
        writer.write(part.take(np.arange(5)), np.ones(5))
        raise RuntimeError("stop")  # noqa: EM101
    assert list((run.directory / "train").iterdir()) == []


def test_another_number_stands_for_nan(part):
    cluster = part.cluster | {"cluster_den_seed_log": np.array([1.0, -999.0])}
    held = Part(
        {},
        {"cluster_den_seed_log": cluster["cluster_den_seed_log"], "calo_score": np.array([-999.0, 1])},
        part.offsets,
    )
    changed = refilled(held, form(absent=-999.0, nan_fill=-1.0))
    assert changed.cluster["cluster_den_seed_log"].tolist() == [1.0, -1.0]
    assert changed.cluster["calo_score"].tolist() == [-999.0, 1.0]
    assert np.isnan(refilled(held, form(absent=-999.0, nan_fill=None)).cluster["cluster_den_seed_log"][1])
