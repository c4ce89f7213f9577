"""TFRecord: read back by an independent reader, beside TensorFlow's own file, by TensorFlow where it is there."""

import dataclasses
import json
import subprocess

import numpy as np
import pytest

from kit.ecal import tfrecord
from kit.ecal.access import Part
from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from tests.ecal.tfrecord_reader import crc32c, example, read_records, tensor_of

FEATURES = read_features()


@pytest.fixture(scope="module")
def part(ecal_data, table, read):
    """Return the reference windows, as they would be read from a dataset."""
    made = build(read(ecal_data / "ele4_50.root"), Rules(table, unmatched=2), NUMPY)
    window = made.window | {"flavour": np.full(len(made), 11.0)}
    return Part(window, made.cluster, made.offsets, made.calos, made.hits)


def test_the_checksum_of_the_standard_and_of_any_length():
    assert tfrecord.checksums([b"123456789"]).tolist() == [0xE3069283]  # RFC 3720
    rng = np.random.default_rng(1)
    data = [rng.bytes(int(n)) for n in rng.integers(0, 200, 60)]
    assert tfrecord.checksums(data).tolist() == [crc32c(each) for each in data]
    assert len(tfrecord.checksums([])) == 0


def written(part, path, **options):
    data = list(tfrecord.messages(part, FEATURES, options.pop("weight", np.ones(len(part))), **options))
    path.write_bytes(b"".join(tfrecord.records(data)))
    return [example(each) for each in read_records(path)]


def test_every_value_of_every_window_comes_back(part, tmp_path):
    some = part.take(np.arange(0, len(part), 7))
    weight = np.linspace(0.5, 2, len(some))
    made = written(some, tmp_path / "x.proto", weight=weight)
    assert len(made) == len(some)
    for w, (context, lists) in enumerate(made):
        for key in ("s_f", "s_m", "w_f", "w_m"):
            wanted = np.array([some.window[name][w] for name in FEATURES.vectors[key]], np.float32)
            assert np.array_equal(np.array(context[key], np.float32), wanted), key
        assert context["s_l"] == [int(some.window[name][w]) for name in FEATURES.vectors["s_l"]]
        assert context["wi"] == [np.float32(weight[w])]
        own = range(*some.offsets[w : w + 2])
        assert context["n_cl"] == [len(own)]
        for key in ("cl_f", "cl_m"):
            wanted = np.array([[some.cluster[name][i] for name in FEATURES.vectors[key]] for i in own], np.float32)
            assert np.array_equal(np.array(lists[key], np.float32), wanted, equal_nan=True), key
        assert lists["cl_l"] == [[int(some.cluster[name][i]) for name in FEATURES.vectors["cl_l"]] for i in own]
        assert len(lists["cl_l"][0]) == 6
        for key, name in tfrecord.HIT_KEYS.items():
            bounds = [some.hits.offsets[i : i + 2] for i in own]
            assert lists[key] == [some.hits[name][a:b].astype(np.float32).tolist() for a, b in bounds], key


def test_classes_and_flavour_follow_the_match(part, tmp_path):
    made = written(part, tmp_path / "x.proto")
    classes = [context["w_cl"][0] for context, _ in made]
    assert set(classes) == {0, 1, 2}
    matched, seed = part.window["is_seed_calo_matched"], part.window["is_seed_calo_seed"]
    assert classes == (matched.astype(int) + (matched & seed)).tolist()
    assert [context["f"][0] for context, _ in made] == [11 if c else 0 for c in classes]


def test_hits_of_the_seed_are_a_tensor(part, tmp_path):
    for context, lists in written(part.take(np.arange(9)), tmp_path / "x.proto"):
        shape, values = tensor_of(context["s_h"][0])
        seed = [label[0] for label in lists["cl_l"]].index(1)
        assert shape == [len(lists["cl_h0"][seed]), 4]
        columns = np.array(values).reshape(shape).T.tolist()
        assert columns == [lists[key][seed] for key in tfrecord.HIT_KEYS]


def test_a_seed_without_hits_is_an_empty_tensor(ecal_data, table, read, tmp_path):
    made = build(read(ecal_data / "edge.root", 13, 14), Rules(table), NUMPY)
    window = made.window | {"flavour": np.full(len(made), 11.0)}
    [(context, lists)] = written(Part(window, made.cluster, made.offsets, None, made.hits), tmp_path / "x.proto")
    assert tensor_of(context["s_h"][0]) == ([0, 4], [])
    assert lists["cl_h4"][0] == []


