"""Windows as parquet."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from kit.ecal.tables import TableWriter, schema, to_table

FEATURES = read_features()


@pytest.fixture(scope="module")
def windows(ecal_data, table, read):
    return build(read(ecal_data / "ele4_50.root"), Rules(table), NUMPY)


def table_of(windows, precision="float64", nan_fill=-999.0):
    return to_table(windows, FEATURES, precision, flavour=11, nan_fill=nan_fill)


def write(path, windows, row_group=100, **options):
    table = table_of(windows, **options)
    with TableWriter(path, table.schema, row_group) as writer:
        for first in range(0, len(table), 37):
            writer.write(table.slice(first, 37))
    return path


def test_it_is_the_originals_parquet_with_groups_and_names_and_types(windows, ecal_data, tmp_path):
    mine = ak.from_parquet(write(tmp_path / "x.parquet", windows))
    public = ak.from_parquet(ecal_data / "ele4_50_nonoverlapping.parquet")
    assert [g for g in mine.fields if not g.startswith("extra")] == public.fields
    for group in public.fields:
        assert mine[group].fields == public[group].fields
        for name in public[group].fields or [None]:
            one, other = (x[group] if name is None else x[group][name] for x in (mine, public))
            assert str(one.type) == str(other.type), name
            if name == "window_index":
                continue
            one, other = (ak.flatten(x, axis=None).to_numpy() for x in (one, other))
            assert np.allclose(one, other, rtol=3e-16, atol=0), (
                name
            )  # its JSON reader is off by one in the last place


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_nothing_changes_on_the_way_to_disk_and_back(windows, tmp_path, precision):
    path = write(tmp_path / "x.parquet", windows, precision=precision, nan_fill=None)
    back = ak.from_parquet(path)
    kind = np.dtype(precision)
    for name in ("en_cluster", "cluster_den_seed_log"):
        made = ak.flatten(back["cl_features", name]).to_numpy()
        assert made.dtype == kind
        assert np.array_equal(made, windows.cluster[name].astype(kind), equal_nan=True)
    assert back["window_metadata", "window_index"].to_list() == windows.window["window_index"].tolist()
    hits = ak.flatten(ak.flatten(back["cl_h"], axis=1), axis=1)
    assert np.array_equal(hits[:, 3].to_numpy(), windows.hits["share"].astype(kind))


def test_row_groups_have_their_size_whatever_comes(windows, tmp_path):
    told = pq.ParquetFile(write(tmp_path / "x.parquet", windows, row_group=60)).metadata
    assert [told.row_group(g).num_rows for g in range(told.num_row_groups)] == [60, 60, 60, 21]


def test_the_schema_does_not_depend_on_the_content(windows, ecal_data, table, read, tmp_path):
    nothing = build(read(ecal_data / "edge.root", 0, 1), Rules(table), NUMPY)
    assert len(nothing) == 0
    empty = pq.read_table(write(tmp_path / "empty.parquet", nothing))
    assert empty.schema.equals(table_of(windows).schema)
    assert all(not field.nullable for field in empty.schema)
    assert len(empty) == 0


def test_what_the_file_says_of_itself_is_kept(windows, tmp_path):
    layout = schema(FEATURES, "float64", {"labels": "fixed"})
    with TableWriter(tmp_path / "x.parquet", layout, 100) as writer:
        writer.write(table_of(windows))
    assert pq.read_schema(tmp_path / "x.parquet").metadata[b"kit.ecal"] == b'{"labels": "fixed"}'


def test_nan_becomes_the_number_that_loaders_expect(windows):
    column = "cluster_den_seed_log"
    gone = np.isnan(windows.cluster[column])
    filled = table_of(windows)["cl_features"].combine_chunks().flatten().field(column).to_numpy()
    assert gone.any()
    assert (filled[gone] == -999).all()


def test_pyarrow_and_pandas_read_a_folder_of_them(windows, tmp_path):
    for number in range(3):
        write(tmp_path / f"{number}.parquet", windows)
    read = pyarrow.dataset.dataset(tmp_path).to_table(columns={"et": pa.dataset.field("seed_features", "et_seed")})
    assert len(read.to_pandas()) == 3 * len(windows)
