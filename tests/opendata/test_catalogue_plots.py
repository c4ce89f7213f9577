"""The pictures of a catalogue."""

from typing import Any

from kit.opendata import catalogue_plots
from kit.opendata.captions import Caption

ABOVE = Caption("Open Data", "")


def content(**states: int) -> dict[str, Any]:
    files = [{"state": state, "size": 2_000_000_000} for state, number in states.items() for _ in range(number)]
    simulated = {
        "key": "361106",
        "name": "Zee" * 30,
        "release": "2020e-13tev",
        "kind": "simulation",
        "files": files,
    }
    data = {"key": "data", "name": "data", "release": "2020e-13tev", "kind": "data", "files": files[:1]}
    return {"datasets": [simulated, data]}


def words(picture: Any) -> str:
    axes = picture.axes[0]
    return " ".join(text.get_text() for text in [*axes.texts, *axes.get_yticklabels(), axes.xaxis.label])


def test_datasets_have_their_number_of_files():
    found = words(catalogue_plots.files_by_dataset(content(listed=3, verified=2), ABOVE))
    assert "data, 2020e-13tev" in found
    assert "(361106)" in found
    assert "Files of 2 datasets; collision data hatched" in found
    assert "5" in found


def test_states_have_their_share():
    found = words(catalogue_plots.states(content(listed=3, verified=2, failed=1), ABOVE))
    assert "4  (57.1%)" in found or "3  (42.9%)" in found
    assert "14 GB in all" in found


def test_an_empty_catalogue_says_so():
    picture = catalogue_plots.states({"datasets": []}, ABOVE)
    assert picture.axes[0].texts
