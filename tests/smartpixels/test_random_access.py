import gzip

import numpy as np
import pytest

from kit.smartpixels import random_access
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.random_access import TextAccess, index_of
from kit.smartpixels.reader import read_clusters
from tests.smartpixels.samples import SMALL, clusters, sensor, text_of, write

COUNT = 30


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def text():
    return text_of(clusters(COUNT))


def kept_in(tmp_path):
    return list((tmp_path / "cache").rglob("*.npz"))


@pytest.fixture
def index():
    found = []

    def make(path):
        found.append(index_of(path, ClusterParameters(clusters=[path])))
        return found[-1]

    yield make
    for one in found:
        one.access.close()


def stored(text, how, folder):
    """Write the text as one gzip stream, as several with zeros between them, or plain."""
    if how == "plain":
        return write(folder, text)
    if how == "one stream":
        return write(folder, gzip.compress(text), "clusters.out.gz")
    third = len(text) // 3
    streams = [gzip.compress(text[place : place + third]) for place in range(0, len(text), third)]
    return write(folder, (b"\0" * 700).join(streams), "clusters.out.gz")


@pytest.mark.parametrize("how", ["plain", "one stream", "several streams"])
@pytest.mark.parametrize("between", [1 << 14, random_access.BETWEEN_RESTARTS])
def test_text_is_read_from_any_place_in_any_order(text, how, between, tmp_path, monkeypatch):
    monkeypatch.setattr(random_access, "BETWEEN_RESTARTS", between)
    monkeypatch.setattr(random_access, "PORTION", 1 << 10)
    access = TextAccess(stored(text, how, tmp_path))
    places = np.random.default_rng(1).integers(0, len(text), 40).tolist()
    for place in [0, len(text) - 5, *places]:
        assert access.read(place, 300) == text[place : place + 300]
    assert access.read(len(text) + 10, 300) == b""
    access.close()


