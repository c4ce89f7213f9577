"""What is said of files that failed or lack something."""

from pathlib import Path

import pytest

from kit.opendata.outcome import notice_faults, refuse_failures
from kit.opendata.pieces import Piece
from kit.opendata.portions import Done, Result
from kit.opendata.selection import Selection
from kit.run import Run, RunError


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run("opendata/events", Selection(output=str(tmp_path / "run")))


def _result(files: int, failed: int) -> Result:
    names = [f"{number}.root" for number in range(files)]
    return Result(names, failed={name: f"{name}: zero bytes" for name in names[:failed]})


@pytest.mark.parametrize(("failed", "allowed"), [(0, 0.0), (1, 0.25), (4, 1.0), (2, 0.5)])
def test_as_many_as_allowed_may_fail(run: Run, failed: int, allowed: float):
    refuse_failures(_result(4, failed), allowed, run)


@pytest.mark.parametrize(("failed", "allowed"), [(1, 0.0), (2, 0.25), (4, 0.99)])
def test_more_make_the_run_fail_with_every_fault_and_how_to_go_on(run: Run, failed: int, allowed: float):
    with pytest.raises(RunError, match=rf"(?s){failed} of 4 files failed.*0.root: zero bytes.*output ") as caught:
        refuse_failures(_result(4, failed), allowed, run)
    assert str(caught.value).count("zero bytes") == failed


def test_what_files_lack_is_said_once_for_all_of_them(run: Run, capsys: pytest.CaptureFixture[str]):
    result = _result(3, 0)
    for name in result.files:
        piece = Piece(name, name, 1, 1, 0, 1)
        result.done[name, 0] = Done([piece], [piece], {"g": "no branch Photon_pt"})
    notice_faults(result, Selection(), run, "")
    assert run.notices == ["photons count as absent in 3 files, the first is 0.root: no branch Photon_pt"]
    assert "notice: photons" in capsys.readouterr().out


def test_files_left_out_bad_objects_and_idle_jobs_are_said(run: Run):
    notice_faults(_result(2, 1), Selection(), run, "objects were dropped")
    assert run.notices == ["left out: 0.root: zero bytes", "objects were dropped"]
    run.notices.clear()
    notice_faults(_result(0, 0), Selection(job=2, jobs=3), run, "")
    assert run.notices == ["job 2 of 3 has nothing to do: there are fewer files and pieces than jobs"]
