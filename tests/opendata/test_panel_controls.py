"""The controls of the panel of masses: they show a view without doing anything, and tell what a person sets."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import traitlets

from kit.opendata.captions import Caption
from kit.opendata.mass_view import MassView, view_of
from kit.opendata.panel_controls import MassControls
from kit.opendata.spectra import Grid


class Owner(traitlets.HasTraits):
    """What the controls follow, as the panel is."""

    scale = traitlets.Unicode("log")
    joined = traitlets.Int(1)
    marked, normalised, within = traitlets.Bool(True), traitlets.Bool(False), traitlets.Bool(False)
    min_entries, verdict = traitlets.Int(0), traitlets.Unicode("any")
    this = SimpleNamespace(spectra=SimpleNamespace(grid=Grid(10.0, 100)))
    sets: dict[str, Any] = {"this": None, "more": None}  # noqa: RUF012 - read only


@pytest.fixture
def heard() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def controls(heard: list[tuple[str, Any]]) -> MassControls:
    return MassControls(Owner(), lambda name, value: heard.append((name, value)))


def view(peak: float) -> MassView:
    counts = np.array([0, 3, 9, 40, *range(39, 9, -1), 0, 0, 4, 1])
    return view_of(("2e", "e0e1"), counts, 10.0, 1, peak=peak, events=9, above=Caption("", ""), name="")


def test_to_show_a_view_does_nothing(controls: MassControls, heard: list[tuple[str, Any]]):
    controls.show(view(50.0), ["more", "2e e0e1"])
    assert (controls.peak.value, controls.peak_slider.value, controls.split.value) == (50.0, 5, 340.0)
    assert list(controls.overlays.options) == ["more", "2e e0e1"]
    assert controls.overlays.value == ("more", "2e e0e1")
    assert heard == []


def test_what_a_person_sets_is_told_in_gev(controls: MassControls, heard: list[tuple[str, Any]]):
    controls.show(view(50.0), [])
    controls.peak_slider.value = 7
    controls.split.value = 120.0
    controls.scale.value = "linear"
    controls.joined.value = 5
    controls.overlays.value = ("more",)
    assert heard == [
        ("peak_cut", 70.0),
        ("split", 120.0),
        ("scale", "linear"),
        ("joined", 5),
        ("overlays", ("more",)),
    ]


def test_controls_follow_the_attributes(heard: list[tuple[str, Any]]):
    owner = Owner()
    controls = MassControls(owner, lambda *told: heard.append(told))
    owner.scale, owner.min_entries = "linear", 40
    assert (controls.scale.value, controls.min_entries.value) == ("linear", 40)
    assert heard == []
