"""Parquet tables as pandas and pyarrow read them."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from kit.smartpixels.tables import Table

SHAPE = (2, 3, 4)  # slices, rows, columns
SIZE = 24


def made(path, rows, *, wide, kind="float64", portions=(3, 1, 5, 2)):
    """Write random sparse clusters and return what they are, shape (rows, 24)."""
    random = np.random.default_rng(rows)
    full = np.zeros((rows, SIZE))
    mask = random.random(full.shape) < 0.2
    full[mask] = random.integers(-999, 999, mask.sum()) / (1 if kind == "int16" else 10)
    numbers = np.cumsum(random.integers(1, 3, rows))
    about = {"kit": "1.2.3", "thresholds": [13.0, 21.9]}
    with Table(path, ["pt", "original_atEdge"], {"": (kind, SHAPE)}, wide=wide, about=about) as table:
        done = 0
        while done < rows:
            for count in portions:
                part = slice(done, min(done + count, rows))
                cluster, place = np.nonzero(full[part])
                values = full[part][cluster, place]
                labels = [numbers[part] / 7, numbers[part] % 2 == 0]
                table.append(numbers[part], labels, {"": (cluster, place, values)})
                done = part.stop
        table.describe({"clusters_checksum": "sha256:0"})
    return full, numbers


@pytest.mark.parametrize("rows", [1, 7, 500, 501, 1203])
@pytest.mark.parametrize("kind", ["float64", "float32", "int16"])
def test_a_wide_table_reads_back_with_the_clusters_numbers_as_index(tmp_path, rows, kind):
    path = tmp_path / "wide.parquet"
    full, numbers = made(path, rows, wide=True, kind=kind)
    frame = pd.read_parquet(path)
    assert frame.index.tolist() == numbers.tolist()
    assert list(frame.columns) == ["pt", "original_atEdge", *map(str, range(SIZE))]
    assert (frame.dtypes.iloc[2:] == kind).all()
    np.testing.assert_allclose(frame[[str(n) for n in range(SIZE)]].to_numpy(), full, rtol=1e-6)
    assert frame["original_atEdge"].tolist() == (numbers % 2 == 0).tolist()


@pytest.mark.parametrize("rows", [1, 40])
def test_a_list_table_reads_back(tmp_path, rows):
    path = tmp_path / "list.parquet"
    full, numbers = made(path, rows, wide=False, kind="float32")
    frame = pd.read_parquet(path)
    assert frame.index.tolist() == numbers.tolist()
    np.testing.assert_allclose(np.stack(frame["voltage"]), full, rtol=1e-6)
    described = pq.read_schema(path).metadata
    assert json.loads(described[b"shape"]) == {"voltage": [2, 3, 4]}
    assert json.loads(described[b"order"]) == "slice, row, column; the last runs fastest"


def test_what_a_table_is_about_stands_in_its_metadata(tmp_path):
    path = tmp_path / "wide.parquet"
    made(path, 3, wide=True)
    described = pq.read_schema(path).metadata
    assert json.loads(described[b"kit"]) == "1.2.3"
    assert json.loads(described[b"thresholds"]) == [13.0, 21.9]
    assert json.loads(pq.read_metadata(path).metadata[b"clusters_checksum"]) == "sha256:0"


def test_several_groups_of_numbers_have_their_names(tmp_path):
    path = tmp_path / "adc.parquet"
    with Table(path, [], {"code": ("uint8", (1, 1, 2)), "voltage": ("float64", (1, 1, 2))}, wide=True) as table:
        ones = np.arange(2)
        table.append(
            np.array([5]), [], {"code": (0, ones, np.array([1, 2])), "voltage": (0, ones, np.array([0.5, 1.5]))}
        )
    frame = pd.read_parquet(path)
    assert list(frame.columns) == ["code_0", "code_1", "voltage_0", "voltage_1"]
    assert frame.loc[5].tolist() == [1, 2, 0.5, 1.5]
    assert frame["code_0"].dtype == np.uint8


def test_row_groups_do_not_grow_with_the_table(tmp_path):
    path = tmp_path / "wide.parquet"
    made(path, 1203, wide=True)
    groups = pq.read_metadata(path)
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [500, 500, 203]
