"""What is counted while clusters pass."""

import numpy as np
import pytest

from kit.smartpixels.amplifier import measured_templates
from kit.smartpixels.options import AmplifierParameters, ClusterParameters
from kit.smartpixels.pulses import read_pulses
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.tally import Tally
from kit.smartpixels.voltages import Amplifier
from tests.smartpixels import samples


@pytest.fixture
def counted(tmp_path, pulses, engine):
    """Count a file in one go, and in two parts."""
    p = AmplifierParameters(**samples.SHORT)
    amplifier = Amplifier(measured_templates(read_pulses(pulses, p), p), p)
    path = samples.write(tmp_path, samples.text_of(samples.clusters(5)))

    def count(**values):
        tally = Tally.empty(amplifier, 2, 4)
        with ClusterFile(path, ClusterParameters(clusters=[path], **values), engine=engine) as source:
            for block in source.blocks():
                tally.add(amplifier.respond(block, engine), 100.0)
        return tally

    return count


def test_parts_add_up_to_the_whole(counted):
    whole, parts = counted(), counted(clusters_max=2) + counted(first=2)
    for name, values in whole.arrays().items():
        np.testing.assert_allclose(parts.arrays()[name], values, rtol=1e-12, err_msg=name)


def test_what_is_stored_reads_back_the_same(counted, tmp_path):
    tally = counted()
    tally.write(tmp_path / "tally.npz")
    for name, values in Tally.read(tmp_path / "tally.npz").arrays().items():
        np.testing.assert_array_equal(values, tally.arrays()[name])


def test_pixels_are_counted_once_each(counted):
    tally, some = counted(), samples.clusters(5)
    tally.settle()
    pixels = sum(int((one.charge != 0).any(axis=2).sum()) for one in some)
    assert (tally.clusters, tally.pixels) == (5, pixels)
    assert tally.templates.sum() == pixels
    assert tally.charge.sum() <= pixels
    assert tally.first_charge == pytest.approx(sum(abs(one.charge[:, :, 0]).sum() for one in some))
    assert tally.sizes[0, :, 0].sum() == tally.sizes[1, :, 0].sum() == 5
    sizes = [int((one.charge[:, :, -1] > 0).sum()) for one in some]
    assert tally.sizes[0, :, 1].sum() == sum(sizes)
    assert tally.sizes[1, :, 2].sum() == sum(size**2 for size in sizes)


def test_templates_that_the_peak_would_change_are_counted(counted, pulses):
    charges = np.array(samples.SHORT_CHARGES)
    other = 0
    for one in samples.clusters(5):
        flat = one.charge.reshape(35, -1)
        final, peak = (abs(own[:, None] - charges).argmin(axis=1) for own in (flat[:, -1], flat.max(axis=1)))
        other += int((final != peak).sum())
    tally = counted()
    tally.settle()
    assert tally.other_template == other


def test_codes_are_counted_by_level():
    tally = Tally(np.zeros(1), False, np.zeros(1), np.zeros((2, 3)), np.zeros((6, 4)))
    tally.add_codes(np.array([[[0, 5, 5], [9, 9, 0]]], np.uint8), [0, 5, 9])
    assert tally.occupancy.tolist() == [[1, 2, 0], [1, 0, 2]]
