"""Releases through atlasopenmagic, against services that behave badly."""

import pytest

from kit.files import FormatError
from kit.opendata.catalogue import CatalogueParameters
from kit.opendata.releases import RELEASES, list_release
from kit.opendata.web import Patience
from tests.opendata import faulty_service as faults
from tests.opendata.faulty_service import FaultyService

QUICK = Patience(retries=2, backoff=0.01, timeout=5.0)
RELEASE = "2020e-13tev"


def test_each_dataset_is_listed_once_with_its_files_and_its_kind(service: FaultyService):
    datasets = list_release(RELEASE, service.url, QUICK)
    told = {str(entry["dataset_number"]): entry for entry in service.table("releases")[RELEASE]}
    assert {dataset.key for dataset in datasets} == set(told) == {"data", "361106", "410000", "999999"}
    for dataset in datasets:
        assert dataset.kind == ("data" if dataset.key == "data" else "simulation")
        assert [file.uri for file in dataset.files.get("noskim", [])] == told[dataset.key]["file_list"]
        assert dataset.metadata.get("cross_section_pb") == told[dataset.key]["cross_section_pb"]
        assert not {"file_list", "skims"} & set(dataset.metadata)
    assert {d.key: list(d.files) for d in datasets}["999999"] == []
    assert {d.key: list(d.files) for d in datasets}["361106"] == ["noskim", "2lep"]
    assert service.requests == {"/datasets/count": 1, "/datasets": 2}  # pages of two


@pytest.mark.parametrize("path", ["/datasets/count", "/datasets?"])
@pytest.mark.parametrize(
    "fault", [faults.busy(503), faults.busy(429, "0"), faults.cut, faults.no_json, faults.error_page]
)
def test_what_passes_is_tried_again(service: FaultyService, path: str, fault: faults.Fault):
    service.fail(path, fault, times=2)
    assert len(list_release(RELEASE, service.url, QUICK)) == 4


@pytest.mark.parametrize("fault", [faults.busy(503), faults.no_json, faults.not_found])
def test_what_does_not_pass_names_the_address(service: FaultyService, fault: faults.Fault):
    service.fail("/datasets?", fault, times=99)
    with pytest.raises(OSError, match=r"127\.0\.0\.1.*datasets\?"):
        list_release(RELEASE, service.url, QUICK)


def test_a_page_that_lacks_datasets_is_found_out(service: FaultyService):
    service.releases = {RELEASE: service.table("releases")[RELEASE]}
    whole = service.answer

    def short(target: str, span: str) -> faults.Answer:
        answer = whole(target, span)
        empty = target.startswith("/datasets?") and "skip=2" in target
        return faults.replace(answer, body=b"[]") if empty else answer

    service.answer = short
    with pytest.raises(FormatError, match="2 datasets were given, the service tells of 4"):
        list_release(RELEASE, service.url, QUICK)


def test_the_client_is_left_as_it_was_found(service: FaultyService):
    from atlasopenmagic import metadata as client

    before = client.API_BASE_URL
    list_release(RELEASE, service.url, QUICK)
    list_release("2024r-pp", service.url, QUICK)
    assert before == client.API_BASE_URL
    assert service.url not in client.get_session().adapters


def test_the_releases_offered_are_those_that_the_client_knows():
    from atlasopenmagic.metadata import RELEASES_DESC

    assert set(RELEASES) <= set(RELEASES_DESC)
    assert all(CatalogueParameters(releases=[release]).releases == [release] for release in RELEASES)
