"""The generator makes files that look like PixelAV's: what matters to speed and to the reader is there."""

import gzip

import numpy as np
import pytest

from kit import files
from kit.smartpixels import demo
from kit.smartpixels.convolution import ConvolutionParameters
from kit.smartpixels.demo import Sensor, make_clusters
from kit.smartpixels.pixelav import cluster_text
from tests.smartpixels import reference, samples


@pytest.fixture(scope="module")
def some():
    return list(make_clusters(25))


def test_clusters_have_the_published_properties(some):
    touched = [int((one.charge != 0).any(axis=2).sum()) for one in some]
    assert 20 <= min(touched) <= max(touched) <= 56
    assert 32 < np.mean(touched) < 40
    moves = [np.diff(one.charge, axis=2).any(axis=(0, 1)) for one in some]
    assert 0.46 < np.mean([1 - move.mean() for move in moves]) < 0.57
    assert 180 < np.mean([np.flatnonzero(move).max() for move in moves]) < 215
    assert min(one.charge.min() for one in some) < -100


def test_their_text_has_the_published_size(some):
    texts = [cluster_text(one) for one in some[:8]]
    assert np.mean([len(text) for text in texts]) == pytest.approx(460_000, rel=0.02)
    assert np.mean([len(gzip.compress(text, 6)) for text in texts]) == pytest.approx(15_000, rel=0.15)
    assert all(b" -0.0 " in text for text in texts)


def test_all_charge_is_whole_in_the_end(some):
    for one in some:
        final = one.charge[:, :, -1]
        np.testing.assert_array_equal(final, np.round(final))
        inside = final.sum() / one.values["number_eh_pairs"]
        assert 0.3 < inside <= 1.0  # part of a track may lie outside the array


def test_a_cluster_depends_on_seed_and_number_alone(some):
    (again,) = make_clusters(1, first=7)
    np.testing.assert_array_equal(again.charge, some[7].charge)
    assert again.metadata == some[7].metadata
    (other,) = make_clusters(1, seed=2, first=7)
    assert other.metadata != some[7].metadata


def test_flipped_tracks_enter_from_the_other_side():
    for one in make_clusters(5, flipped=1.0):
        assert one.values["z-entry"] == 0.0
        assert one.values["n_z"] > 0


@pytest.mark.parametrize(("fields", "sensor"), [(9, Sensor(4, 6, 20, 200.0)), (12, Sensor(6, 4, 80, 50.0))])
def test_any_array_step_and_number_of_metadata(fields, sensor):
    (one,) = make_clusters(1, sensor=sensor, fields=fields)
    assert one.charge.shape == (sensor.rows, sensor.columns, sensor.slices)
    assert len(one.metadata) == fields


def test_files_are_written_whole_with_or_without_header(tmp_path):
    few = samples.clusters(2)
    demo.write_clusters(tmp_path / "a.out.gz", few, samples.SMALL)
    demo.write_clusters(tmp_path / "b.out", few)
    header, found = reference.read_clusters(reference.read_text(tmp_path / "a.out.gz"))
    assert header[1] == "50.000000  12.500000  100.000000  10.000000"
    assert reference.read_clusters(reference.read_text(tmp_path / "b.out"))[0] == []
    np.testing.assert_array_equal(found[1].charge, few[1].charge)


def test_the_demo_is_made_once(tmp_path):
    p = ConvolutionParameters()
    demo.prepare(p)
    paths = [
        files.resolve("outputs/demo/smartpixels") / name for name in ("pixel_clusters_d00001.out.gz", "pulses.csv")
    ]
    before = [path.stat().st_mtime_ns for path in paths]
    demo.prepare(p)
    assert [path.stat().st_mtime_ns for path in paths] == before
    assert (demo.clusters(), demo.pulses()) == tuple(map(str, paths))


def test_nothing_is_made_where_nothing_is_asked_for(tmp_path):
    demo.prepare(ConvolutionParameters(clusters=["a.out"], pulses="b.csv"))
    assert list(tmp_path.iterdir()) == []
