"""What only the NumPy form of reading and printing does."""

import numpy as np

from kit.smartpixels.pixelav import cluster_text
from kit.smartpixels.reader import read_clusters
from kit.smartpixels.text_twins import print_clusters
from kit.smartpixels.twins import NEGATIVE_ZERO
from tests.smartpixels import samples
from tests.smartpixels.test_print_kernels import HEAD, voltages_of


def test_nan_and_inf_print_as_the_original_prints_them():
    special = np.array([[NEGATIVE_ZERO + 1, NEGATIVE_ZERO + 2, NEGATIVE_ZERO + 3, NEGATIVE_ZERO]])
    block = voltages_of(special, 1, 1, np.array([0])).block
    text = print_clusters(special, block, [b"a\n", b"b\n", b"c\n", b"d\n"])
    assert text == b"<cluster>\n" + HEAD + b"\na\nnan\nb\ninf\nc\n-inf\nd\n-0.0\n"


def test_pixels_come_in_the_order_of_the_array(tmp_path):
    charge = np.zeros((2, 3, 4))
    charge[1, 2, 0] = charge[0, 1, 3] = 5.0
    path = samples.write(tmp_path, cluster_text(samples.flat(charge)))
    (one,) = read_clusters(path)
    np.testing.assert_array_equal(one.charge, charge)
