"""Maps of the board: a colour for each pad, marks for chosen channels, and the channel at a place."""

import numpy as np
import pytest

from kit import figures
from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures import board_plots
from kit.hgcroc.pictures.board_plots import BoardView, draw_board, row_in_picture
from kit.hgcroc.pictures.geometry import CALIB_ROWS, PAD_ROWS, pad_positions
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.test_legacy import scan_in

PLAN = plan_of([{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}])


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    with scan_in(tmp_path_factory.mktemp("scan"), PLAN, points=[0, 1, 2, 3, 5]) as opened:
        yield opened


def test_the_map_has_a_colour_for_each_pad(scan):
    drawing = board_plots.board_map(scan, "adc_mean", 2)
    pads, calibs = drawing.axes[0].collections
    assert (len(pads.get_array()), len(calibs.get_array())) == (192, 6)
    assert pads.get_array()[8] == scan.array("adc_mean", [2])[0, 9]  # channel 8 has no pad
    assert drawing.axes[0].get_title() == "point 2, phase_strobe 2, Calib 9"


def test_all_pads_share_one_scale_also_where_all_are_equal(scan):
    for column in ("adc_mean", "n_bad"):
        pads, calibs = board_plots.board_map(scan, column, 2).axes[0].collections
        assert pads.get_clim() == calibs.get_clim()


def test_chosen_channels_are_marked_where_they_have_a_pad():
    _, axes = figures.figure()
    values = np.zeros((3, 78))
    draw_board(axes, BoardView(values, "ADC", "here", chosen=(0, 78 + 72, 8, 2 * 78 + 77)))
    marks = [line.get_xydata()[0] for line in axes.lines[1::2]]
    pads, calibs = pad_positions()
    assert marks[0] == pytest.approx(pads[0, 0])
    assert marks[1] == pytest.approx(calibs[1, 0])
    assert np.isnan(marks[2:]).all()


@pytest.mark.parametrize("chips", [1, 3, 6])
def test_the_channel_at_the_place_of_a_click_is_found(chips):
    drawing, axes = figures.figure(size=(6.2, 5.2))
    view = BoardView(np.zeros((chips, 78)), "ADC", "here")
    draw_board(axes, view)
    figures.png(drawing)
    rows = [chip * 78 + row for chip in range(chips) for row in (0, 9, 40, 71)]
    if chips == 3:
        pads, calibs = pad_positions()
        places = [pads[row // 78, list(PAD_ROWS).index(row % 78)] for row in rows]
        rows.append(78 + int(CALIB_ROWS[1]))
        places.append(calibs[1, 1])
    else:
        places = [(row % 78, row // 78) for row in rows]
    for row, place in zip(rows, places, strict=True):
        x, y = axes.transData.transform(place) / (drawing.bbox.width, drawing.bbox.height)
        assert row_in_picture(drawing, view, x, 1 - y) == row
    assert row_in_picture(drawing, view, 0.999, 0.5) is None  # beside the map


def test_a_board_with_more_chips_is_drawn_as_channels_against_chips():
    _, axes = figures.figure()
    draw_board(axes, BoardView(np.arange(6 * 78.0).reshape(6, 78), "ADC", "here", chosen=(80,)))
    assert axes.images[0].get_array().shape == (6, 72)
    assert axes.get_xlabel() == "channel"
    assert axes.lines[0].get_xydata().tolist() == [[2, 1]]


def test_pictures_of_a_scan_without_data_say_so(tmp_path):
    create(tmp_path / "scan.h5", PLAN, register_table("ld").reset, {})
    with Scan.open(tmp_path / "scan.h5") as scan:
        for draw in (board_plots.board_map, board_plots.noise):
            texts = [text.get_text() for axes in draw(scan).axes for text in axes.texts]
            assert any("yet" in text for text in texts)
