"""Columns of windows: each is what its meaning says."""

import numpy as np
import pytest

from kit.ecal.window_columns import COLUMNS, read_columns
from kit.ecal.window_files import WindowFiles
from tests.ecal.test_inspection import paths, windows  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def columns(paths):  # noqa: F811
    with WindowFiles(paths) as files:
        return read_columns(files, COLUMNS)


def test_every_column_is_made(columns, windows):  # noqa: F811
    assert columns.keys() == COLUMNS.keys()
    assert {len(values) for values in columns.values()} == {len(windows)}


@pytest.mark.parametrize(
    ("name", "field"),
    [("et", "et_seed"), ("phi", "seed_phi"), ("ncls", "ncls"), ("true", "nclusters_insc"), ("score", "seed_score"),
     ("matched", "is_seed_calo_matched"), ("calo_seed", "is_seed_calo_seed"), ("e_true", "en_true_sim")],
)  # fmt: skip
def test_most_are_stored(columns, windows, name, field):  # noqa: F811
    assert np.array_equal(columns[name], windows.window[field].astype(columns[name].dtype))


def test_others_count_clusters_and_particles(columns, windows):  # noqa: F811
    assert columns["calos"].tolist() == windows.calos.counts.tolist()
    owner = np.repeat(np.arange(len(windows)), np.diff(windows.offsets))
    other = np.bincount(owner, windows.cluster["is_calo_matched_diffcalo"], len(windows)) > 0
    assert columns["diffcalo"].tolist() == other.tolist()
    assert columns["barrel"].tolist() == (windows.window["seed_iz"] == 0).tolist()
    assert (columns["eta"] >= 0).all()


def test_what_the_originals_files_cannot_tell_is_named(ecal_data):
    with WindowFiles([ecal_data / "ele4_50_nonoverlapping.parquet"]) as files:
        assert len(read_columns(files, ["et", "matched"])["et"]) == 201
        assert not read_columns(files, ["differ"])["differ"].any()
        with pytest.raises(ValueError, match="wp cannot be told: a file lacks simfraction_wp"):
            read_columns(files, ["wp"])
        with pytest.raises(ValueError, match="calos cannot be told: a file lacks extra_calos"):
            read_columns(files, ["calos"])
