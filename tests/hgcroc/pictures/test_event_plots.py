"""Single events: every code in its row, histograms that count all of them, one event on the map."""

import numpy as np
import pytest

from kit import figures
from kit.hgcroc.pictures.event_plots import draw_spectra, event_on_board, spectra_of, values_of_events
from tests.hgcroc.plans import CALIB, plan_of
from tests.hgcroc.test_legacy import scan_in

PLAN = plan_of([{"key": CALIB, "values": [0, 5]}])


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    with scan_in(tmp_path_factory.mktemp("scan"), PLAN, events=True, points=[0]) as opened:
        yield opened


def test_codes_of_events_have_the_medians_of_the_summary(scan):
    arrays = scan.events(0)
    for name in ("adc", "tot", "toa"):
        rows = values_of_events(arrays, name).reshape(6, -1)
        median = np.sort(rows, axis=0)[6 // 2]
        assert (median == scan.array(f"{name}_median", [0])[0]).all()


def test_histograms_count_every_event_of_the_chosen_channels(scan):
    found = spectra_of(scan, 0, [3, 78 + 75])
    assert found.names == ("chip 0, channel 3", "chip 1, common mode 1")
    _, axes = figures.grid(1, 3)
    draw_spectra(axes, found)
    heights = [patch.get_path().vertices[:, 1] for patch in axes[0, 0].patches]
    edges = [patch.get_path().vertices[:, 0] for patch in axes[0, 0].patches]
    for height, edge in zip(heights, edges, strict=True):
        area = np.sum(np.diff(edge) * height[:-1])
        assert area == pytest.approx(6 * np.unique(np.diff(edge)[np.diff(edge) > 0])[0])
    assert axes[0, 0].get_xlabel() == "ADC [counts]"


def test_one_event_is_shown_on_the_board_and_the_last_where_there_are_fewer(scan):
    view = event_on_board(scan, 0, 2, "adc", chosen=(1,))
    assert view.values[1, 36 + 4] == scan.events(0)["adc"][2, 1, 1, 4]
    assert view.title == "event 2 of 6, point 0, Calib 0"
    assert event_on_board(scan, 0, 99).title.startswith("event 5 of 6")


def test_where_there_are_no_events_that_is_said(scan):
    assert spectra_of(scan, 1, [0]) is None
    assert event_on_board(scan, 1, 0) is None
    _, axes = figures.grid(1, 3)
    draw_spectra(axes, None)
    assert [pair.texts[0].get_text() for pair in axes[0]] == ["no single events here"] * 3
