"""Pads of the map: none upon another, three equal sectors."""

import numpy as np

from kit.hgcroc.pictures.geometry import CALIB_ROWS, PAD_ROWS, pad_positions, row_at


def test_a_board_has_198_pads_in_three_sectors():
    pads, calibs = pad_positions()
    assert pads.shape == (3, 64, 2)
    assert calibs.shape == (3, 2, 2)
    assert (len(PAD_ROWS), CALIB_ROWS.tolist()) == (64, [72, 73])


def test_neighbours_are_one_apart_and_none_closer():
    pads = pad_positions()[0].reshape(-1, 2)
    distance = np.linalg.norm(pads[:, None] - pads, axis=2)
    np.fill_diagonal(distance, 9)
    np.testing.assert_allclose(distance.min(axis=1), 1)


def test_a_third_of_a_turn_leads_from_one_chip_to_the_next():
    pads = pad_positions()[0]
    turn = np.array(
        [[np.cos(2 * np.pi / 3), np.sin(2 * np.pi / 3)], [-np.sin(2 * np.pi / 3), np.cos(2 * np.pi / 3)]]
    )
    for chip in range(3):
        np.testing.assert_allclose(pads[chip] @ turn, pads[(chip + 1) % 3], atol=1e-12)


def test_the_row_at_a_pad_is_its_own_and_beyond_the_board_there_is_none():
    pads, calibs = pad_positions()
    for chip in range(3):
        found = [row_at(*place) for place in pads[chip]]
        assert found == [chip * 78 + row for row in PAD_ROWS]
        assert [row_at(*place) for place in calibs[chip]] == [chip * 78 + row for row in CALIB_ROWS]
    assert row_at(20, 20) is None
    assert row_at(0, 0) is None  # the middle is empty
