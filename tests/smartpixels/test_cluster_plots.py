"""Maps in true proportions, with the track where it went."""

import numpy as np
import pytest

from kit import figures
from kit.smartpixels.cluster_plots import draw_map, extent, scale_of, show_map, telling_pixels, track_line
from kit.smartpixels.pixelav import Geometry

GEOMETRY = Geometry(50.0, 12.5, 100.0, 10.0)
TRACK = np.array([-19.2, -53.3, 100.0, -1.133242, 3.026981, -2.136319, 21506, 7.6, -3.6])


def test_the_origin_is_the_centre_of_the_middle_pixel():
    assert extent((13, 21), GEOMETRY) == (-525.0, 525.0, -81.25, 81.25)
    assert extent((16, 16), GEOMETRY) == (-375.0, 425.0, -93.75, 106.25)


def test_the_track_runs_from_entry_through_the_midplane_to_the_exit():
    x, y = track_line(TRACK, 100.0)
    assert (x[0], y[0]) == (-19.2, -53.3)
    assert x[1] == pytest.approx(-19.2 + 0.5304648 * -50)
    assert y[1] == pytest.approx(-53.3 - 1.4169143 * -50)
    assert x[2] - x[1] == pytest.approx(x[1] - x[0])
    flipped = TRACK * [1, 1, 0, -1, -1, -1, 1, 1, 1]
    assert track_line(flipped, 100.0)[0][2] == pytest.approx(-19.2 + 0.5304648 * 100)


def test_a_map_is_in_true_proportions_and_its_colours_are_symmetric():
    _, axes = figures.figure()
    values = np.zeros((13, 21))
    values[5, 9] = -40.0
    image = draw_map(axes, values, GEOMETRY, TRACK, unit="charge [e-]", largest=scale_of(values))
    assert axes.get_aspect() == 1.0
    assert image.get_clim() == (-40.0, 40.0)
    assert image.get_extent() == [-525.0, 525.0, -81.25, 81.25]
    assert image.get_array()[5, 9] == -40.0
    show_map(image, values / 2, 20.0)
    assert image.get_array()[5, 9] == -20.0
    assert image.get_clim() == (-20.0, 20.0)


def test_nothing_has_a_scale_all_the_same():
    assert scale_of(np.zeros((2, 2))) == 1.0


def test_telling_pixels_are_the_largest_and_one_that_charge_has_passed():
    charge = np.zeros((2, 3, 4))
    charge[0, :, -1] = 100, 300, 200
    charge[1, 0] = 0, 500, 20, 10
    charge[1, 1] = 0, 50, 0, 0
    assert telling_pixels(charge) == [(0, 1), (0, 2), (0, 0), (1, 0)]
