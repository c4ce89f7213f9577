"""The lines of PixelAV's files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kit.smartpixels.pixelav import (
    Geometry,
    Layout,
    cluster_text,
    geometry_of,
    header_text,
    is_number,
    names,
    tag_line,
)
from tests.smartpixels import reference, samples

TENTHS = st.integers(-99_999, 99_999)


@given(hnp.arrays(np.int64, (3, 4, 6), elements=TENTHS))
def test_what_is_written_reads_back_the_same(tenths):
    written = samples.flat(tenths / 10)
    _, (read,) = reference.read_clusters(cluster_text(written).decode())
    assert read.metadata == list(written.metadata)
    np.testing.assert_array_equal(read.charge, written.charge)
    assert read.tags == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]


def test_a_cluster_stands_as_pixelav_writes_it():
    charge = np.zeros((2, 2, 2))
    charge[0, 1] = 0.1, 12.0
    charge[1, 0] = -0.04, -3.5
    assert cluster_text(samples.flat(charge)) == (
        b"<cluster>\n0.000000 0.000000 100.000000 0.100000 0.200000 -1.000000 7600 1.0 -1.5 \n"
        b"<time slice 10.000000 ps>\n0.0 0.1\n-0.0 0.0\n"
        b"<time slice 20.000000 ps>\n0.0 12.0\n-3.5 0.0\n"
    )


def test_the_reference_case_has_its_geometry():
    assert geometry_of(b"50.000000  12.500000  100.000000  10.000000") == Geometry(50.0, 12.5, 100.0, 10.0)
    assert geometry_of(b"dot1_50x12P5_phase3:BPix@-100V,3.8T@90deg,263K,rhe=1.10,rhh=0.7 ") is None
    assert geometry_of(b"50 12.5 100 fast") is None


def test_only_a_line_of_four_numbers_gets_the_output_step():
    lines = [b"run of Tuesday ", b"50.000000  12.500000  100.000000  10.000000", b"a b c 7"]
    assert header_text(lines, 200.0) == b"run of Tuesday \n50.000000 12.500000 100.000000 200.000000\na b c 7\n"
    assert header_text(lines, 200.0, lenient=True).endswith(b"a b c 200.000000\n")


@pytest.mark.parametrize("word", [b"1", b"-0.0", b"2e-14", b".5", b"+3."])
def test_numbers_as_c_prints_them(word):
    assert is_number(word)


@pytest.mark.parametrize("word", [b"", b"nan", b"inf", b"1_0", b"0x1", b"1,5", b"--1", b"e5"])
def test_words_that_are_none(word):
    assert not is_number(word)


def test_tags_have_six_decimals():
    assert tag_line(10.0) == b"<time slice 10.000000 ps>\n"


def test_metadata_of_cms_and_of_the_muon_collider_have_names():
    assert names(9)[-2:] == ["y-local", "pt"]
    assert names(12)[-5:] == ["y-local", "z-global", "pt", "hit_time", "PID"]
    assert names(10)[-1] == "field_9"


def test_a_layout_knows_its_lines():
    layout = Layout(rows=13, columns=21, slices=400, step=10.0, fields=9)
    assert (layout.pixels, layout.lines) == (273, 2 + 400 * 14)


def test_metadata_have_values():
    assert samples.flat(np.zeros((1, 1, 2))).values["n_z"] == -1.0