def test_reading_starts_again_near_the_place(text, tmp_path, monkeypatch):
    monkeypatch.setattr(random_access, "BETWEEN_RESTARTS", 1 << 16)
    monkeypatch.setattr(random_access, "PORTION", 1 << 10)
    access = TextAccess(stored(text, "one stream", tmp_path))
    access.read(len(text) - 100, 100)
    read = []
    file = access._file

    class Counted:
        def read(self, size):
            read.append(size)
            return file.read(size)

        seek, tell = file.seek, file.tell

    access._file = Counted()
    assert access.read(len(text) // 2, 100) == text[len(text) // 2 :][:100]
    assert sum(read) < (tmp_path / "clusters.out.gz").stat().st_size / 4
    file.close()


def test_all_places_can_be_prepared_ahead(text, tmp_path, monkeypatch):
    monkeypatch.setattr(random_access, "BETWEEN_RESTARTS", 1 << 16)
    monkeypatch.setattr(random_access, "PORTION", 1 << 10)
    access = TextAccess(stored(text, "one stream", tmp_path))
    access.prepare(len(text))
    places = [place for place, _, _ in access._restarts]
    assert np.diff([*places, len(text)]).max() < 3 << 16
    assert access.read(len(text) - 300, 300) == text[-300:]
    access.close()
    access.prepare(len(text))  # a file that was closed meanwhile is no fault


@pytest.mark.parametrize("how", ["plain", "several streams"])
def test_each_cluster_is_the_one_of_the_reader(text, how, tmp_path, index):
    path = stored(text, how, tmp_path)
    found = index(path)
    assert len(found) == COUNT
    assert found.damaged == 0
    wanted = list(read_clusters(path))
    for place in [COUNT - 1, 0, 7, 6, 20]:
        block = found.block(place)
        assert block.numbers.tolist() == [place]
        (one,) = block.clusters()
        assert one.metadata == wanted[place].metadata
        assert np.array_equal(one.charge, wanted[place].charge)


def test_the_list_tells_what_the_labels_tell(tmp_path, index):
    large = sensor(13, 21, 20, 200.0)
    path = write(tmp_path, text_of(clusters(COUNT, large, flipped=0.4), large))
    records = index(path).records()
    for record, cluster in zip(records, read_clusters(path), strict=True):
        assert record["cluster"] == cluster.number
        assert record["pt"] == round(float(cluster.metadata[8]), 3)
        assert record["pairs"] == int(float(cluster.metadata[6]))
        assert record["size"] == (cluster.charge[..., -1] > 0).sum()
        n_x, n_y, n_z = map(float, cluster.metadata[3:6])
        assert record["cotAlpha"] == pytest.approx(n_x / n_z, abs=1e-3)
        assert record["cotBeta"] == pytest.approx(n_y / n_z, abs=1e-3)
        edge = np.ones(cluster.charge.shape[:2], bool)
        edge[1:-1, 1:-1] = False
        assert record["contained"] == (cluster.charge[edge][:, -1] <= 1).all()
    assert {record["contained"] for record in records} == {True, False}
    assert {record["flipped"] for record in records} == {True, False}


def test_an_index_is_kept_and_belongs_to_the_file_as_it_is(text, tmp_path, monkeypatch, index):
    path = stored(text, "plain", tmp_path)
    first = index(path)
    (kept,) = kept_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(random_access, "_survey", lambda _: pytest.fail("the file is read again"))
        again = index(path)
    assert again.records() == first.records()
    assert again.block(3).numbers.tolist() == [3]
    write(tmp_path, text_of(clusters(4, seed=9)))
    assert len(index(path)) == 4
    assert len(kept_in(tmp_path)) == 2
    kept.write_bytes(b"no index")


def test_a_kept_index_that_cannot_be_read_is_made_again(text, tmp_path, index):
    path = stored(text, "plain", tmp_path)
    index(path)
    (kept,) = kept_in(tmp_path)
    kept.write_bytes(b"no index")
    assert len(index(path)) == COUNT


def test_without_a_home_nothing_is_kept(text, tmp_path, monkeypatch, index):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    assert len(index(stored(text, "plain", tmp_path))) == COUNT
    assert kept_in(tmp_path) == []


def test_where_nothing_can_be_written_the_file_is_read_each_time(text, tmp_path, monkeypatch, index):
    (tmp_path / "cache").write_text("a file, no folder")
    path = stored(text, "plain", tmp_path)
    assert len(index(path)) == len(index(path)) == COUNT


def test_damaged_clusters_are_left_out(tmp_path, index):
    parts = [text_of([one], None) for one in clusters(6)]
    parts[2] = parts[2].replace(b"<time slice 200.000000 ps>", b"<time slice 2x0.000000 ps>")
    parts[5] = parts[5][: len(parts[5]) // 2]
    path = write(tmp_path, text_of([], SMALL) + b"".join(parts))
    found = index(path)
    assert [record["cluster"] for record in found.records()] == [0, 1, 3, 4]
    assert found.damaged == 2
    for place, number in enumerate([0, 1, 3, 4]):
        (one,) = found.block(place).clusters()
        assert one.number == number
        assert np.allclose(one.charge, clusters(6)[number].charge, atol=0.05)
    assert index(path).damaged == 2


def test_clusters_that_only_care_can_read_are_read_one_by_one(tmp_path, index):
    parts = [text_of([one], None) for one in clusters(4)]
    parts[1] = parts[1].replace(b" 0.0 ", b" 0.000 ", 5)  # another form of numbers
    path = write(tmp_path, text_of([], SMALL) + b"".join(parts))
    found = index(path)
    assert len(found) == 4
    for place, wanted in enumerate(read_clusters(path)):
        (one,) = found.block(place).clusters()
        assert np.array_equal(one.charge, wanted.charge)


@pytest.mark.parametrize("harm", ["short", "corrupt", "checksum", "followed"])
def test_clusters_before_the_damage_of_a_gzip_stream_are_shown(text, harm, tmp_path, index):
    packed = bytearray(gzip.compress(text))
    if harm == "short":
        del packed[-len(packed) // 4 :]
    elif harm == "corrupt":
        packed[len(packed) // 2] ^= 0xFF
    elif harm == "checksum":
        packed[-8] ^= 0xFF
    else:
        packed += b"no gzip at all"
    path = write(tmp_path, bytes(packed), "clusters.out.gz")
    found = index(path)
    assert found.damaged >= 1
    assert len(found) == COUNT if harm in ("checksum", "followed") else 5 < len(found) < COUNT
    wanted = clusters(COUNT)
    sound = range(len(found)) if harm != "corrupt" else range(5)  # what a wrong bit makes is not defined
    for place in [*sound][-3:]:
        (one,) = found.block(place).clusters()
        assert np.allclose(one.charge, wanted[place].charge, atol=0.05)


def test_a_file_without_clusters_has_an_empty_index(tmp_path, index):
    path = write(tmp_path, text_of(clusters(1))[:-2000])
    found = index(path)
    assert len(found) == 0
    assert found.records() == []
    assert found.damaged == 1
