"""Cores and memory are those that the process has, not the machine's."""

import os

import pytest

from kit.batch import capacity


def test_cores_are_those_of_the_affinity(python):
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert capacity.cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert capacity.cores() <= len(allowed)


def test_a_quota_of_the_control_group_counts(tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text(f"{600 << 20}\n")
    (tmp_path / "memory.current").write_text(f"{100 << 20}\n")
    monkeypatch.setattr(capacity, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)))
    assert capacity.cores() == 2
    assert capacity.available_mb() == 500


@pytest.mark.parametrize("text", ["max 100000\n", ""])
def test_no_quota_is_no_limit(tmp_path, monkeypatch, text):
    (tmp_path / "cpu.max").write_text(text)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("5\n")
    monkeypatch.setattr(capacity, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)))
    assert capacity.cores() == 16
    assert capacity.available_mb() > 100


def test_the_older_control_groups_are_read_too(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "CGROUP", tmp_path / "none")
    for name in ("cpu", "memory"):
        (tmp_path / name).mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("300000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text(f"{60 << 20}")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text(f"{50 << 20}")
    monkeypatch.setattr(capacity, "OLD_CGROUP_CPU", tmp_path / "cpu")
    monkeypatch.setattr(capacity, "OLD_CGROUP_MEMORY", tmp_path / "memory")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)))
    assert capacity.cores() == 3
    assert capacity.available_mb() == 10
