"""Expected events: the public values of both originals to 1e-12, the right ones against a plain computation."""

import pytest

from kit.mu2e.beam import from_on_spill, from_pot, from_wall
from kit.mu2e.captures import Closure, TwoComponents
from kit.mu2e.efficiencies import read_efficiencies
from kit.mu2e.processes import (
    DEFAULT_PROCESSES,
    Spectra,
    Thresholds,
    canonical,
    conversions,
    cosmic_seconds,
    expected,
    family,
    fraction,
    rate_for,
)
from tests.mu2e import reference
from tests.mu2e.conftest import DIO, IPA, MDC2020I, RPC, RUN_1430


def _at(dio=95.0, rpc=50.0, rmc=85.0, ipa=70.0):
    return Thresholds(dio, rpc, rmc, ipa)


MDS1 = [
    ("CeMLL", _at(), 1.010267414905263),
    ("DIO", _at(dio=0.0), 6486281760721.804),
    ("DIO", _at(dio=75.0), 2716504.042976558),
    ("DIO", _at(dio=95.0), 235.9121489450327),
    ("DIO", _at(dio=100.0), 2.176884799788697),
    ("RPCInternal", _at(), 32.194519694315815),
    ("RPCExternal", _at(), 4665.87241946606),
    ("CRYCosmic", _at(), 1162.8),
    ("IPAMichel", _at(), 205258336.2406015),
]


@pytest.mark.parametrize(("process", "at", "value"), MDS1)
def test_the_older_original_comes_out(public, spectra, process, at, value):
    rates, _ = read_efficiencies(public / MDC2020I)
    exposure = from_wall(3600.0, "1BB", "cycle")
    assert exposure.pot == pytest.approx(1.0827067669172932e16, rel=1e-12)
    assert expected(process, exposure, rates, spectra, at, r_mue=1e-13, compat="mds1") == pytest.approx(
        value, rel=1e-12
    )


MDS3 = [
    ("CeMLL", _at(), 1916.0961855050725),
    ("DIO", _at(dio=75.0), 5152183429.715579),
    ("DIO", _at(dio=95.0), 447436.3540174859),
    ("DIO", _at(dio=100.0), 4128.729284562976),
    ("CRYCosmic", _at(), 4400000.0),
    ("RPCInternal", _at(), 224544.2949013279),
    ("RPCExternal", _at(), 32542651.434975058),
    ("RMCInternal", _at(), 13593076.94682041),
    ("RMCExternal", _at(), 1970011151.713103),
    ("RMCExternal", _at(rmc=57.0), 274001754527.22537),
    ("IPAMichel", _at(), 1300280.306259368),
    ("IPAMichel", _at(ipa=50.0), 33375504157.37737),
]


@pytest.mark.parametrize(("process", "at", "value"), MDS3)
def test_the_newer_original_comes_out(spectra, rates, process, at, value):
    exposure = from_on_spill(4.4e6, "1BB", "spill")
    assert expected(process, exposure, rates, spectra, at, r_mue=1e-13, compat="mds3") == pytest.approx(
        value, rel=1e-12
    )


def test_the_newer_original_comes_out_with_another_endpoint_and_way_of_counting_protons(spectra, rates):
    exposure = from_on_spill(4.4e6, "1BB", "spill")
    far = Spectra(spectra.dio, spectra.rpc, Closure(101.85), spectra.ipa)
    found = expected("RMCExternal", exposure, rates, far, _at(), r_mue=0.0, compat="mds3")
    assert found == pytest.approx(25719220974.258076, rel=1e-12)
    assert exposure.pot == pytest.approx(4.101474926253687e19, rel=1e-12)
    assert from_on_spill(4.4e6, "1BB", "cycle").pot == pytest.approx(4.0969296305779925e19, rel=1e-12)


