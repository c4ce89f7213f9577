"""Files of an ensemble: what is written reads back the same, as TTree and as RNTuple."""

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.columns import Column
from kit.mu2e.ensemble_files import as_array, field_names, refuse_nested, write_tree
from kit.mu2e.reading import Lists

COLUMNS = [
    Column("x", "x", (), "flat", "float32"),
    Column("deep.y", "deep", ("y",), "flat", "int32"),
    Column("l_a", "l_a", (), "jagged", "var * float32", "n_l"),
    Column("l_b", "l_b", (), "jagged", "var * int64", "n_l"),
    Column("alone.z", "alone.z", (), "jagged", "var * float64", "alone.z"),
]


def _chunk(counts, first=0.0):
    offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
    n, total = len(counts), int(offsets[-1])
    return {
        "x": np.arange(n, dtype=np.float32) + np.float32(first),
        "deep.y": np.arange(n, dtype=np.int32),
        "l_a": Lists(offsets, np.arange(total, dtype=np.float32)),
        "l_b": Lists(offsets, np.arange(total)[::-1].copy()),
        "alone.z": Lists(offsets, np.arange(total) * 0.5),
    }


@pytest.mark.parametrize("output_format", ["ttree", "rntuple"])
@given(chunks=st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=1, max_size=3))
@settings(max_examples=10)
def test_what_is_written_reads_back_the_same(tmp_path_factory, output_format, chunks):
    path = tmp_path_factory.mktemp("f") / "a.root"
    made = [_chunk(counts, 10.0 * i) for i, counts in enumerate(chunks)]
    rows = write_tree(path, made, COLUMNS, output_format, "zstd", "a title")
    assert rows == sum(map(len, chunks))
    with uproot.open(path) as file:
        tree = file["ntuple"]
        assert tree.num_entries == rows
        for name in made[0]:
            found = tree[name if output_format == "ttree" else name.replace(".", "_")].array()
            assert ak.to_list(found) == [x for part in made for x in ak.to_list(as_array(part[name]))]


def test_lists_keep_the_counter_that_they_share(tmp_path):
    write_tree(tmp_path / "a.root", [_chunk([1, 2])], COLUMNS, "ttree", "none", "a title")
    with uproot.open(tmp_path / "a.root") as file:
        tree = file["ntuple"]
        assert tree.title == "a title"
        assert set(tree.keys()) == {"x", "deep.y", "l_a", "l_b", "alone.z", "n_l", "nalone_z"}
        assert tree["n_l"].array().tolist() == [1, 2]


@pytest.mark.parametrize(("compression", "code"), [("zstd", "ZSTD"), ("lz4", "LZ4"), ("zlib", "ZLIB")])
def test_files_are_compressed_as_asked(tmp_path, compression, code):
    write_tree(tmp_path / "a.root", [_chunk([1] * 5000)], COLUMNS, "ttree", compression, "")
    with uproot.open(tmp_path / "a.root") as file:
        assert type(file.file.compression).__name__ == code


def test_fixed_lengths_are_kept(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    write_tree(
        tmp_path / "a.root", [{"x": values}], [Column("x", "x", (), "flat", "2 * float32")], "ttree", "zstd", ""
    )
    with uproot.open(tmp_path / "a.root") as file:
        assert file["ntuple"]["x"].array(library="np").tolist() == values.tolist()


def test_nested_columns_are_refused_in_a_ttree_by_name():
    nested = [*COLUMNS, Column("demfit", "demfit", (), "nested", "var * var * {mom: float32}")]
    with pytest.raises(
        FormatError, match="a TTree cannot hold the nested columns demfit; output_format: rntuple can"
    ):
        refuse_nested(nested, "ttree")
    refuse_nested(nested, "rntuple")
    refuse_nested(COLUMNS, "ttree")


def test_names_of_fields_have_no_dots_and_stay_different():
    assert field_names(["a.b", "a_b", "c"]) == {"a.b": "a_b", "a_b": "a_b_", "c": "c"}
