"""The log of a scan, and which raw data stay."""

import gzip
import json

import pytest

from kit.hgcroc.logbook import Logbook


def test_lines_are_added_to_those_of_earlier_attempts(tmp_path):
    for number in (1, 2):
        book = Logbook(tmp_path / "scan")
        book.note("start", number=number, path=tmp_path)
        book.exchange({"role": "server", "message": "start", "reply": "running"})
        book.close()
    lines = [json.loads(line) for line in (tmp_path / "scan" / "log.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["start", "exchange"] * 2
    assert lines[2]["number"] == 2
    assert lines[1]["reply"] == "running"
    assert all(line["time"] > 1.7e9 for line in lines)


def test_an_event_is_on_the_disk_at_once(tmp_path):
    book = Logbook(tmp_path)
    book.note("trouble", fault="no answer")
    assert json.loads((tmp_path / "log.jsonl").read_text())["fault"] == "no answer"
    book.close()


@pytest.mark.parametrize(
    ("keep", "names"),
    [("auto", ["point_2.raw.gz", "point_3_try_1.raw.gz"]), ("no", []),
     ("yes", ["point_1.raw.gz", "point_2.raw.gz", "point_3_try_1.raw.gz"])],
)  # fmt: skip
def test_raw_data_stay_where_there_is_doubt_or_where_it_is_wished(tmp_path, keep, names):
    book = Logbook(tmp_path, keep)
    book.raw(1, 0, b"good", False)
    book.raw(2, 0, b"doubtful", True)
    book.raw(3, 1, b"spoiled", True)
    book.raw(4, 0, b"", True)
    book.close()
    assert sorted(path.name for path in tmp_path.glob("raw/*")) == names
    if names:
        assert gzip.decompress((tmp_path / "raw" / "point_2.raw.gz").read_bytes()) == b"doubtful"
