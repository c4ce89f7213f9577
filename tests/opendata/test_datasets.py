"""Which datasets are wanted."""

import pytest

from kit.opendata.datasets import WANTED, choose
from kit.opendata.listings import Dataset, RemoteFile
from kit.parameters import ParameterError

FILES = {"noskim": [RemoteFile("a"), RemoteFile("b")], "4lep": [RemoteFile("c")]}
FOUND = [
    Dataset("2020e-13tev", "data", "data", "data", {}, FILES),
    Dataset("2020e-13tev", "361106", "Zee", "simulation", {}, FILES),
    Dataset("2020e-13tev", "999", "empty", "simulation", {}, {}),
    Dataset("record_7", "7", "Seven", "unknown", {}, {"noskim": [RemoteFile("d")]}),
]


def chosen(keys=(), skim="noskim", kind="both"):
    said: list[str] = []
    return [
        (d.key, [f.uri for f in files]) for d, files in choose(FOUND, keys, skim, WANTED[kind], said.append)
    ], said


def test_all_datasets_of_all_kinds():
    everything = [("data", ["a", "b"]), ("361106", ["a", "b"]), ("999", []), ("7", ["d"])]
    assert chosen() == (everything, [])


def test_one_kind_leaves_out_what_nobody_tells_the_kind_of_and_says_so():
    found, said = chosen(kind="data")
    assert found == [("data", ["a", "b"])]
    assert said == ["left out, since nobody tells whether it is data or simulation: record_7; kind both takes all"]


@pytest.mark.parametrize("key", ["361106", "Zee"])
def test_a_dataset_by_number_or_short_name_and_records_as_they_are_named(key: str):
    assert chosen([key])[0] == [("361106", ["a", "b"]), ("7", ["d"])]


def test_a_skim_of_those_that_have_it():
    assert chosen(skim="4lep")[0] == [("data", ["c"]), ("361106", ["c"]), ("999", []), ("7", ["d"])]


def test_what_is_not_there_is_refused_with_what_is():
    with pytest.raises(ParameterError, match=r"datasets names Zeee, which is not there.*Zee.*there are 361106"):
        chosen(["Zeee"])
    with pytest.raises(ParameterError, match=r"skim is 3lep, which no dataset wanted has.*4lep, noskim"):
        chosen(skim="3lep")
