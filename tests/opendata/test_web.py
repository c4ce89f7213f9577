"""Requests: what passes is tried again, what does not is said at once."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kit.opendata.web import Passing, Patience, fetch_json, json_of, opened, patiently, refuse
from tests.opendata import faulty_service as faults
from tests.opendata.faulty_service import FaultyService

QUICK = Patience(retries=3, backoff=0.01, timeout=2.0)
COUNT = "/datasets/count?release_name=2020e-13tev"
PASSING = {
    "500": faults.busy(500),
    "503": faults.busy(503),
    "429": faults.busy(429, "0"),
    "cut": faults.cut,
    "no JSON": faults.no_json,
    "the page for errors": faults.error_page,
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_tried_again(service: FaultyService, name: str):
    service.fail("/datasets/count", PASSING[name], times=3)
    assert fetch_json(service.url + COUNT, QUICK) == {"count": 4}
    assert service.requests["/datasets/count"] == 4


@pytest.mark.parametrize("name", PASSING)
def test_patience_ends(service: FaultyService, name: str):
    service.fail("/datasets/count", PASSING[name], times=9)
    with pytest.raises(OSError, match=r"datasets/count.*\(tried 4 times\)"):
        fetch_json(service.url + COUNT, QUICK)
    assert service.requests["/datasets/count"] == 4


def test_what_is_not_there_is_said_at_once(service: FaultyService):
    with pytest.raises(OSError, match="api/records/7: 404"):
        fetch_json(f"{service.url}/api/records/7", QUICK)
    assert service.requests["/api/records/7"] == 1


@pytest.mark.parametrize("text", [b'[{"a": 1}, ', b'{"a": [1', b'{"a": "hal', b'{"a": {"b"'])
def test_half_an_answer_is_said_to_end_early(text: bytes):
    with pytest.raises(Passing, match=rf"x: ends early, after {len(text)} bytes with .*; should be whole JSON"):
        json_of("x", text)


@pytest.mark.parametrize("text", [b"", b"<!DOCTYPE html>", b"[1,, 2]", b"nonsense", b"\xff\xfe"])
def test_what_is_no_json_is_shown_from_its_beginning(text: bytes):
    with pytest.raises(Passing, match=r"x: begins with b'.*; should be JSON"):
        json_of("x", text)


def test_a_slow_answer_is_tried_again(service: FaultyService):
    service.fail("/datasets/count", faults.slow(0.6))
    assert fetch_json(service.url + COUNT, Patience(2, 0.01, 0.3)) == {"count": 4}


def test_nobody_there_is_a_fault_that_names_the_address():
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9/x.*refused.*tried 2 times"):
        fetch_json("http://127.0.0.1:9/x", Patience(1, 0.01, 1.0))


def test_the_wait_is_the_one_that_the_server_asks_for(service: FaultyService):
    service.fail("/datasets/count", faults.busy(429, "0.3"))
    begin = time.monotonic()
    fetch_json(service.url + COUNT, Patience(1, 30.0, 2.0))
    assert 0.3 <= time.monotonic() - begin < 5


def test_the_wait_doubles(monkeypatch: pytest.MonkeyPatch):
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    def attempt() -> None:
        message = "busy"
        raise Passing(message)

    with pytest.raises(OSError, match=r"busy \(tried 5 times\)"):
        patiently(attempt, Patience(4, 1.0, 1.0))
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_a_wait_may_be_told_as_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with pytest.raises(Passing) as found:
        refuse("x", 503, "busy", {"Retry-After": date})
    assert found.value.after == pytest.approx(29.5, abs=1.5)
    with pytest.raises(Passing) as found:
        refuse("x", 503, "busy", {"Retry-After": "soon"})
    assert found.value.after is None


@pytest.mark.parametrize("status", [200, 206, 304])
def test_a_good_status_is_not_refused(status: int):
    refuse("x", status, "fine", {})


def test_bytes_come_from_where_they_are_wanted(service: FaultyService):
    entry = service.table("records")["19980"]["files"][0]
    url = entry["uri"].replace("root://eospublic.cern.ch/", service.url)
    with opened(url, 2.0, 100) as stream:
        rest = b"".join(stream.blocks)
    assert (stream.start, stream.total, len(rest)) == (100, entry["size"], entry["size"] - 100)
