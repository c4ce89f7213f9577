"""Labels and edge flags of the reference case, and their definition on a small array."""

import numpy as np
import pytest

from kit.smartpixels.labels import edge_charge, edge_weights, is_flipped, label_columns, track
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import Layout, cluster_text
from kit.smartpixels.reader import ClusterFile
from tests.smartpixels import samples


def block_of(path):
    with ClusterFile(str(path), ClusterParameters(clusters=[str(path)])) as source:
        return next(source.blocks())


def test_the_reference_case_has_its_labels(base3):
    block = block_of(base3 / "base3_in.out.gz")
    labels = dict(zip(label_columns(9), track(block.metadata, 100.0)[0], strict=True))
    assert labels["cotAlpha"] == pytest.approx(0.5304648, abs=1e-7)
    assert labels["cotBeta"] == pytest.approx(-1.4169143, abs=1e-7)
    assert labels["y-midplane"] == pytest.approx(17.537050, abs=1e-6)
    assert labels["x-midplane"] == pytest.approx(-45.750794, abs=1e-6)
    touching, charge, number = edge_charge(block, 1.0)
    assert touching.tolist() == [True, True, False]
    assert charge.tolist() == [3460.0, 753.0, 0.0]
    assert number.tolist() == [3, 2, 0]
    assert not is_flipped(block.metadata, 100.0).any()


def test_corners_count_twice():
    weights = edge_weights(Layout(3, 4, 2, 10.0, 9)).reshape(3, 4)
    assert weights.tolist() == [[2, 1, 1, 2], [1, 0, 0, 1], [2, 1, 1, 2]]


def test_the_edge_is_touched_by_more_than_the_threshold_of_either_sign(tmp_path):
    charge = np.zeros((4, 3, 3, 2))
    charge[0, 1, 1] = 500.0  # inside
    charge[1, 0, 1] = 1.0  # not above
    charge[2, 0, 0] = -1.1  # a corner
    charge[2, 1, 2] = 0.7
    charge[3, 2, 1, 0] = 900.0  # gone in the last slice
    path = tmp_path / "a.out"
    path.write_bytes(b"".join(cluster_text(samples.flat(one, number)) for number, one in enumerate(charge)))
    touching, held, number = edge_charge(block_of(path), 1.0)
    assert touching.tolist() == [False, False, True, False]
    assert held == pytest.approx([0.0, 0.0, -1.5, 0.0])
    assert number.tolist() == [0, 0, 2, 0]


def test_the_midplane_lies_on_the_track_from_either_side():
    unflipped = [10.0, 5.0, 100.0, 0.5, 1.0, -2.0, 7600, 0, 1]
    flipped = [10.0 + 100 * 0.25, 5.0 + 100 * 0.5, 0.0, 0.5, 1.0, -2.0, 7600, 0, 1]
    one, other = track(np.array([unflipped, flipped]), 100.0)[:, -2:]
    np.testing.assert_allclose(one, other)
    assert is_flipped(np.array([unflipped, flipped]), 100.0).tolist() == [False, True]


def test_a_track_along_the_sensor_has_no_midplane():
    assert not np.isfinite(track(np.array([[0, 0, 100.0, 1, 1, 0, 1, 1, 1]]), 100.0)[0, -2:]).any()
