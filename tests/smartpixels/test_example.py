"""The cluster that is kept for the figures."""

import numpy as np
import pytest

from kit.smartpixels.amplifier import measured_templates
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.example import Example
from kit.smartpixels.labels import edge_charge
from kit.smartpixels.options import AmplifierParameters, ClusterParameters
from kit.smartpixels.pulses import read_pulses
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.voltages import Amplifier
from tests.smartpixels import samples

P = AmplifierParameters(**samples.SHORT)
SENSOR = samples.sensor(13, 21)


@pytest.fixture
def made(tmp_path, pulses):
    amplifier = Amplifier(measured_templates(read_pulses(pulses, P), P), P)
    path = samples.write(tmp_path, samples.text_of(samples.clusters(4, SENSOR), SENSOR))
    with ClusterFile(path, ClusterParameters(clusters=[path])) as source:
        block = next(source.blocks())
        return Example.of(block, source.geometry, amplifier, P), block, amplifier


def test_it_is_the_largest_inside_the_array(made):
    example, block, _ = made
    final = [one.charge[:, :, -1] for one in block.clusters()]
    inside = ~edge_charge(block, 1.0)[0]
    sizes = [(charge > 0).sum() * kept for charge, kept in zip(final, inside, strict=True)]
    np.testing.assert_array_equal(example.charge[:, :, -1], final[int(np.argmax(sizes))])


def test_its_voltage_is_what_is_written(made):
    example, block, amplifier = made
    voltages = amplifier.respond(block, NUMPY)
    dense = block.dense(voltages.values)
    assert any(np.array_equal(example.voltage, one.T.reshape(example.voltage.shape)) for one in dense)
    assert abs(example.with_t0_fix - example.voltage).max() > 0.01
    assert abs(example.by_peak - example.voltage).max() > 0.01
    assert (example.template[(example.charge != 0).any(axis=2)] >= 0).all()


def test_what_is_stored_reads_back_the_same(made, tmp_path):
    example, _, _ = made
    example.write(tmp_path / "example.npz")
    again = Example.read(tmp_path / "example.npz")
    for name in vars(example):
        np.testing.assert_array_equal(getattr(again, name), getattr(example, name))
