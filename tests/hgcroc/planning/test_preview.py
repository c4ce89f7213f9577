"""What a plan would do: every point in its order, with the writes that a board then really gets."""

import numpy as np
import pytest

from kit.hgcroc.planning.from_parameters import plan_of
from kit.hgcroc.planning.preview import preview_of
from tests.hgcroc.scans import parameters, session_of


@pytest.fixture
def made(shared_data, stand):
    def make(**changes):
        emulator = stand()
        p = parameters(shared_data, emulator, **changes)
        return preview_of(p, plan_of(p)[0]), p, emulator

    return make


@pytest.mark.parametrize("order", ["scan", "serpentine", "random"])
def test_the_table_tells_what_the_board_gets(made, tmp_path, order):
    preview, p, emulator = made(order=order, n_events=5)
    steps = preview.steps(0, 100)
    assert [step.place for step in steps] == list(range(6))
    outcomes = session_of(p, tmp_path).measure()
    seen = [(outcome.point, emulator.board.counters["register_writes"]) for outcome in outcomes]
    assert [step.point for step in steps] == [point for point, _ in seen]
    assert np.cumsum([step.writes for step in steps]).tolist() == [writes for _, writes in seen]
    assert preview.cost.setup + preview.cost.writes == seen[-1][1]


def test_any_page_is_part_of_the_whole(made):
    preview, *_ = made()
    assert preview.steps(2, 3) == preview.steps(0, 6)[2:5]
    assert preview.steps(5, 9) == preview.steps(0, 6)[5:]
    assert preview.steps(0, 1)[0].values == [0, 0]


def test_the_cost_is_told_in_one_line_and_a_full_disk_beside_it(made, tmp_path):
    preview, *_ = made()
    assert preview.words.startswith(
        f"6 points, {preview.cost.setup} + {preview.cost.writes} register writes, about "
    )
    assert preview.room(tmp_path / "not" / "there") == ""
    huge, *_ = made(repeats=100_000, mode="full", n_events=1_000_000)
    assert "MB left, too little for this scan" in huge.room(tmp_path)
