"""Windows from text: the original's archives, our own lines, and what is refused."""

import gzip
import json
import tarfile

import numpy as np
import pytest

from kit.ecal import ndjson
from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from kit.ecal.ndjson_reading import read_lines, text_features
from kit.files import FormatError

FEATURES = read_features()


@pytest.fixture(scope="module")
def windows(ecal_data, table, read):
    return build(read(ecal_data / "ele4_50.root"), Rules(table), NUMPY)


def assert_equal(part, windows):
    assert np.array_equal(part.offsets, windows.offsets)
    groups = FEATURES.groups
    for group, held, made in (
        ("cl_features", part.cluster, windows.cluster),
        ("window_metadata", part.window, windows.window),
    ):
        for name in groups[group]:
            if name in ("window_index", "flavour"):
                continue
            assert np.array_equal(held[name], made[name], equal_nan=held[name].dtype.kind == "f"), name
    assert np.array_equal(part.hits.offsets, windows.hits.offsets)
    assert np.array_equal(part.hits["share"], windows.hits["share"])


def test_the_originals_archive_holds_our_windows(ecal_data, windows):
    [part] = read_lines(ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz", FEATURES, 11)
    assert_equal(part, windows)
    assert set(part.window["flavour"]) == {11.0}


@pytest.mark.parametrize("ending", ["ndjson", "ndjson.gz", "ndjson.tar.gz"])
def test_what_is_written_reads_back_however_it_is_packed(windows, tmp_path, ending):
    text = "".join(ndjson.lines(windows))
    path = tmp_path / f"x.{ending}"
    if ending == "ndjson":
        path.write_text(text)
    elif ending == "ndjson.gz":
        with gzip.open(path, "wt") as stream:
            stream.write(text)
    else:
        (tmp_path / "output.ndjson").write_text(text)
        with tarfile.open(path, "w:gz") as tar:
            tar.add(tmp_path / "output.ndjson", "output.ndjson")
    [part] = read_lines(path, FEATURES, 22)
    assert_equal(part, windows)
    assert part.window["window_index"].tolist() == windows.window["window_index"].tolist()


def test_what_only_this_kit_knows_reads_back_too(windows, tmp_path):
    path = tmp_path / "x.ndjson"
    path.write_text("".join(ndjson.lines(windows, more=True)))
    assert text_features(path, FEATURES) == FEATURES
    [part] = read_lines(path, FEATURES, 11)
    for held, made, names in (
        (part.cluster, windows.cluster, FEATURES.groups["extra_cl"]),
        (part.window, windows.window, FEATURES.groups["extra_window"]),
        (part.calos.columns, windows.calos.columns, FEATURES.groups["extra_calos"]),
    ):
        for name in names:
            assert np.array_equal(held[name], made[name]), name
    assert np.array_equal(part.calos.offsets, windows.calos.offsets)


def test_text_of_the_original_lacks_the_groups_of_this_kit_and_a_file_without_windows_none(ecal_data, tmp_path):
    groups = text_features(ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz", FEATURES).groups
    assert set(FEATURES.groups) - set(groups) == {"extra_cl", "extra_window", "extra_calos"}
    (tmp_path / "x.ndjson").touch()
    assert text_features(tmp_path / "x.ndjson", FEATURES) == FEATURES


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('"in_mustache":', '"in_mustach":', "lacks in_mustache of cluster 0"),
        ('"gen_energy":', '"energy":', "lacks gen_energy of particle 0"),
        ('"extra_calos": [', '"extra_calos": [7, ', "should be a window as JSON"),
        ('"simfraction_wp":', '"wp":', "lacks simfraction_wp"),
    ],
)
def test_what_the_first_window_has_no_other_may_lack(windows, tmp_path, old, new, text):
    lines = list(ndjson.lines(windows, more=True))[:3]
    lines[2] = lines[2].replace(old, new, 1)
    (tmp_path / "x.ndjson").write_text("".join(lines))
    with pytest.raises(FormatError, match=rf"x\.ndjson:3: {text}"):
        list(read_lines(tmp_path / "x.ndjson", FEATURES, 11))


def test_an_archive_read_as_one_stream_has_a_header_before_its_first_line(windows, tmp_path):
    (tmp_path / "x.ndjson").write_text(
        "output.ndjson\0\0\0000644\0ustar  \0" + "".join(ndjson.lines(windows)) + "\0" * 512
    )
    [part] = read_lines(tmp_path / "x.ndjson", FEATURES, 11)
    assert_equal(part, windows)


def test_types_do_not_depend_on_the_content(windows, tmp_path):
    (tmp_path / "x.ndjson").write_text(next(ndjson.lines(windows)))
    [part] = read_lines(tmp_path / "x.ndjson", FEATURES, 11)
    assert part.cluster["calo_score"].dtype == np.float64
    assert part.cluster["other_calo_index"].dtype == np.int64


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda line: line[:200], r":2: [\w' ]+(?<! at) at column \d+; should be a window as JSON"),
        (lambda _: '{"run_id": "1', r":2: Invalid control character at column 14; should be a window as JSON"),
        (lambda line: line.replace('"et_seed":', '"et_sed":'), ":2: lacks et_seed"),
        (lambda line: line.replace('"cl_nxtals":', '"nx":', 1), ":2: lacks cl_nxtals of cluster 0"),
        (lambda _: json.dumps({"run_id": 1}), ":2: lacks .*, …"),
    ],
)
def test_a_broken_line_is_named_with_its_number(windows, tmp_path, change, text):
    lines = list(ndjson.lines(windows))[:3]
    lines[1] = change(lines[1]).rstrip("\n") + "\n"
    (tmp_path / "x.ndjson").write_text("".join(lines))
    with pytest.raises(FormatError, match=rf"x\.ndjson{text}"):
        list(read_lines(tmp_path / "x.ndjson", FEATURES, 11))


def test_an_archive_that_was_cut_is_damaged(ecal_data, tmp_path):
    whole = (ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz").read_bytes()
    (tmp_path / "x.ndjson.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r"x\.ndjson\.tar\.gz: is cut or damaged"):
        list(read_lines(tmp_path / "x.ndjson.tar.gz", FEATURES, 11))
    (tmp_path / "y.ndjson.gz").write_text("no gzip")
    with pytest.raises(FormatError, match=r"y\.ndjson\.gz: is cut or damaged"):
        list(read_lines(tmp_path / "y.ndjson.gz", FEATURES, 11))


def test_nothing_is_nothing(tmp_path):
    (tmp_path / "x.ndjson").touch()
    assert list(read_lines(tmp_path / "x.ndjson", FEATURES, 11)) == []
