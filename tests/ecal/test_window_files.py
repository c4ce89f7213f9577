"""Many files as one row of windows."""

import shutil

import numpy as np
import pytest

from kit.ecal.window_files import MOST_OPEN, WindowFiles
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures


def test_one_window_is_everything_about_it(paths, windows):  # noqa: F811
    with WindowFiles(paths) as files:
        assert len(files) == len(windows)
        for number in (0, 32, 33, 69, 70, len(windows) - 1):
            one = files.one(number)
            own = slice(*windows.offsets[number : number + 2])
            for name in ("et_seed", "mean_deta_cluster", "calo_index", "window_index"):
                assert one.window[name][0] == windows.window[name][number]
            for name in ("en_cluster", "cluster_dphi", "in_scluster", "in_mustache"):
                assert np.array_equal(one.cluster[name], windows.cluster[name][own])
            hits = slice(windows.hits.offsets[own.start], windows.hits.offsets[own.stop])
            assert np.array_equal(one.hits["share"], windows.hits["share"][hits])
            calos = slice(*windows.calos.offsets[number : number + 2])
            assert np.array_equal(one.calos["gen_eta"], windows.calos["gen_eta"][calos])


def test_fields_of_all_come_a_row_group_at_a_time(paths, windows):  # noqa: F811
    with WindowFiles(paths) as files:
        parts = list(files.parts(["en_cluster", "et_seed"]))
    assert max(len(part) for part in parts) == 33
    assert np.array_equal(np.concatenate([part.window["et_seed"] for part in parts]), windows.window["et_seed"])
    assert np.array_equal(
        np.concatenate([part.cluster["en_cluster"] for part in parts]), windows.cluster["en_cluster"]
    )
    assert np.array_equal(np.concatenate([np.diff(part.offsets) for part in parts]), np.diff(windows.offsets))


def test_fields_of_windows_alone_know_how_many_clusters_there_are(paths, windows):  # noqa: F811
    with WindowFiles(paths) as files:
        part = next(files.parts(["et_seed"]))
    assert np.array_equal(np.diff(part.offsets), np.diff(windows.offsets)[:33])


def test_a_number_that_is_no_window(paths, windows):  # noqa: F811
    with WindowFiles(paths) as files, pytest.raises(IndexError, match=rf"window {len(windows)} asked for"):
        files.one(len(windows))


def test_windows_of_any_numbers_come_in_their_order(paths, windows):  # noqa: F811
    numbers = np.array([0, 3, 69, 70, 71, len(windows) - 1])
    with WindowFiles(paths) as files:
        some = list(files.some(numbers, ["et_seed"], 99))
        few = list(files.some(numbers, ["et_seed"], 1))
    assert np.concatenate([own for own, _ in some]).tolist() == numbers.tolist()
    et = np.concatenate([part.window["et_seed"] for _, part in some])
    assert et.tolist() == windows.window["et_seed"][numbers].tolist()
    assert [own.tolist() for own, _ in few] == [[0, 3]]


def test_of_many_files_few_are_open(paths, windows, tmp_path):  # noqa: F811
    copies = [tmp_path / f"{number}.parquet" for number in range(3 * MOST_OPEN)]
    for copy in copies:
        shutil.copy(paths[0], copy)
    with WindowFiles(copies) as files:
        assert len(files) == 70 * len(copies)
        for number in range(0, len(files), 35):
            assert files.one(number).window["et_seed"] == windows.window["et_seed"][number % 70]
        assert len(files._opened) == MOST_OPEN


def test_how_far_reading_is_is_told(paths, windows):  # noqa: F811
    told = []
    with WindowFiles(paths) as files:
        list(files.parts(["et_seed"], say=lambda *done: told.append(done)))
    assert told[-1] == (len(windows), len(windows))
    assert told == sorted(told)