@pytest.mark.parametrize("mode", ["1BB", "2BB"])
@pytest.mark.parametrize("process", DEFAULT_PROCESSES)
def test_the_default_equals_a_plain_computation(public, spectra, rates, mode, process):
    at = _at(96.0, 55.0, 80.0, 71.3)
    _cycle, _per_cycle, _duty, per_spill = reference.MODES[mode]
    seconds, of = 12345.0, reference.stops(public / RUN_1430)
    pot = seconds / 1.695e-6 * per_spill
    rpc = (
        pot
        * of["pion"]
        * of["filter"]
        * of["weight"]
        * 0.0215
        * reference.share(reference.rows(public / RPC), 55.0)
    )
    rmc = pot * of["muon"] * 0.609 * 1.43e-5 * reference.closure(80.0, 90.1)
    value = {
        "CeMLL": pot * of["muon"] * 0.609 * 2e-13,
        "DIO": pot * of["muon"] * 0.391 * reference.share(reference.rows(public / DIO), 96.0),
        "CRYCosmic": seconds,
        "RPCExternal": rpc,
        "RPCInternal": rpc * 0.0069,
        "RMCExternal": rmc,
        "RMCInternal": rmc * 0.0069,
        "IPAMichel": pot * of["ipa"] * 0.9299 * reference.ipa(reference.rows(public / IPA), 71.3),
    }[process]
    found = expected(process, from_on_spill(seconds, mode, "spill"), rates, spectra, at, r_mue=2e-13)
    assert found == pytest.approx(value, rel=1e-12)


def test_a_published_number_of_conversions_comes_out_and_leads_back_to_the_rate(rates):
    assert conversions(1e18, rates, 1e-13) == pytest.approx(46.717, abs=1e-3)
    assert rate_for(conversions(1e18, rates, 3e-15), 1e18, rates) == pytest.approx(3e-15, rel=1e-14)


@pytest.mark.parametrize("process", ["RMCExternal", "RMCInternal"])
def test_what_the_older_original_cannot_compute_is_refused(spectra, rates, process):
    exposure = from_wall(3600.0, "1BB", "cycle")
    with pytest.raises(ValueError, match=f"{process} cannot be computed as in mds1"):
        expected(process, exposure, rates, spectra, _at(), r_mue=1e-13, compat="mds1")


def test_the_older_original_forgets_the_mode_for_ipa_electrons_and_the_default_does_not(spectra, rates):
    one, two = (from_wall(3600.0, mode, "cycle") for mode in ("1BB", "2BB"))
    old = [expected("IPAMichel", e, rates, spectra, _at(), r_mue=0, compat="mds1") for e in (one, two)]
    right = [expected("IPAMichel", e, rates, spectra, _at(), r_mue=0) for e in (one, two)]
    assert old[0] == old[1]
    assert right[1] / right[0] == pytest.approx(two.pot / one.pot, rel=1e-12)


def test_the_two_component_model_has_its_own_rate(spectra, rates):
    exposure = from_pot(1e18, "1BB", "spill")
    newer = Spectra(spectra.dio, spectra.rpc, TwoComponents(), spectra.ipa)
    found = [expected("RMCExternal", exposure, rates, s, _at(rmc=57.0), r_mue=0) for s in (newer, spectra)]
    assert found[0] / found[1] == pytest.approx(1.41 / 1.43, rel=1e-12)


def test_the_pion_constants_of_2024_take_the_energy_cut_only_outside_compat(spectra, rates):
    exposure = from_pot(1e18, "1BB", "spill")
    values: dict = {"r_mue": 0.0, "pion_chain": "fixed_2024"}
    cut = expected("RPCExternal", exposure, rates, spectra, _at(), **values)
    whole = expected("RPCExternal", exposure, rates, spectra, _at(), **values, compat="mds1")
    assert cut / whole == pytest.approx(spectra.rpc.above(50, "bins"), rel=1e-12)


def test_off_spill_cosmics_are_counted_between_the_spills():
    exposure = from_wall(1000.0, "1BB", "spill")
    assert cosmic_seconds(exposure, False, "none") == pytest.approx(323.0)
    assert cosmic_seconds(exposure, True, "none") == pytest.approx(1000.0)
    assert cosmic_seconds(exposure, True, "mds1") == pytest.approx(646.0)
    with pytest.raises(ValueError, match="mds3 has no cosmics off spill"):
        cosmic_seconds(exposure, True, "mds3")


def test_processes_have_one_name_each():
    assert [canonical(name) for name in ("CE", "ExternalRPC", "InternalRPC", "DIO")] == [
        "CeMLL", "RPCExternal", "RPCInternal", "DIO",
    ]  # fmt: skip
    assert family("CORSIKACosmic") == "cosmic"
    with pytest.raises(ValueError, match="there is no process Dio; should be one of CeMLL, DIO"):
        canonical("Dio")


def test_processes_without_a_threshold_count_whole(spectra):
    assert [fraction(name, spectra, _at(), "bins", "none") for name in ("CeMLL", "CRYCosmic")] == [1.0, 1.0]
