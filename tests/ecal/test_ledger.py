"""What became of each file: kept, gone on with, told."""

import errno
import json

import pytest

from kit.ecal.ledger import work_off
from kit.ecal.sample import SampleParameters, share
from kit.files import FormatError
from kit.run import Run, RunError


class Work:
    """Writes a file for each piece; those in `bad` have a fault."""

    def __init__(self, directory, bad=(), same=()):
        self.directory, self.bad, self.same, self.done = directory, bad, same, []

    def __call__(self, piece):
        self.done.append(piece.number)
        if piece.number in self.bad:
            message = f"{piece.path}: is bad"
            raise FormatError(message)
        name = f"{piece.number}.txt"
        (self.directory / name).write_text("made")
        uuid = "same" if piece.number in self.same else str(piece.number)
        return {"uuid": uuid, "size": 3, "outputs": [name]}


@pytest.fixture
def p(tmp_path):
    for i in range(4):
        (tmp_path / f"f{i}.root").write_text("abc")
    return SampleParameters(inputs=["f*.root"], output="run")


def test_all_is_done_in_order_and_written_down(p):
    with Run("ecal/windows", p) as run:
        records = work_off(p, run, share(p), Work(run.directory))
    assert [record["number"] for record in records] == [1, 2, 3, 4]
    manifest = json.loads((run.directory / "manifest.json").read_text())
    assert [piece["state"] for piece in manifest["pieces"]] == ["done"] * 4
    assert {o["path"] for o in manifest["outputs"]} == {"1.txt", "2.txt", "3.txt", "4.txt"}


def test_one_bad_file_loses_nothing_of_the_others_and_the_next_attempt_does_only_it(p):
    with (
        pytest.raises(RunError, match=r"1 of 4 files failed, 0 of them may.*\n.*f1\.root: is bad\n.*output run"),
        Run("ecal/windows", p) as run,
    ):
        work_off(p, run, share(p), Work(run.directory, bad=[2]))
    assert not (run.directory / "2.txt").exists()
    again = Work(run.directory)
    with Run("ecal/windows", p) as run:
        records = work_off(p, run, share(p), again)
    assert again.done == [2]
    assert [record["number"] for record in records] == [1, 2, 3, 4]
    assert run.notices == ["3 of 4 files were done by an earlier attempt"]


def test_so_many_may_fail_as_one_allows_and_are_told(p):
    p = p.with_values(max_failed_fraction=0.5)
    with Run("ecal/windows", p) as run:
        records = work_off(p, run, share(p), Work(run.directory, bad=[1, 4]))
    assert [record["number"] for record in records] == [2, 3]
    assert len([notice for notice in run.notices if "left out" in notice]) == 2


def test_an_output_that_is_gone_or_an_input_that_changed_is_made_anew(p, tmp_path):
    with pytest.raises(RunError), Run("ecal/windows", p) as run:
        work_off(p, run, share(p), Work(run.directory, bad=[4]))
    (run.directory / "1.txt").unlink()
    (tmp_path / "f1.root").write_text("abcd")
    again = Work(run.directory)
    with Run("ecal/windows", p) as run:
        work_off(p, run, share(p), again)
    assert again.done == [1, 2, 4]


def test_copies_of_one_file_are_refused_by_both_names(p):
    with (
        pytest.raises(FormatError, match=r"f0\.root and .*f2\.root are the same file"),
        Run("ecal/windows", p) as run,
    ):
        work_off(p, run, share(p), Work(run.directory, same=[1, 3]))


def test_a_full_disk_ends_all(p):
    def full(piece):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"), Run("ecal/windows", p) as run:
        work_off(p, run, share(p), full)
