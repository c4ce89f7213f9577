"""Tables of working points: public ones, our own, and what is refused."""

import json

import numpy as np
import pytest

from kit.ecal import working_points
from kit.files import FormatError, write_json

PUBLISHED = [  # ET in GeV, |η|, threshold; of electron_run3_PU65
    (0.5, 0.1, 0.0017002331307039),
    (4.0, 0.2, 0.0070107214467558),
    (30, 1.5, 0.0002801932231745),
    (99.9, 2.99, 0.0090704141811167),
    (1000, 5, 0.0090704141811167),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_the_published_thresholds_also_beyond_the_table(table, row):
    assert table.at(np.array([row[0]]), np.array([row[1]]))[0] == row[2]


def test_every_public_table_is_read_and_found_by_name(ecal_data, monkeypatch):
    monkeypatch.setenv("KIT_SHARED_DATA", str(ecal_data.parent))
    for path in (ecal_data / "working_points").glob("*.json"):
        name = path.stem.removeprefix("simfraction_")
        assert working_points.find(name) == path
        read = working_points.read(path)
        assert read.name == name
        assert read.thresholds.shape == (len(read.et_edges) - 1, len(read.eta_edges) - 1)


def test_what_is_written_reads_back(tmp_path):
    values = np.arange(1, 7).reshape(2, 3) / 1000
    write_json(
        tmp_path / "mine.json", working_points.table("simfraction_thres", "x", [1, 5, 9], [0, 1, 2, 3], values)
    )
    read = working_points.read(tmp_path / "mine.json")
    assert np.array_equal(read.thresholds, values)
    assert read.at(np.array([5.0, 4.99]), np.array([2.0, 1.99])).tolist() == [0.006, 0.002]


def test_the_shipped_table_covers_the_calorimeter():
    read = working_points.read(working_points.find("demo"))
    assert read.eta_edges[[0, -1]].tolist() == [0, 3]
    assert ((read.thresholds > 0) & (read.thresholds < 1)).all()


def test_a_name_that_is_no_table_says_where_it_was_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_SHARED_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"working point muon: .*simfraction_muon.json"):
        working_points.find("muon")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda c: c.update(schema_version=1), "schema_version is 1, should be 2"),
        (lambda c: c["corrections"][0].update(name="other"), "corrections are other, should be simfraction_thres"),
        (lambda c: c["corrections"][0]["inputs"].reverse(), r"inputs is \['seed_eta', 'seed_et'\]"),
        (lambda c: c["corrections"][0]["data"]["edges"][0].reverse(), "edges of seed_et are not rising"),
        (lambda c: c["corrections"][0]["data"]["content"].pop(), "content has 143 values, the edges ask for 144"),
        (lambda c: c["corrections"][0]["data"].update(nodetype="formula"), "nodetype is formula"),
    ],
)
def test_a_table_that_is_not_one_is_refused_with_file_and_item(tmp_path, table_path, change, text):
    content = json.loads(table_path.read_text())
    change(content)
    write_json(tmp_path / "bad.json", content)
    with pytest.raises(FormatError, match=rf"bad\.json: .*{text}"):
        working_points.read(tmp_path / "bad.json")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -5.0, 7.0])
def test_content_that_is_no_share_is_refused_with_its_bin(tmp_path, value):
    values = np.array([[0.0, 0.1, 1.0], [0.2, value, 0.3]])
    content = working_points.table("simfraction_thres", "x", [1, 5, 9], [0, 1, 2, 3], values)
    (tmp_path / "bad.json").write_text(json.dumps(content))
    text = (
        rf"bad\.json: content at seed_et 5 to 9, seed_eta 1 to 2 is {value:g}, should be a share within 0 and 1$"
    )
    with pytest.raises(FormatError, match=text):
        working_points.read(tmp_path / "bad.json")


def test_a_table_of_nothing_but_faults_tells_how_many(tmp_path):
    content = working_points.table("simfraction_thres", "x", [1, 5, 9], [0, 1, 2, 3], np.full((2, 3), 7.0))
    (tmp_path / "bad.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"seed_eta 0 to 1 is 7, should be .*; 5 more are wrong$"):
        working_points.read(tmp_path / "bad.json")
