"""The table of clusters."""

import dataclasses

import pytest

from kit.ecal import display
from kit.ecal.cluster_table import TABLE, row_line, rows_of
from kit.ecal.window_files import WindowFiles
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def shown(paths):  # noqa: F811
    with WindowFiles(paths) as files:
        return display.shown(next(part for part in map(files.one, range(len(files))) if part.window["ncls"] > 4))


@pytest.mark.parametrize("order", TABLE)
def test_it_is_sorted_by_any_column(shown, order):
    rows = rows_of(shown, order)
    assert [row[order] for row in rows] == sorted([row[order] for row in rows], reverse=order != "cluster")
    assert {row["cluster"] for row in rows} == set(range(len(shown.et)))


def test_a_row_is_what_is_drawn(shown):
    for row in rows_of(shown, "cluster"):
        place = row["cluster"]
        assert (row["et"], row["score"]) == (shown.et[place], shown.score[place])
        assert row["over WP"] == pytest.approx(max(shown.score[place], 0) / shown.threshold)
        assert row["why"] == display.reason(shown, place)
        assert row_line(row).split()[:2] == [str(place), "in" if shown.in_scluster[place] else "out"]


def test_a_line_says_in_or_out_and_why():
    row = {"cluster": 4, "in": False, "et": 1.5, "deta": 0.01, "dphi": -0.2, "why": "out: it is far"}
    assert row_line(row) == "  4 out ET    1.500 GeV, Δη +0.010, Δφ -0.200; out: it is far"


def test_a_cluster_without_a_score_is_nought_over_the_working_point(shown):
    score = shown.score.copy()
    score[1] = -1
    rows = rows_of(dataclasses.replace(shown, score=score), "cluster")
    assert rows[1]["over WP"] == 0
    assert rows[0]["over WP"] == pytest.approx(max(score[0], 0) / shown.threshold)
