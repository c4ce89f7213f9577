"""The numbers of the study as columns."""

import numpy as np
import pytest

from kit.ecal.resolution import measure, scan
from kit.ecal.resolution_tables import at_working_points, fit_rows, scan_rows
from kit.ecal.working_points import WorkingPoint
from tests.ecal.test_resolution import scanned

EDGES = np.array([0.0, 5, 10]), np.array([0.0, 1, 2])
POINTS = WorkingPoint("mine", "", *EDGES, np.array([[0.01, 0.01], [0.01, 0.5]]))


def test_a_row_for_each_bin_and_number_tried():
    found = scan(scanned(), np.array([1e-3, 0.01, 0.5]), *EDGES)
    rows = scan_rows(found, "threshold", *EDGES)
    assert {len(column) for column in rows.values()} == {12}
    (here,) = np.flatnonzero((rows["et_min"] == 5) & (rows["eta_min"] == 0) & (rows["threshold"] == 0.01))
    assert rows["w68"][here] == found.w68[1, 0, 1]
    assert rows["mustache_scale"][here] == found.mustache[1, 0, 0]
    assert rows["entries"][here] == found.entries[1, 0]


def test_each_particle_is_summed_at_the_threshold_of_its_bin():
    particles = scanned()
    r = at_working_points(particles, POINTS)
    last = (particles.et >= 5) & (particles.abs_eta >= 1)
    first = particles.energy.reshape(-1, 3)
    assert r[last] == pytest.approx(first[last, 0] / 10)
    assert r[~last] == pytest.approx(first[~last, :2].sum(axis=1) / 10)


def test_filled_bins_are_fitted_at_their_working_point_and_in_the_mustache():
    particles = scanned(4000)
    rows = fit_rows(particles, POINTS, np.array([[True, True], [True, False]]))
    assert np.isnan(rows["sigma"]).tolist() == [False, False, False, True]
    assert rows["entries"].sum() == 4000
    inside = (particles.et <= 5) & (particles.abs_eta <= 1)
    assert rows["sigma"][0] == pytest.approx(measure(at_working_points(particles, POINTS)[inside])[3], rel=0.1)
    assert rows["mustache_sigma"][0] == pytest.approx(0.1, rel=0.1)
    assert rows["mustache_peak"][0] == pytest.approx(0.8, abs=4 * rows["mustache_peak_error"][0])
