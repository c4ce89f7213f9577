"""Blocks of clusters."""

import numpy as np
import pytest

from kit.smartpixels.blocks import Block
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import cluster_text
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.scrutiny import Scrutiny, examine
from tests.smartpixels import samples


@pytest.fixture
def block(tmp_path, engine):
    path = samples.write(tmp_path, samples.text_of(samples.clusters(4)))
    with ClusterFile(path, ClusterParameters(clusters=[path]), engine=engine) as source:
        yield next(source.blocks())


def test_part_of_a_block_holds_those_clusters(block):
    part = block.part(1, 3)
    assert part.numbers.tolist() == [1, 2]
    for one, other in zip(part.clusters(), list(block.clusters())[1:3], strict=True):
        assert one.metadata == other.metadata
        np.testing.assert_array_equal(one.charge, other.charge)
    assert part.offsets[0] == 0
    assert len(part.peak) == part.offsets[-1]


def test_dense_arrays_have_each_value_at_its_pixel(block):
    dense = block.dense(block.charge)
    for place, cluster in enumerate(block.clusters()):
        np.testing.assert_array_equal(dense[place].T.reshape(cluster.charge.shape) / 10, cluster.charge)


def test_metadata_are_numbers(block):
    assert block.metadata.shape == (4, 9)
    assert block.metadata[2].tolist() == [float(word) for word in samples.clusters(4)[2].metadata]


@pytest.mark.parametrize(("charge", "kind"), [([1.5, 2.0], "i"), ([1.25, 2.0], "f")])
def test_tenths_are_whole_numbers_and_others_are_not(charge, kind):
    text = cluster_text(samples.flat(np.array([[charge]]))).replace(b"\n1.2\n", b"\n1.25\n")
    block = Block.examined(3, examine(text, Scrutiny(3)))
    assert block.charge.dtype.kind == kind
    assert block.charge.tolist() == [[10 * value for value in charge]]
    assert (block.first.tolist(), block.last.tolist(), block.peak.tolist()) == ([0], [1], [20])
