"""Cluster files read block by block: the same as line by line, or refused with the place of the fault."""

import gzip

import numpy as np
import pytest

from kit.files import FormatError
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import cluster_text
from kit.smartpixels.reader import ClusterFile, read_clusters
from kit.smartpixels.stream import TextStream
from tests.smartpixels import samples

CLUSTERS = samples.clusters(4)
TEXT = samples.text_of(CLUSTERS)
NAME = r"pixel_clusters_d00001.out"


def read(path, engine=NUMPY, **values):
    p = ClusterParameters(clusters=[path], **{"resample": "linear", **values})
    with ClusterFile(path, p, engine=engine) as source:
        return [cluster for block in source.blocks() for cluster in block.clusters()], source


def assert_same(found, wanted):
    assert [one.number for one in found] == [one.number for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert one.metadata == other.metadata
        np.testing.assert_array_equal(one.charge, other.charge)


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:70_000]) + gzip.compress(TEXT[70_000:]),
        samples.text_of(CLUSTERS, None),
        samples.text_of(CLUSTERS, row_end=" "),
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"ps>\n", b"ps>\n\n"),
        TEXT.replace(b"0.0 0.0", b"0.0   0.0"),
        TEXT.removesuffix(b"\n"),
        TEXT + b"\n\n",
        TEXT.replace(b" 0.1 ", b" .1 ").replace(b" 100.0 ", b" 1e2 "),
    ],
    ids=[
        "plain", "gzip", "two members", "no header", "blank behind rows", "CRLF", "blank lines", "repeated blanks",
        "no final newline", "blank lines at the end", "other numbers",
    ],
)  # fmt: skip
def test_every_way_in_which_the_format_occurs_gives_the_same_clusters(tmp_path, engine, content):
    found, source = read(samples.write(tmp_path, content), engine)
    assert_same(found, CLUSTERS)
    assert source.count == 4
    assert source.dropped == []


@pytest.mark.parametrize(
    ("shape", "fields"),
    [((13, 21, 400, 10.0), 9), ((16, 16, 80, 50.0), 9), ((32, 32, 20, 200.0), 12), ((192, 48, 20, 200.0), 9)],
    ids=["13x21", "16x16", "32x32", "192x48"],
)
def test_every_array_and_step_in_use(tmp_path, engine, shape, fields):
    of = samples.sensor(*shape)
    some = samples.clusters(2, of, fields=fields)
    found, source = read(samples.write(tmp_path, samples.text_of(some, of, row_end=" ")), engine)
    assert_same(found, some)
    assert (source.layout.fields, source.layout.step) == (fields, shape[3])


@pytest.mark.parametrize("room", [40_000, 100_000, 1 << 20])
def test_the_size_of_blocks_does_not_matter(tmp_path, monkeypatch, engine, room):
    monkeypatch.setattr(TextStream.__init__, "__defaults__", (room,))
    found, _ = read(samples.write(tmp_path, TEXT), engine)
    assert_same(found, CLUSTERS)


def test_part_of_a_file_keeps_its_numbers(tmp_path, engine):
    path = samples.write(tmp_path, TEXT)
    assert_same(read(path, engine, first=1, clusters_max=2)[0], CLUSTERS[1:3])
    assert_same(read(path, engine, first=3)[0], CLUSTERS[3:])
    assert read(path, engine, first=9)[0] == []


def test_clusters_can_be_read_one_by_one(tmp_path):
    path = samples.write(tmp_path, TEXT)
    assert [one.number for one in read_clusters(path, first=2)] == [2, 3]


def test_blocks_tell_first_last_and_peak(tmp_path, engine):
    charge = np.zeros((1, 3, 6))
    charge[0, 0] = 0, 0, 1.5, 2.5, 2.5, 2.5
    charge[0, 2] = -1, -2, 0, 0, 0, 0
    path = samples.write(tmp_path, cluster_text(samples.flat(charge)))
    with ClusterFile(path, ClusterParameters(clusters=[path]), engine=engine) as source:
        (block,) = source.blocks()
        order = np.argsort(block.pixel)
        assert block.pixel[order].tolist() == [0, 2]
        assert block.first[order].tolist() == [2, 0]
        assert block.last[order].tolist() == [3, 2]
        assert block.peak[order].tolist() == [25, 0]
        assert block.charge[order].tolist() == [[0, 0, 15, 25, 25, 25], [-10, -20, 0, 0, 0, 0]]


def damaged(change):
    """Return the text with its third cluster changed."""
    texts = [cluster_text(one) for one in CLUSTERS]
    texts[2] = change(texts[2])
    return samples.text_of([], samples.SMALL) + b"".join(texts)


