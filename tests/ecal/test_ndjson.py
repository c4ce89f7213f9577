"""Windows as text, against that of the public original."""

import gzip
import json
import re
import tarfile

import pytest

from kit.ecal import ndjson
from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY


def without_name(line):
    return re.sub(r'"window_index": "[^"]*"', "", line)


def test_every_line_is_the_originals_byte_by_byte(ecal_data, table, read):
    with tarfile.open(ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz") as tar:
        public = tar.extractfile("output.ndjson").read().decode().splitlines(keepends=True)
    for labels in ("deepsc", "fixed"):
        made = list(ndjson.lines(build(read(ecal_data / "ele4_50.root"), Rules(table, labels=labels), NUMPY)))
        assert [without_name(line) for line in made] == [without_name(line) for line in public]


@pytest.fixture(scope="module")
def windows(demo_file, table, read):
    return build(read(demo_file("pairs")), Rules(table, unmatched="all", both_labels=True), NUMPY)


def test_what_is_not_there_is_a_whole_number_as_in_the_original(windows):
    line = next(json.loads(x) for x in ndjson.lines(windows) if '"is_seed_calo_matched": false' in x)
    for key in ("en_true_sim", "gen_true_eta", "max_en_cluster_insc", "seed_score"):
        assert isinstance(line[key], int), key
    assert isinstance(line["seed_simen_PU"], float)


def test_the_other_labels_stand_beside(windows):
    line = json.loads(next(ndjson.lines(windows)))
    assert list(line)[: len(ndjson.WINDOW_KEYS)] == list(ndjson.WINDOW_KEYS)
    assert set(line) - set(ndjson.WINDOW_KEYS) == {
        f"{k}_deepsc"
        for k in ("nclusters_insc", "max_en_cluster_insc", "max_deta_cluster_insc", "max_dphi_cluster_insc")
    }
    assert "in_scluster_deepsc" in line["clusters"][0]


def test_what_the_original_does_not_have_stands_at_the_end(windows):
    plain, more = (json.loads(next(ndjson.lines(windows, more=more))) for more in (False, True))
    assert list(more)[: len(plain)] == list(plain)
    assert set(more) - set(plain) == {"seed_index", "simfraction_wp", "extra_calos"}
    assert set(more["clusters"][0]) - set(plain["clusters"][0]) == {"in_mustache", "cl_calo_index"}
    assert {"index", "gen_energy"} <= set(more["extra_calos"][0])


def test_names_of_windows_are_stable(windows):
    names = [json.loads(line)["window_index"] for line in ndjson.lines(windows)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"\d+:\d+:\d+:\d+", name) for name in names)


def test_the_same_lines_are_the_same_bytes_under_any_name(tmp_path):
    for name in ("a.ndjson.gz", "b.part"):
        with ndjson.writing(tmp_path / name) as text:
            text.writelines(['{"φ": 1}\n', "{}\n"])
    assert (tmp_path / "a.ndjson.gz").read_bytes() == (tmp_path / "b.part").read_bytes()
    assert gzip.decompress((tmp_path / "b.part").read_bytes()).decode() == '{"φ": 1}\n{}\n'
