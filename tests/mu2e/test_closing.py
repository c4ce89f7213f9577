"""Closing: what files hold, against the plan."""

import numpy as np
import pytest
import uproot

from kit.files import FormatError
from kit.mu2e.closing import counts_in, refuse_differing
from kit.mu2e.plan_files import read_plan
from tests.mu2e.ensembles import count, draw


def _write(path, process, event, tree="ntuple"):
    with uproot.recreate(path) as file:
        file.mktree(tree, {"proc": np.dtype("u1"), "event": np.dtype("i4")}).extend(
            {"proc": np.array(process, "u1"), "event": np.array(event, "i4")}
        )
    return path


def test_items_are_counted_whatever_the_number_of_their_rows(tmp_path):
    path = _write(tmp_path / "a.root", [2, 0, 0, 2, 2], [1, 2, 2, 3, 4])
    assert counts_in(path, 4) == [1, 0, 3, 0]
    assert counts_in(_write(tmp_path / "b.root", [], []), 2) == [0, 0]


def test_a_file_is_counted_block_by_block(tmp_path, monkeypatch):
    path = _write(tmp_path / "a.root", [2, 0, 0, 0, 2, 1], [1, 2, 2, 2, 3, 4])
    for block in range(1, 8):
        monkeypatch.setattr("kit.mu2e.closing.BLOCK", block)
        assert counts_in(path, 3) == [1, 1, 2]


@pytest.mark.parametrize("event", [[1, 3], [2, 3], [2, 1]])
def test_events_that_do_not_run_from_one_are_refused(tmp_path, event):
    with pytest.raises(FormatError, match=r"a\.root: event \d should follow \d, not \d"):
        counts_in(_write(tmp_path / "a.root", [0, 0], event), 1)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FormatError, match="there is no tree ntuple; should be a file of an ensemble"):
        counts_in(_write(tmp_path / "a.root", [0], [1], tree="other"), 1)


def test_a_file_that_differs_from_the_plan_is_refused_with_both_numbers(make_catalogue, tmp_path):
    path = make_catalogue(DIO=([400], 9000))
    plan = read_plan(draw(count(path, processes=["DIO"]), step="plan", subruns=1).directory / "plan.json")
    number = plan.counts[0][0]
    refuse_differing(plan, {0: tmp_path / "x"}, {0: [number]})
    with pytest.raises(FormatError, match=f"x: holds {number + 1} events of DIO, should hold {number}"):
        refuse_differing(plan, {0: tmp_path / "x"}, {0: [number + 1]})
