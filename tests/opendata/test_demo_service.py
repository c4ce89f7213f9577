"""The services of the demo have the shapes of the real ones."""

import json
import urllib.request

import pytest

from tests.opendata.faulty_service import FaultyService


def get(service: FaultyService, target: str, **headers: str):
    request = urllib.request.Request(service.url + target, headers=headers)
    return urllib.request.urlopen(request, timeout=5)


def test_the_clients_of_the_portal_find_what_they_ask_for(service: FaultyService):
    """What cernopendata-client asks: the record's page first, then its JSON."""
    assert get(service, "/record/19980").status == 200
    record = json.load(get(service, "/api/records/19980"))
    assert record["metadata"]["recid"] == "19980"
    assert len(record["metadata"]["_file_indices"]) == 7
    grouped = json.load(get(service, "/record/19980/filepage/2?group=1&perPage=5"))
    assert (grouped["index_files"]["total"], len(grouped["index_files"]["files"])) == (7, 2)


@pytest.mark.parametrize("key", ["361106", "zee", "data"])
def test_a_dataset_is_found_by_number_and_by_short_name(service: FaultyService, key: str):
    assert json.load(get(service, f"/metadata/2020e-13tev/{key}"))["dataset_number"] in (361106, "data")


@pytest.mark.parametrize(
    ("span", "here"), [("bytes=5-9", slice(5, 10)), ("bytes=5-", slice(5, None)), ("bytes=-7", slice(-7, None))]
)
def test_ranges(service: FaultyService, span: str, here: slice):
    target = service.table("records")["19980"]["files"][0]["uri"].removeprefix("root://eospublic.cern.ch/")
    whole = get(service, target).read()
    answer = get(service, target, Range=span)
    assert (answer.status, answer.read()) == (206, whole[here])
    assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize("target", ["/eos/../records.json", "/eos/none", "/record/1", "/x"])
def test_nothing_else_is_served(service: FaultyService, target: str):
    with pytest.raises(urllib.error.HTTPError, match="404") as found:
        get(service, target)
    found.value.close()
