"""What the parameters ask for: means from the yields, and a checksum of all that decides."""

import pytest

from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.requests import pools_of, request_for, yields_of
from kit.mu2e.table import read_yields
from kit.run import Run
from tests.mu2e.ensembles import count
from tests.mu2e.test_primaries import REAL


@pytest.fixture
def asked(make_catalogue, tmp_path):
    run = count(make_catalogue(DIO=([400], 9000), CRYCosmic=([300], 8000.0)), processes=["DIO", "CRYCosmic"])
    made = read_yields(run.directory / "yields.json")
    with Run("mu2e/mixture", MixtureParameters(output="m", interactive=False)) as inside:
        pools = pools_of(made, inside)
    return made, pools


def test_means_are_those_of_the_yields_in_ascii_order(asked):
    made, pools = asked
    request = request_for(MixtureParameters(), made, pools)
    assert list(request.means) == ["CRYCosmic", "DIO"]
    assert request.means["DIO"] == next(row.mean for row in made.rows if row.process == "DIO")
    assert request.ensemble == request.tag == "demo"
    assert request_for(MixtureParameters(ensemble="mine"), made, pools).ensemble == "mine"
    assert request.facts["synthetic"] == ["CRYCosmic", "DIO"]


def test_the_configuration_is_that_of_what_decides(asked):
    made, pools = asked
    same = request_for(MixtureParameters(), made, pools).configuration
    assert request_for(MixtureParameters(compression="lz4", branches=["mom"]), made, pools).configuration == same
    for values in ({"seed": 2}, {"subruns": 3}, {"chunk": 5000}, {"order": "random"}, {"mode": "asimov"}):
        assert request_for(MixtureParameters(**values), made, pools).configuration != same


def test_a_run_of_yields_is_found_by_its_folder_or_its_file(make_catalogue):
    run = count(make_catalogue(DIO=([400], 9000)), processes=["DIO"])
    with Run("mu2e/mixture", MixtureParameters(output="m", interactive=False)) as inside:
        for name in (str(run.directory), str(run.directory / "yields.json")):
            assert yields_of(MixtureParameters(yields=name), inside).tag == "demo"


def test_whole_events_are_fewer_than_their_tracks(public, tmp_path):
    import json

    entry = {"files": [str(public / REAL)], "tree": ["TrkAnaNeg/trkana", "TrkAnaPos/trkana"]}
    (tmp_path / "c.json").write_text(json.dumps({"CE": entry}))
    run = count(tmp_path / "c.json", processes=["CE"])
    made = read_yields(run.directory / "yields.json")
    with Run("mu2e/mixture", MixtureParameters(output="m", interactive=False)) as inside:
        pools = pools_of(made, inside)
    entries, events = (
        request_for(MixtureParameters(unit=unit), made, pools).means["CeMLL"] for unit in ("entry", "event")
    )
    assert 0.9 < events / entries < 1
