"""Overlap removal, rule by rule."""

import numpy as np
import pytest

from kit.opendata.chunks import Objects
from kit.opendata.overlaps import without_overlaps

Rows = dict[str, list[tuple[float, float, float]]]  # of one event, by type: pt, eta, phi


def left(rows: Rows, tracks: list[int] | None = None, pt_min: float = 0.0) -> dict[str, list[float]]:
    """Return the pT of what is left of the objects above `pt_min`."""
    objects = {}
    for letter, some in rows.items():
        columns = np.array(some, "f8").reshape(-1, 3).T
        more = {"tracks": np.array(tracks)} if letter == "j" and tracks else {}
        objects[letter] = Objects(np.array([0, len(some)]), *columns, **more)
    found = without_overlaps(objects, {letter: some.pt >= pt_min for letter, some in objects.items()}, 1.0)
    return {letter: some.pt.tolist() for letter, some in found.items()}


def test_a_jet_that_is_an_electron_goes():
    assert left({"e": [(30, 0, 0)], "j": [(40, 0, 0.19), (50, 0, 0.5)]}) == {"e": [30], "j": [50]}


def test_the_circle_is_closed():
    assert left({"e": [(30, 0, 3.1)], "j": [(40, 0, -3.1)]}) == {"e": [30], "j": []}


@pytest.mark.parametrize(
    ("pt", "tracks", "jets"),
    [(30.0, None, []), (30.0, [2], []), (30.0, [3], [40.0]), (28.0, [2], [40.0]), (28.1, [2], [])],
)
def test_a_muon_takes_a_jet_unless_it_has_tracks_or_is_much_harder(pt: float, tracks: list[int] | None, jets):
    found = left({"m": [(pt, 0, 0)], "j": [(40, 0, 0.1)]}, tracks)
    assert found["j"] == jets
    assert found["m"] == ([] if jets else [pt])  # in the next step the jet that stays takes the muon


@pytest.mark.parametrize(
    ("pt", "distance", "stays"), [(20, 0.41, True), (20, 0.39, False), (100, 0.15, True), (100, 0.13, False)]
)
def test_leptons_near_to_jets_go_within_a_cone_that_shrinks(pt: float, distance: float, stays: bool):
    # the muon is soft beside the jet, so that the jet is spared before
    assert left({"m": [(pt, 0, 0)], "j": [(1000, distance, 0)]})["m"] == ([pt] if stays else [])


def test_later_steps_look_at_survivors():
    # the jet is gone for the electron, so it cannot take the muon, which is 0.3 from it
    assert left({"e": [(30, 0, 0)], "m": [(20, 0, 0.4)], "j": [(50, 0, 0.1)]}) == {"e": [30], "m": [20], "j": []}
    # without the electron it does
    assert left({"m": [(20, 0, 0.4)], "j": [(50, 0, 0.1)]}) == {"m": [], "j": [50]}


def test_photons_take_jets_and_electrons_take_photons_and_taus():
    rows = {
        "e": [(30, 0, 0)],
        "j": [(40, 0, 2.0)],
        "g": [(35, 0, 0.05), (36, 0, 2.1)],
        "t": [(25, 0.05, 0), (26, 2, 2)],
    }
    assert left(rows) == {"e": [30], "j": [], "g": [36], "t": [26]}


def test_tagged_jets_take_no_part():
    assert left({"e": [(30, 0, 0)], "b": [(40, 0, 0.05)]}) == {"e": [30], "b": [40]}


def test_shares_and_cones_go_by_momenta_in_gev():
    e, j = (Objects(np.array([0, 1]), *np.array([[pt], [0.0], [phi]])) for pt, phi in ((20e3, 0.0), (50e3, 0.39)))
    passing = {"e": np.ones(1, bool), "j": np.ones(1, bool)}
    found = without_overlaps({"e": e, "j": j}, passing, 1000.0)
    assert (found["e"].pt.tolist(), found["j"].pt.tolist()) == ([], [50e3])


def test_what_fails_the_cuts_takes_nobody_along():
    assert left({"e": [(20, 0, 0)], "j": [(40, 0, 0.1)]}, pt_min=25) == {"e": [], "j": [40]}


def test_events_do_not_see_each_other():
    offsets = np.array([0, 1, 1])
    e = Objects(offsets, *np.array([[30.0], [0.0], [0.0]]))
    j = Objects(np.array([0, 0, 1]), *np.array([[40.0], [0.0], [0.0]]))
    found = without_overlaps({"e": e, "j": j}, {"e": e.pt > 0, "j": j.pt > 0}, 1.0)
    assert len(found["j"].pt) == 1
