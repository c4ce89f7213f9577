"""A job knows what it may use from HTCondor's own descriptions."""

import time

import pytest

from kit.batch.worker.limits import read_limits, slot_name


@pytest.fixture
def described(tmp_path, monkeypatch):
    def write(variable, text):
        path = tmp_path / variable
        path.write_text(text)
        monkeypatch.setenv(variable, str(path))

    return write


def test_without_a_pool_the_values_given_count():
    limits = read_limits(500.0, 100.0)
    assert limits.memory_mb == 500
    assert limits.end == pytest.approx(time.monotonic() + 100, abs=1)
    assert slot_name() == "local"


def test_nothing_given_is_no_limit():
    limits = read_limits(None, None)
    assert limits.allows(1e9)
    assert limits.memory_for_a_point(1e9) == float("inf")


def test_memory_and_name_are_those_of_the_slot(described):
    described("_CONDOR_MACHINE_AD", 'Name = "slot1_2@node"\nMemory = 2048\nTotalMemory = 99999\n')
    assert read_limits(500.0, None).memory_mb == 2048
    assert slot_name() == "slot1_2@node"


def test_the_end_counts_from_the_start_of_the_job(described):
    described("_CONDOR_JOB_AD", f"JobCurrentStartDate = {int(time.time()) - 200}\nMaxRuntime = 1200\n")
    assert read_limits(None, None).end == pytest.approx(time.monotonic() + 1000, abs=2)


@pytest.mark.parametrize("started", [+5000, -500_000])
def test_where_clocks_disagree_the_time_counts_from_now(described, started):
    described("_CONDOR_JOB_AD", f"JobCurrentStartDate = {int(time.time()) + started}\nMaxRuntime = 1200\n")
    assert read_limits(None, None).end == pytest.approx(time.monotonic() + 1200, abs=2)


def test_no_point_starts_that_would_end_in_the_reserve():
    limits = read_limits(None, 1000.0)  # 100 s of reserve
    assert limits.allows(590)
    assert not limits.allows(610)


def test_the_reserve_is_two_minutes_or_a_tenth():
    assert read_limits(None, 10_000.0).reserve == 120
    assert read_limits(None, 100.0).reserve == 10


def test_a_point_gets_nine_tenths_of_the_slot_beside_the_worker():
    assert read_limits(1000.0, None).memory_for_a_point(100) == 800