def test_tensorflows_own_file_of_these_windows_holds_the_same(part, ecal_data, tmp_path):
    """It has five labels, without in_mustache, and its own order of entries."""
    matched = part.take(np.flatnonzero(part.window["is_seed_calo_matched"])[:20])
    public = [example(each) for each in read_records(ecal_data / "ele4_50_first20.tfrecord")]
    for (context, lists), (theirs, their_lists) in zip(
        written(matched, tmp_path / "x.proto"), public, strict=True
    ):
        assert set(context) == set(theirs)
        assert set(lists) == set(their_lists)
        assert [row[:5] for row in lists["cl_l"]] == their_lists["cl_l"]
        for key in set(context) - {"s_h"}:
            assert np.allclose(context[key], theirs[key], rtol=1e-6, atol=0, equal_nan=True), key
        for key in set(lists) - {"cl_l"}:
            for mine, wanted in zip(lists[key], their_lists[key], strict=True):
                assert np.allclose(mine, wanted, rtol=1e-6, atol=0, equal_nan=True), key
        assert tensor_of(context["s_h"][0])[0] == tensor_of(theirs["s_h"][0])[0]


def test_what_stands_for_nan_becomes_nan_again(part, tmp_path):
    cluster = dict(part.cluster)
    gone = np.isnan(cluster["cluster_den_seed_log"])
    assert gone.any()
    features = dataclasses.replace(FEATURES, vectors={**FEATURES.vectors, "cl_m": ["cluster_den_seed_log"]})
    cluster["cluster_den_seed_log"] = np.where(gone, -999.0, cluster["cluster_den_seed_log"])
    filled = dataclasses.replace(part, cluster=cluster)
    data = list(tfrecord.messages(filled, features, np.ones(len(part)), -999.0))
    values = [x for message in data for row in example(message)[1]["cl_m"] for x in row]
    assert np.array_equal(np.isnan(values), gone)


def test_negative_whole_numbers_take_ten_bytes(part):
    window = part.window | {"flavour": np.full(len(part), -11.0)}
    data = next(tfrecord.messages(dataclasses.replace(part, window=window), FEATURES, np.ones(len(part))))
    assert example(data)[0]["f"] == [-11]


READ = """
import json, sys
import tensorflow as tf
path, sizes = sys.argv[1], json.loads(sys.argv[2])
floats = lambda key: tf.io.FixedLenFeature([sizes[key]], tf.float32)
one = lambda kind: tf.io.FixedLenFeature([1], kind)
context = {key: floats(key) for key in ("s_f", "s_m", "w_f", "w_m")}
context |= {"s_l": tf.io.FixedLenFeature([sizes["s_l"]], tf.int64), "s_h": tf.io.FixedLenFeature([], tf.string)}
context |= {"w_cl": one(tf.int64), "n_cl": one(tf.int64), "f": one(tf.int64), "wi": one(tf.float32)}
lists = {key: tf.io.FixedLenSequenceFeature([sizes[key]], tf.float32) for key in ("cl_f", "cl_m")}
lists["cl_l"] = tf.io.FixedLenSequenceFeature([sizes["cl_l"]], tf.int64)
lists |= {key: tf.io.RaggedFeature(tf.float32) for key in ("cl_h0", "cl_h1", "cl_h2", "cl_h4")}
for record in tf.data.TFRecordDataset(path):
    first, rest = tf.io.parse_single_sequence_example(record, context, lists)
    hits = tf.io.parse_tensor(first.pop("s_h"), tf.float32).numpy().tolist()
    told = {key: value.numpy().tolist() for key, value in first.items()} | {"s_h": hits}
    told |= {k: v.to_list() if isinstance(v, tf.RaggedTensor) else v.numpy().tolist() for k, v in rest.items()}
    print(json.dumps(told))
"""


@pytest.mark.slow
def test_tensorflow_reads_every_value(part, tensorflow, tmp_path):
    weight = np.linspace(0.5, 2, len(part))
    made = written(part, tmp_path / "x.proto", weight=weight)
    sizes = json.dumps({key: len(names) for key, names in FEATURES.vectors.items()})
    command = [tensorflow, "-c", READ, tmp_path / "x.proto", sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(theirs) == len(made) > 300
    for (context, lists), read in zip(made, theirs, strict=True):
        shape, values = tensor_of(context["s_h"][0])
        assert np.array_equal(np.array(values).reshape(shape), np.array(read["s_h"]).reshape(shape))
        for key, value in [*context.items(), *lists.items()]:
            if key != "s_h":
                mine, other = (list(_flat(x)) for x in (value, read[key]))
                assert np.array_equal(np.array(mine, np.float32), np.array(other, np.float32), equal_nan=True), key


def _flat(value):
    for each in value:
        yield from _flat(each) if isinstance(each, list) else [each]
