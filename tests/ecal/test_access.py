"""Reading windows back: some fields of many, all of one."""

import numpy as np
import pytest

from kit.ecal.access import WindowFile
from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from kit.ecal.tables import TableWriter, to_table
from kit.files import FormatError


@pytest.fixture(scope="module")
def windows(demo_file, table, read):
    return build(read(demo_file("pairs")), Rules(table, unmatched=3), NUMPY)


@pytest.fixture(scope="module")
def paths(windows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows")
    table = to_table(windows, read_features(), "float64", flavour=11, nan_fill=None)
    for number, (first, length) in enumerate(((0, 70), (70, 0), (70, len(table)))):
        with TableWriter(folder / f"{number}.parquet", table.schema, 33) as writer:
            writer.write(table.slice(first, length))
    return sorted(folder.iterdir())


def test_the_originals_file_is_read_too(ecal_data):
    with WindowFile(ecal_data / "ele4_50_nonoverlapping.parquet") as file:
        assert (sum(file.rows), file.about) == (201, {})
        part = file.read(0, ["et_seed", "in_scluster"], calos=True)
        assert part.window["et_seed"].sum() == pytest.approx(46601.6167567947)
        assert part.cluster["in_scluster"].sum() == 346
        assert part.calos is None
        with pytest.raises(FormatError, match="lacks the fields in_mustache"):
            file.read(0, ["in_mustache"])


def test_a_file_that_is_not_there_is_told_so():
    with pytest.raises(FileNotFoundError, match=r"^there is no nosuch\.parquet$"):
        WindowFile("nosuch.parquet")


def test_what_is_no_file_of_windows_is_refused(tmp_path, paths):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "text.parquet").write_text("no parquet at all")
    with pytest.raises(FormatError, match=r"text\.parquet: is no whole parquet file"):
        WindowFile(tmp_path / "text.parquet")
    (tmp_path / "cut.parquet").write_bytes(paths[0].read_bytes()[:3000])
    with pytest.raises(FormatError, match=r"cut\.parquet: is no whole parquet file"):
        WindowFile(tmp_path / "cut.parquet")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    with pytest.raises(FormatError, match=r"other\.parquet: holds no windows: lacks cl_features, window_metadata"):
        WindowFile(tmp_path / "other.parquet")


def test_bits_that_flipped_in_a_file_of_this_kit_are_told_from_numbers(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = np.random.default_rng(1).normal(size=1000)
    feature = pa.array([[{"is_seed": number}] for number in numbers])
    table = pa.table(
        {"cl_features": feature, "cl_labels": feature, "window_metadata": pa.array([{"n": 1}] * 1000)}
    )
    path = tmp_path / "windows.parquet"
    with TableWriter(path, table.schema, 1000) as writer:
        writer.write(table)
    whole = path.read_bytes()
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    first, last = column.data_page_offset + 100, column.data_page_offset + column.total_compressed_size
    for place in range(first, last, (last - first) // 50):  # pages; what stands before them has no checksum
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with (
            WindowFile(path) as file,
            pytest.raises(FormatError, match=r"windows\.parquet: row group 0 is damaged"),
        ):
            file.table(0)