LINES = 2 + 400 * 6  # of a cluster
THIRD = 3 + 2 * LINES  # its first line
DAMAGES = {
    "nan": (
        lambda text: text.replace(b"<time slice 500.000000 ps>\n0.0 ", b"<time slice 500.000000 ps>\nnan "),
        f"{NAME}:{THIRD + 2 + 49 * 6 + 1}: column 0 of row 0 of time slice 50 of cluster 2 is 'nan'",
    ),
    "row": (
        lambda text: text.replace(b"<time slice 500.000000 ps>\n0.0 ", b"<time slice 500.000000 ps>\n"),
        f"{NAME}:{THIRD + 2 + 49 * 6 + 1}: row 0 of time slice 50 of cluster 2 has 6 numbers, should have 7",
    ),
    "tag": (
        lambda text: text.replace(b"<time slice 500.000000", b"<time slice 505.000000"),
        f"{NAME}:{THIRD + 2 + 49 * 6}: time slice 50 of cluster 2 is at 505 ps, should be at 500 ps",
    ),
    "half": (
        lambda text: text[: text.index(b"<time slice 500.")],
        f"{NAME}:{THIRD + 2 + 49 * 6}: cluster 2 has 49 time slices, should have 400",
    ),
    "more": (
        lambda text: text + text[text.rindex(b"<time") :].replace(b"4000.0", b"4010.0"),
        f"{NAME}:{THIRD + LINES}: cluster 2 has 401 time slices, should have 400",
    ),
    "metadata": (
        lambda text: b"<cluster>\n" + text[text.index(b"<time") :],
        f"{NAME}:{THIRD + 1}: the metadata of cluster 2 are missing: '<time slice 10.000000 ps>' stands",
    ),
    "fields": (
        lambda text: b"<cluster>\n1 2 3\n" + text[text.index(b"<time") :],
        f"{NAME}:{THIRD + 1}: cluster 2 has 3 fields of metadata, should have 9 or more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_named_with_file_line_cluster_and_slice(tmp_path, engine, kind):
    change, message = DAMAGES[kind]
    with pytest.raises(FormatError, match=message):
        read(samples.write(tmp_path, damaged(change)), engine)


@pytest.mark.parametrize("kind", DAMAGES)
def test_good_clusters_can_be_kept(tmp_path, engine, kind):
    change, message = DAMAGES[kind]
    found, source = read(samples.write(tmp_path, damaged(change)), engine, keep_good=True)
    assert_same(found, [CLUSTERS[0], CLUSTERS[1], CLUSTERS[3]])
    (dropped,) = source.dropped
    assert dropped.number == 2
    assert f"{NAME}:{dropped.line}: {dropped.reason}".startswith(message)


def test_a_cut_gzip_file_names_the_byte_and_the_last_whole_cluster(tmp_path, engine):
    stored = gzip.compress(TEXT)
    path = samples.write(tmp_path, stored[: len(stored) * 6 // 10], NAME + ".gz")
    byte = len(stored) * 6 // 10
    message = rf"{NAME}.gz:\d+: gzip stream ends early, at compressed byte {byte}, the last whole cluster is 1"
    with pytest.raises(FormatError, match=message):
        read(path, engine)
    found, source = read(path, engine, keep_good=True)
    assert_same(found, CLUSTERS[:2])
    assert len(source.dropped) == 1


def test_a_file_cut_between_clusters_of_a_gzip_stream_is_refused_all_the_same(tmp_path, engine):
    stored = gzip.compress(TEXT)
    path = samples.write(tmp_path, stored[:-8], NAME + ".gz")
    with pytest.raises(FormatError, match=r"gzip stream ends early, .* the last whole cluster is 3"):
        read(path, engine)
    assert_same(read(path, engine, keep_good=True)[0], CLUSTERS)


def test_a_wrong_checksum_is_refused_and_told_where_clusters_are_kept(tmp_path, engine):
    stored = bytearray(gzip.compress(TEXT))
    stored[-8] ^= 1
    path = samples.write(tmp_path, bytes(stored), NAME + ".gz")
    with pytest.raises(FormatError, match=r"wrong checksum .* any number before it may be wrong, the last whole"):
        read(path, engine)
    found, source = read(path, engine, keep_good=True)
    assert len(found) == 4
    assert source.dropped == []
    assert "any number before it may be wrong" in source.damage


@pytest.mark.parametrize("end", [-2, -20, -200, -5000])
def test_a_plain_file_that_ends_inside_a_cluster_is_refused(tmp_path, engine, end):
    path = samples.write(tmp_path, TEXT[:end])
    with pytest.raises(FormatError, match=rf"{NAME}:\d+: .*cluster 3"):
        read(path, engine)
    assert_same(read(path, engine, keep_good=True)[0], CLUSTERS[:3])


def test_compat_takes_clusters_of_another_shape_with_a_warning(tmp_path, engine):
    other = samples.sensor(rows=3, columns=4, slices=30)
    content = TEXT + samples.text_of(samples.clusters(1, other), None)
    found, source = read(samples.write(tmp_path, content), engine, compat=True, resample="refuse")
    assert found[4].charge.shape == (3, 4, 30)
    assert any("another size of the array" in note and "cluster 4" in note for note in source.notes)
    with pytest.raises(FormatError, match="row 0 of time slice 1 of cluster 4 has 4 numbers, should have 7"):
        read(samples.write(tmp_path, content), engine)
