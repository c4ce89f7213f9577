"""Records of the portal: every page, files and index files, and numbers that must agree."""

import pytest

from kit.files import FormatError
from kit.opendata.portal import list_record
from kit.opendata.web import Patience
from tests.opendata import faulty_service as faults
from tests.opendata.faulty_service import FaultyService

QUICK = Patience(retries=2, backoff=0.01, timeout=5.0)
RECORD = 19980


def test_plain_files_and_those_of_all_index_files_are_found(service: FaultyService):
    record = list_record(RECORD, service.url, QUICK)
    table = service.table("records")[str(RECORD)]
    entries = table["files"] + [file for index in table["index_files"] for file in index["files"]]
    assert len(table["index_files"]) == 7
    assert [(f.uri, f.size, f.checksum) for f in record.files["noskim"]] == [
        (entry["uri"], entry["size"], entry["checksum"]) for entry in entries
    ]
    assert (record.source, record.key, record.kind) == ("record_19980", "19980", "simulation")
    assert service.requests[f"/record/{RECORD}/filepage/3"] == 1


def test_without_asking_for_more_a_page_has_five_entries(service: FaultyService):
    """The trap that the original fell into: the fixture must have it."""
    page = service.answer(f"/record/{RECORD}/filepage/1?group=1", "")
    assert b"part4_file_index" in page.body
    assert b"part5_file_index" not in page.body


@pytest.mark.parametrize(
    ("words", "kind"), [(["Collision"], "data"), (["Simulated"], "simulation"), ([], "unknown")]
)
def test_the_kind_is_what_the_record_says(service: FaultyService, words: list[str], kind: str):
    service.records = service.table("records")
    service.records[str(RECORD)]["type"]["secondary"] = words
    assert list_record(RECORD, service.url, QUICK).kind == kind


@pytest.mark.parametrize(
    "fault", [faults.busy(503), faults.busy(429, "0"), faults.cut, faults.no_json, faults.error_page]
)
@pytest.mark.parametrize("path", ["/api/records", "filepage/2"])
def test_what_passes_is_tried_again(service: FaultyService, path: str, fault: faults.Fault):
    service.fail(path, fault, times=2)
    assert len(list_record(RECORD, service.url, QUICK).files["noskim"]) == 9


def test_a_record_that_does_not_exist_is_said_at_once(service: FaultyService):
    with pytest.raises(OSError, match="api/records/5: 404"):
        list_record(5, service.url, QUICK)


def test_an_index_file_that_holds_fewer_than_it_tells_is_refused(service: FaultyService):
    service.records = service.table("records")
    service.records[str(RECORD)]["index_files"][3]["number_files"] = 2
    with pytest.raises(FormatError, match=r"part3_file_index\.json tells of 2 files and holds 1"):
        list_record(RECORD, service.url, QUICK)


def test_pages_that_end_too_early_are_refused(service: FaultyService):
    whole = service.answer

    def short(target: str, span: str) -> faults.Answer:
        answer = whole(target, span)
        third = "filepage/3?type=index_files" in target
        return faults.replace(answer, body=b'{"total": 7, "files": []}') if third else answer

    service.answer = short
    with pytest.raises(FormatError, match="tells of 7 index_files and gives 6"):
        list_record(RECORD, service.url, QUICK)


def test_an_answer_of_another_shape_is_refused(service: FaultyService):
    service.fail("/api/records", lambda answer: faults.replace(answer, body=b'{"message": "later"}'))
    with pytest.raises(FormatError, match=r"record 19980: the portal's answer has no 'metadata'"):
        list_record(RECORD, service.url, QUICK)
