"""Pseudo-experiments: disjoint, or with an overlap that is told."""

import json

import numpy as np
import pytest

from kit.files import resolve
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.planning import parts_for
from kit.mu2e.pseudo import overlapping_plans, shared
from kit.mu2e.requests import pools_of, request_for, yields_of
from kit.run import RunError
from tests.mu2e.ensembles import count, draw, read


@pytest.fixture
def yields(make_catalogue):
    return count(make_catalogue(DIO=([200, 200], 1800), CRYCosmic=([300], 8000.0)), processes=["DIO", "CRYCosmic"])


def _pairs(run, number):
    folder = f"pseudo_{number:04d}"
    found = read(run, "src_file", "src_entry", folder=folder)
    return set(zip(found["src_file"].tolist(), found["src_entry"].tolist(), strict=True))


def test_pseudo_experiments_share_no_event_and_differ(yields):
    run = draw(yields, pseudo_experiments=2, subruns=2)
    one, two = _pairs(run, 0), _pairs(run, 1)
    assert not one & two
    drawn = run.summary["drawn"]
    assert len(one) + len(two) == run.summary["rows"] == sum(map(sum, drawn.values()))
    assert drawn["DIO"][0] != drawn["DIO"][1] or drawn["CRYCosmic"][0] != drawn["CRYCosmic"][1]
    assert Ledger(resolve("outputs/mu2e/ledger.sqlite")).ensembles() == {"demo": "used"}


def test_more_than_the_pool_allows_are_refused_with_how_many_it_does(yields):
    with pytest.raises(RunError, match="only 2 of 9 pseudo-experiments share no event; allow_overlap draws all"):
        draw(yields, pseudo_experiments=9, output="p")
    assert Ledger(resolve("outputs/mu2e/ledger.sqlite")).ensembles() == {}


def test_overlap_is_told_by_process_and_pair(yields):
    run = draw(yields, pseudo_experiments=4, allow_overlap=True, subruns=1)
    report = json.loads((run.directory / "overlap.json").read_text())
    assert set(report) == {"CRYCosmic", "DIO"}
    assert len(report["DIO"]["pairs"]) == 6
    events = [_pairs(run, i) for i in range(4)]
    source = {0: "CRYCosmic", 1: "DIO", 2: "DIO"}
    for name, of in report.items():
        for pair, share in of["pairs"].items():
            i, j = map(int, pair.split("-"))
            one, two = ({p for p in events[k] if source[p[0]] == name} for k in (i, j))
            assert share == pytest.approx(len(one & two) / min(len(one), len(two)))
        assert of["expected"] == pytest.approx(
            run.summary["expected"][name] / {"DIO": 400, "CRYCosmic": 300}[name], rel=0.3
        )


def test_overlapping_pseudo_experiments_share_no_more_than_a_random_draw(yields):
    made = yields_of(MixtureParameters(yields=str(yields.directory), export_grid=False), yields)
    pools = pools_of(made, yields)
    request = request_for(MixtureParameters(mode="asimov", export_grid=False), made, pools)
    free = {part.shelf.key: [(0, part.items)] for part in parts_for(pools, request)[2]}
    plans, _ = overlapping_plans(request, pools, free, 80)
    for found in shared(plans).values():
        assert found["mean"] == pytest.approx(found["expected"], abs=0.03)
    first = [sum(stop - start for of in plan.takes for part, start, stop in of[1] if part == 1) for plan in plans]
    each = plans[0].totals["DIO"] / 2
    assert np.mean(first) == pytest.approx(each, rel=0.05)  # of two files alike
