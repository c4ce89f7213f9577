"""Parameters of `yields`: one exposure, known processes, and a config file below what is given."""

import pytest

from kit.mu2e.configs import read_config
from kit.mu2e.yield_options import YieldParameters, with_config
from kit.parameters import ParameterError


def test_the_default_is_an_hour_on_spill():
    assert YieldParameters().exposure().on_spill == 3600


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"livetime_on_spill": 0.0}, "no exposure: set one of livetime_on_spill, livetime_wall, pot"),
        ({"livetime_wall": 10.0}, "livetime_on_spill and livetime_wall are set, should be one of"),
        ({"livetime_wall": 10.0}, "livetime_on_spill: 0"),
        ({"livetime_wall": 10.0}, r"3600 s on spill are 11145\.5 s of wall .*, 3600 s of .* are 1162\.8 s"),
        ({"livetime_on_spill": -1.0}, "livetime_on_spill is -1.0 s, below"),
        ({"livetime_on_spill": float("nan")}, "livetime_on_spill is nan"),
        ({"run_mode": "3BB"}, "run_mode is '3BB', should be 1BB or 2BB"),
        ({"compat": "mds2"}, "compat is 'mds2', should be none or mds1 or mds3"),
        ({"livetme_wall": 1.0}, r"did you mean livetime_wall\?"),
        ({"processes": ["Dio"]}, "there is no process Dio"),
        ({"processes": ["CE", "CeMLL"]}, "processes names CeMLL twice"),
        ({"rmc_emin": 95.0}, "rmc_emin is 95 MeV, not below rmc_kmax, 90.1 MeV"),
        ({"dio_emin": 105.0}, "dio_emin is 105.0 MeV, above 104.97 MeV"),
        ({"ipa_emin": 49.0}, "ipa_emin is 49.0 MeV, below 50.0 MeV"),
        ({"ipa_emin": 100.5}, "ipa_emin is 100.5 MeV, above 100.0 MeV"),
        ({"systematics": {"DIO": -0.1}}, "systematics of DIO is -0.1, should be a relative error ≥ 0"),
        ({"systematics": {"XX": 0.1}}, "systematics: there is no process XX"),
        ({"from_cosmics": True, "livetime_on_spill": 0.0}, "from_cosmics needs primaries"),
        ({"tag": "ümlaut"}, "tag is 'ümlaut'"),
        ({"labels": {"stops": "x\nNPOT= 3"}}, "labels: stops is 'x.*should be one line without double quotes"),
        ({"labels": {"job": "x"}}, "labels names job; known are cosmicgen"),
        ({"tag": "a.b"}, "tag is 'a.b'"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_used_are_refused(values, said):
    with pytest.raises(ParameterError, match=said):
        YieldParameters.build(values)


def test_the_originals_print_the_livetime_of_cosmics_with_six_digits():
    values: dict = {"from_cosmics": True, "livetime_on_spill": 0.0, "primaries": "demo"}
    found = {
        compat: YieldParameters(**values, compat=compat).exposure(36046.25) for compat in ("none", "mds1", "mds3")
    }
    assert found["none"].on_spill == 36046.25
    assert found["mds1"].wall == 36046.2
    assert found["mds3"].on_spill == 36046.2


def test_a_config_stands_below_what_is_given(public):
    path = public / "config_mds1_MDS1a.txt"
    p, told = with_config(YieldParameters(config=str(path), dio_emin=100.0), read_config(path), path)
    assert (p.livetime_wall, p.livetime_on_spill, p.dio_emin, p.r_mue) == (36046.2, 0.0, 100.0, 1e-13)
    assert p.labels["stops"] == "MDC2020p"
    assert told == ["dio_emin is 95.0 in config_mds1_MDS1a.txt, overridden by 100.0"]


def test_an_exposure_that_is_given_replaces_that_of_the_config(public):
    path = public / "config_mds3_MDS3c.txt"
    given = YieldParameters(config=str(path), pot=1e18, livetime_on_spill=0.0)
    p, told = with_config(given, read_config(path), path)
    assert (p.pot, p.livetime_on_spill) == (1e18, 0.0)
    assert told == ["livetime_on_spill is 88750.0 in config_mds3_MDS3c.txt, overridden by pot"]
