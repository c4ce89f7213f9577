"""Voltages as text in a file that gzip reads."""

import gzip

import pytest

from kit.smartpixels.amplifier import measured_templates
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.options import AmplifierParameters, ClusterParameters
from kit.smartpixels.printing import TextWriter
from kit.smartpixels.pulses import read_pulses
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.voltages import Amplifier
from tests.smartpixels import samples


@pytest.fixture
def one_file(tmp_path, pulses):
    """Return an open cluster file and an amplifier."""
    p = AmplifierParameters(**samples.SHORT)
    path = samples.write(tmp_path, samples.text_of(samples.clusters(3)))
    amplifier = Amplifier(measured_templates(read_pulses(pulses, p), p), p)
    with ClusterFile(path, ClusterParameters(clusters=[path])) as source:
        yield source, amplifier


@pytest.mark.parametrize("level", [0, 1, 2, 3, 6, 9])
def test_every_level_of_compression_holds_the_same_text(tmp_path, one_file, level):
    source, amplifier = one_file
    path = tmp_path / "out"
    with TextWriter(path, source.header, 31, 200, compression=level) as writer:
        for block in source.blocks():
            writer.write(amplifier.respond(block, NUMPY), NUMPY)
    stored = path.read_bytes()
    text = gzip.decompress(stored) if level else stored
    assert text.count(b"<cluster>\n") == 3
    assert text.count(b"<time slice 6000.000000 ps>\n") == 3
    assert text.splitlines()[1] == b"50.000000 12.500000 100.000000 200.000000"
    if level:
        assert stored[4:8] == bytes(4)  # no time: the same clusters give the same bytes


def test_no_header_in_means_no_header_out(tmp_path):
    with TextWriter(tmp_path / "out", [], 31, 200, compression=0):
        pass
    assert (tmp_path / "out").read_bytes() == b""
