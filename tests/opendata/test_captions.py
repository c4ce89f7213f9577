"""What stands above the pictures: experiment and energy of the events, and never an experiment above the demo."""

import pytest

from kit.opendata.captions import caption


def words(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("schemas", "name", "energy", "style"),
    [
        (["2020e-13tev"], "ATLAS", 13.0, "ATLAS"),
        (["2016e-8tev"], "ATLAS", 8.0, "ATLAS"),
        (["2020e-13tev", "2025e-13tev-beta"], "ATLAS", 13.0, "ATLAS"),
        (["2020e-13tev", "2016e-8tev"], "ATLAS", None, "ATLAS"),
        (["nanoaod"], "CMS", None, "CMS"),
        (["nanoaod", "2020e-13tev"], "Open Data", None, ""),
        ([], "Open Data", None, ""),
        (["foreign"], "Open Data", None, ""),
    ],
)
def test_the_caption_tells_what_all_events_share(schemas, name, energy, style):
    found = caption(schemas)
    assert (found.name, found.energy, found.style) == (name, energy, style)


@pytest.mark.parametrize(("schemas", "name"), [(["nanoaod"], "CMS"), (["nanoaod", "2020e-13tev"], "Open Data")])
def test_a_style_asked_for_changes_the_look_and_never_the_name(schemas, name):
    found = caption(schemas, style="ATLAS")
    assert (found.style, found.name) == ("ATLAS", name)


def test_generated_events_never_bear_the_name_of_an_experiment():
    found = caption(["2020e-13tev"], generated=True)
    assert (found.name, found.text, found.style) == ("Demo", "generated events", "ATLAS")


def test_the_caption_stands_above_the_axes_with_the_energy():
    _, axes = caption(["2020e-13tev"]).axes()
    assert words(axes) == ["ATLAS", "Open Data", r"$\sqrt{s}$ = 13 TeV"]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6])
def test_a_grid_shows_as_many_panels_as_there_are_and_one_caption_along_the_first_row(number):
    picture, panels = caption(["2020e-13tev"]).panels(number)
    assert len(panels) == number == sum(axes.get_visible() for axes in picture.axes)
    held = [text for axes in panels for text in words(axes) if text]
    assert held == ["ATLAS", "Open Data", r"$\sqrt{s}$ = 13 TeV"]
    assert words(panels[min(number, 3) - 1])[-1] == held[-1]


def test_nothing_to_draw_is_said_in_words():
    picture = caption(["nanoaod"]).nothing("no event passed the selection")
    assert "no event passed the selection" in words(picture.axes[0])


def test_simulation_is_called_so_with_the_luminosity_that_its_weights_stand_for():
    _, axes = caption(["nanoaod"], kinds=["simulation"], luminosity=10.0).axes()
    assert words(axes) == ["CMS", "Simulation Open Data", "10 fb$^{-1}$"]
    _, (first, _, last) = caption(["2020e-13tev"], kinds=["simulation"], luminosity=10.0).panels(3)
    assert words(first) == ["ATLAS", "Simulation Open Data", ""]
    assert words(last) == ["", "", r"10 fb$^{-1}$, $\sqrt{s}$ = 13 TeV"]


@pytest.mark.parametrize("kinds", [[], ["data"], ["unknown"], ["data", "simulation"], ["simulation", "unknown"]])
def test_only_what_is_all_simulation_is_called_so(kinds: list[str]):
    assert caption(["nanoaod"], kinds=kinds).text == "Open Data"
