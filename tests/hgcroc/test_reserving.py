"""Room on the disk: an error before HDF5 writes, and a file that can be read after any fault."""

import os

import h5py
import numpy as np
import pytest

from kit.directories import RunError
from kit.hgcroc import reserving
from kit.hgcroc.measurements import Scan
from kit.hgcroc.recording import open_again
from kit.hgcroc.scanfile import create, opened
from tests.hgcroc.hands import longest_file
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.samples import measured, point_columns

PLAN = plan_of([{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": {"stop": 30}}])

WRITER = """
import os, sys
from pathlib import Path
from kit.hgcroc import recording, reserving
from tests.hgcroc.samples import measured, point_columns
from tests.hgcroc.test_reserving import PLAN
recorder = recording.open_again(Path(sys.argv[1]), PLAN)
recorder.write(0, point_columns(), measured(seed=1)[0])
recorder.flush()
reserving.reserve = lambda file, size: None
os.dup2(os.open(sys.argv[1], os.O_RDONLY), recorder._file.id.get_vfd_handle())
try:
    with recorder:
        for point in range(1, 60):
            recorder.write(point, point_columns(), measured(seed=1 + point)[0])
            recorder.flush()
except OSError as fault:
    print(fault)
"""


@pytest.fixture
def path(tmp_path):
    create(tmp_path / "scan.h5", PLAN, PLAN.table.reset, {})
    return tmp_path / "scan.h5"


@pytest.mark.parametrize("room", [0, 1_500_000])
def test_a_file_that_may_not_grow_stays_readable_and_goes_on(path, room):
    with (
        longest_file(path.stat().st_size + room),
        pytest.raises(OSError, match=r"File too large.*scan\.h5"),
        open_again(path, PLAN) as recorder,
    ):
        for point in range(60):
            recorder.write(point, point_columns(), measured(seed=point)[0])
            recorder.flush()
    with Scan.open(path) as scan:
        there = scan.measured().tolist()
        assert there == list(range(len(there)))
        assert bool(there) == (room > 1_400_000)
        for point in there:
            np.testing.assert_array_equal(scan.array("adc_mean")[point], measured(seed=point)[0]["adc_mean"])
    with opened(path, writing=True) as file:  # it was closed as it should be
        assert np.count_nonzero(file["points/status"][:]) == len(there)


def test_a_write_that_fails_all_the_same_does_not_take_the_process_with_it(path, python):
    writer = python("-c", WRITER, str(path))
    out, err = writer.communicate(timeout=60)
    assert (writer.returncode, err) == (0, "")
    assert out == f"[Errno 5] Input/output error: '{path}'\n"
    with open_again(path, PLAN) as recorder:
        assert recorder.status[:2].tolist() == [1, 0]


def test_what_was_reserved_and_not_used_is_given_back(path):
    with open_again(path, PLAN) as recorder:
        recorder.write(0, point_columns(), measured()[0])
    with h5py.File(path) as file:
        assert path.stat().st_size == file.id.get_filesize()
    assert path.stat().st_size < 300_000


def test_a_file_that_is_removed_while_it_is_written_is_told(path):
    recorder = open_again(path, PLAN)
    path.unlink()
    with pytest.raises(RunError, match=r"scan\.h5 was being written and is gone; who removed it\?"), recorder:
        recorder.write(0, point_columns(), measured()[0])


def test_a_disk_without_room_is_an_error_that_names_the_file(path, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.posix_fallocate", full)
    with opened(path, writing=True) as file, pytest.raises(OSError, match=r"No space left.*scan\.h5"):
        reserving.reserve(file, 10)


def test_a_disk_that_cannot_reserve_is_written_all_the_same(path, monkeypatch):
    def unknown(*_):
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr("os.posix_fallocate", unknown)
    with open_again(path, PLAN) as recorder:
        recorder.write(0, point_columns(), measured()[0])
    with Scan.open(path) as scan:
        assert scan.measured().tolist() == [0]


def test_a_chunk_takes_no_more_than_is_told(path):
    noise = np.random.default_rng(1).integers(0, 256, 40_000).astype(np.uint8)
    with h5py.File(path.with_name("noise.h5"), "w") as file:
        stored = file.create_dataset("noise", data=noise, chunks=(40_000,), compression="gzip", shuffle=True)
        assert len(noise) < stored.id.get_storage_size() <= reserving.chunk_bytes(stored)


def test_a_system_that_can_neither_reserve_nor_make_files_of_memory_is_written_and_let_go_of_all_the_same(
    tmp_path, monkeypatch
):
    monkeypatch.delattr("os.posix_fallocate")
    monkeypatch.delattr("os.memfd_create")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        with reserving.writing(file, 1000):
            file["a"] = [1, 2, 3]
            file.flush()
        reserving.let_go(file)
        file["b"] = [4]
    with path.open("rb") as stream:
        assert stream.read(4) == b"\x89HDF"
