"""Rows of different files, interleaved: every value equals its source, whatever the order."""

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.mu2e.catalogue import catalogue_of
from kit.mu2e.columns import common_columns
from kit.mu2e.ensemble_files import as_array
from kit.mu2e.mixing import Rows, gather
from kit.mu2e.primaries import measure
from kit.mu2e.reading import Reader
from kit.mu2e.standins import TREE, Standin, write_standin


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    paths = [
        write_standin(folder / f"{i}.root", Standin("DIO", n, 9999, 95.0, i), 70)
        for i, n in enumerate([200, 90, 150])
    ]
    return measure(catalogue_of({"DIO": {"files": list(map(str, paths)), "tree": TREE}}, "")["DIO"]).sources


@pytest.fixture(scope="module")
def truth(sources):
    return [uproot.open(source.path)[source.tree].arrays() for source in sources]


NAMES = ["mom", "event", "hits_t", "hits_z"]


@given(data=st.data())
@settings(max_examples=12)
def test_each_row_is_its_entry(sources, truth, data):
    taken = [sorted(data.draw(st.sets(st.integers(0, source.entries - 1), max_size=60))) for source in sources]
    labels = np.repeat([0, 1, 2], [len(of) for of in taken])
    np.random.default_rng(data.draw(st.integers(0, 99))).shuffle(labels)
    entry = np.empty(len(labels), np.int64)
    for i, of in enumerate(taken):
        entry[labels == i] = of
    rows = Rows(labels.astype(np.uint8), labels.astype(np.uint16), entry, np.arange(len(labels)))
    columns = common_columns(sources, NAMES, "equal", "error").columns
    readers = [Reader(source, columns) for source in sources]
    found = {name: as_array(values) for name, values in gather(rows, columns, readers.__getitem__).items()}
    for reader in readers:
        reader.close()
    for name in NAMES:
        expected = [truth[s][name][e] for s, e in zip(labels, entry, strict=True)]
        assert ak.to_list(found[name]) == ak.to_list(expected)


def test_entries_need_not_rise(sources, truth):
    entry = np.array([5, 3, 199, 0, 3])
    rows = Rows(np.zeros(5, np.uint8), np.zeros(5, np.uint16), entry, np.arange(5))
    columns = common_columns(sources, NAMES, "equal", "error").columns
    with Reader(sources[0], columns) as reader:
        found = gather(rows, columns, lambda _: reader)
    assert found["mom"].tolist() == truth[0]["mom"][entry].tolist()
    assert as_array(found["hits_t"]).tolist() == truth[0]["hits_t"][entry].tolist()


def test_a_part_of_rows_is_those_rows():
    rows = Rows(*(np.arange(10) for _ in range(4)))
    assert rows.part(3, 5).entry.tolist() == [3, 4]
    assert len(rows.part(3, 5)) == 2
