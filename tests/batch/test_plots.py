"""The pictures of a run show each state by a colour and a word, and every number with its unit."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_hex

from kit import figures
from kit.batch.plots import COLOURS, MARKERS, draw_chunks, draw_map, draw_use, submission_figures
from kit.batch.snapshot import ChunkSeen, Snapshot
from kit.batch.status import STATES
from kit.batch.submission import SubmissionParameters, submit_points
from kit.run import Run, load

STANDS = {
    "run": "run", "words": "", "states": [], "chunks": [], "seconds": [], "rss_mb": [], "requested_mb": 0,
    "reasons": [], "alive": False,
}  # fmt: skip


def stands(**values):
    return Snapshot(**(STANDS | values))


def drawn(draw, shown, *words, columns=1):
    figure, axes = figures.grid(1, columns) if columns > 1 else figures.figure()
    draw(axes, shown, *words)
    figure.canvas.draw()
    return axes


def words_in(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_every_state_has_a_colour_of_its_own():
    assert set(STATES) <= set(COLOURS)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_a_chunk_is_a_square_filled_by_what_is_done_and_what_failed():
    axes = drawn(
        draw_chunks,
        stands(chunks=[ChunkSeen("000000", "running", 4, 2, 1), ChunkSeen("000004", "ended", 4, 4, 0)]),
    )
    heights = {to_hex(patch.get_facecolor()): patch.get_height() for patch in axes.patches[:3]}
    assert heights[COLOURS["done"]] == pytest.approx(2 * heights[COLOURS["failed"]])
    assert heights[COLOURS["running"]] == pytest.approx(heights[COLOURS["failed"]])
    assert sum(heights.values()) == pytest.approx(axes.patches[3].get_height())
    assert words_in(axes.get_legend()) == ["running", "failed", "done"]


def test_a_thousand_chunks_stand_in_rows_that_all_fit():
    axes = drawn(draw_chunks, stands(chunks=[ChunkSeen(f"{n:06d}", "waiting", 1, 0, 0) for n in range(1000)]))
    places = {(round(patch.get_x(), 3), round(patch.get_y(), 3)) for patch in axes.patches}
    assert len(places) == 1000
    right, bottom = axes.get_xlim()[1], max(axes.get_ylim())
    assert all(x + 0.9 <= right and y + 0.9 <= bottom for x, y in places)


def test_a_run_without_chunks_is_an_empty_picture():
    axes = drawn(draw_chunks, stands())
    assert (len(axes.patches), axes.get_legend()) == (0, None)


def test_the_map_shows_states_by_marker_colour_and_number():
    shown = stands(
        states=["done", "failed", "done", "missing"],
        columns={"x": [1.0, 2.0, 3.0, 4.0], "seconds": [5.0, 6.0, 7.0, math.nan]},
    )
    axes = drawn(draw_map, shown, "x", "seconds")
    assert words_in(axes.get_legend()) == ["done: 2", "failed: 1", "missing: 1"]
    assert np.array_equal(axes.collections[0].get_offsets(), [[1, 5], [3, 7]])
    assert np.array_equal(axes.collections[2].get_offsets(), [[4, 0]])  # it has no time yet
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "time of a point [s]")
    assert len({MARKERS[state] for state in ("done", "failed", "timeout", "memory", "died")}) == 5


def test_the_map_shows_a_third_number_as_a_colour_with_a_scale():
    shown = stands(states=["done"] * 3, columns={"x": [1, 2, 3], "y": [4, 5, 6], "square": [1, 4, 9]})
    axes = drawn(draw_map, shown, "x", "y", "square")
    assert list(axes.collections[0].get_array()) == [1, 4, 9]
    assert [other.get_ylabel() for other in axes.figure.axes] == ["y", "square"]


def test_without_names_the_map_shows_time_over_the_number_of_the_point():
    axes = drawn(draw_map, stands(states=["waiting", "waiting"]))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("point", "time of a point [s]")
    assert np.array_equal(axes.collections[0].get_offsets(), [[0, 0], [1, 0]])


def test_use_stands_beside_what_was_requested_and_what_would_do():
    pair = drawn(draw_use, stands(seconds=[1.0, 3.0], rss_mb=[100.0, 150.0], requested_mb=2000), columns=2)
    time, memory = np.ravel(pair)
    assert (time.get_xlabel(), memory.get_xlabel()) == ("time of a point [s]", "memory of a point [MB]")
    assert sum(patch.get_height() for patch in time.patches) == 2
    assert words_in(memory.get_legend()) == ["requested: 2000 MB", "would do: 256 MB"]
    assert memory.get_xlim()[1] > 2000


def test_nothing_measured_is_no_fault():
    pair = drawn(draw_use, stands(), columns=2)
    assert all(axes.get_legend() is None for axes in np.ravel(pair))


def test_the_figures_of_a_submission_are_those_of_the_run_that_it_sent(toy):
    p = SubmissionParameters.build(
        {"notebook": str(toy), "points": {"grid": {"x": [1, 2]}}, "profile": "local", "memory_mb": 400,
         "try_first": False, "output": "sent", "interactive": False}
    )  # fmt: skip
    with Run("batch/submission", p) as run:
        run.summary = submit_points(p, run)
    made = submission_figures(load("sent"))
    assert set(made) == {"chunks", "map", "use"}
    assert made["map"].axes[0].get_xlabel() == "x"
