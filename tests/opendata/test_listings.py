"""Lists of files: where a file is, and when a list that was kept is used."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.opendata.listings import Dataset, RemoteFile, http_address, kept, place

FORMS = [
    "root://eospublic.cern.ch//",
    "root://eospublic.cern.ch:1094//",
    "https://opendata.cern.ch/",
    "simplecache::https://opendata.cern.ch/",
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_address_leads_to_the_same_place(form: str):
    uri = form + "eos/opendata/atlas/x/y.root"
    assert http_address(uri, "http://127.0.0.1:80/") == "http://127.0.0.1:80/eos/opendata/atlas/x/y.root"
    assert str(place(uri)) == "atlas/x/y.root"


@pytest.mark.parametrize("uri", ["x.root", "root://h//eos/opendata/../../x", "root://h//eos/opendata/"])
def test_an_address_that_leads_elsewhere_is_refused(uri: str):
    with pytest.raises(FormatError, match=r"is no (address|place)"):
        place(uri)


words = st.text(min_size=1, max_size=8)
remote = st.builds(RemoteFile, words, st.none() | st.integers(0), st.none() | words)
kinds = st.sampled_from(["data", "simulation", "unknown"])
some = st.dictionaries(words, st.lists(remote, max_size=3), max_size=2)
datasets = st.lists(
    st.builds(Dataset, words, words, words, kinds, st.dictionaries(words, st.integers()), some), max_size=4
)


@given(listed=datasets)
def test_a_list_that_is_kept_reads_back_the_same(tmp_path_factory: pytest.TempPathFactory, listed: list[Dataset]):
    path = tmp_path_factory.mktemp("lists") / "a.json"
    said: list[str] = []
    assert kept(path, {"server": "s"}, lambda: listed, said.append) == (listed, True)
    assert kept(path, {"server": "s"}, list, said.append) == (listed, False)
    assert kept(path, {"server": "s"}, list, said.append, refresh=True) == ([], True)
    assert said == []


def test_a_list_made_with_other_settings_is_told_and_made_anew(tmp_path: Path):
    said: list[str] = []
    kept(tmp_path / "a.json", {"server": "s"}, list, said.append)
    new = [Dataset("r", "1", "one", "data")]
    assert kept(tmp_path / "a.json", {"server": "t"}, lambda: new, said.append) == (new, True)
    assert said == ["the list in a.json was made with {'server': 's'}, now {'server': 't'}: made anew"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 1, "settings": {"server": "s"}, "datasets": [{}]}', "\udcff"]
)
def test_a_list_that_cannot_be_read_is_told_and_made_anew(tmp_path: Path, text: str):
    (tmp_path / "a.json").write_bytes(text.encode(errors="surrogateescape"))
    said: list[str] = []
    assert kept(tmp_path / "a.json", {"server": "s"}, list, said.append) == ([], True)
    assert len(said) == 1
    assert said[0].startswith("the list in a.json cannot be used: ")
    assert kept(tmp_path / "a.json", {"server": "s"}, list, said.append) == ([], False)
