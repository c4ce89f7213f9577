"""From exposure to rows: efficiencies, errors, what is left, and samples of another part of the spectrum."""

import math
from dataclasses import replace

import pytest

from kit.files import FormatError
from kit.mu2e.calculation import calculate, inputs_of
from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.headroom import p_exhaust
from kit.mu2e.primaries import measure
from kit.mu2e.yield_options import YieldParameters
from kit.parameters import ParameterError


@pytest.fixture
def pools(make_catalogue):
    path = make_catalogue(CeMLL=([40, 60], 500), DIO=([300], 1000), CRYCosmic=([200], 8000.0))
    return {name: measure(primary) for name, primary in read_catalogue(path).items()}


def _rows(p, pools=(), used=None):
    return {row.process: row for row in calculate(p, inputs_of(p)[0], dict(pools), used=used).rows}


P = YieldParameters(r_mue=1e-12, processes=["CeMLL", "DIO", "CRYCosmic"])


def test_the_sample_holds_number_times_efficiency(pools):
    rows = _rows(P, pools)
    assert (rows["CeMLL"].reco, rows["CeMLL"].normaliser, rows["CeMLL"].efficiency) == (100, 500, 0.2)
    assert rows["CeMLL"].mean == pytest.approx(rows["CeMLL"].number * 0.2)
    assert rows["CRYCosmic"].mean == pytest.approx(3600 * 200 / 8000)
    assert sum(row.weight for row in rows.values()) == pytest.approx(1)


def test_errors_are_binomial_and_for_cosmics_poisson(pools):
    rows = _rows(P, pools)
    assert rows["CeMLL"].stat == pytest.approx(math.sqrt(0.8 / 100))
    assert rows["CRYCosmic"].stat == pytest.approx(1 / math.sqrt(200))
    assert rows["DIO"].rate == pytest.approx(0.0023, abs=5e-5)
    assert rows["CRYCosmic"].rate is None
    assert rows["DIO"].syst is None
    assert _rows(P.with_values(systematics={"DIO": 0.05}), pools)["DIO"].syst == 0.05


def test_what_the_ledger_has_used_is_no_more_available(pools):
    source = pools["DIO"].sources[0]
    row = _rows(P, pools, {(source.identity, source.tree): 250})["DIO"]
    assert row.available == 50
    assert row.headroom == pytest.approx(50 / row.mean)
    assert row.p_exhaust == p_exhaust(50, row.mean)


def test_without_primaries_numbers_stand_before_selection_only():
    row = _rows(P)["DIO"]
    assert (row.mean, row.available, row.weight) == (None, None, None)
    assert row.number > 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dio_emin": 96.0}, "dio_emin is 96 MeV, but DIO was generated above 95 MeV"),
        ({"dio_emin": 80.0}, "dio_emin is 80 MeV, below 85 MeV where the polynomial ends: give dio_table"),
    ],
)
def test_another_part_of_the_spectrum_is_refused(pools, values, said):
    with pytest.raises(ParameterError, match=said):
        _rows(P.with_values(**values), pools)


def test_another_endpoint_is_refused(make_catalogue):
    primary = read_catalogue(make_catalogue(RMCExternal=([50], 1000)))["RMCExternal"]
    pool = measure(replace(primary, kmax=88.0))
    p = YieldParameters(processes=["RMCExternal"])
    with pytest.raises(ParameterError, match=r"rmc_kmax is 90\.1 MeV, but RMCExternal was generated with 88 MeV"):
        _rows(p, {"RMCExternal": pool})


def test_a_threshold_beyond_the_endpoint_leaves_nothing_and_says_so():
    p = YieldParameters(processes=["RPCExternal", "CeMLL"], rpc_emin=140.0)
    made = calculate(p, inputs_of(p)[0], {})
    assert made.rows[0].number == 0
    assert made.warnings == ["RPCExternal: nothing of the spectrum lies above 140 MeV, so that none is expected"]


def test_weighted_entries_count_by_their_weight_and_last_by_their_largest(make_catalogue):
    primary = read_catalogue(make_catalogue(RPCExternal=([200], 1000)))["RPCExternal"]
    pool = measure(replace(primary, weight_branch="t0"))
    total, largest = pool.weights
    row = _rows(YieldParameters(processes=["RPCExternal"]), {"RPCExternal": pool})["RPCExternal"]
    assert (row.reco, row.efficiency) == (pytest.approx(total), pytest.approx(total / 1000))
    assert row.available == pytest.approx(total / largest)
    old = YieldParameters(processes=["RPCExternal"], compat="mds1")
    assert _rows(old, {"RPCExternal": pool})["RPCExternal"].normaliser == pytest.approx(1000 * 1148 / 1287106)


def test_the_other_way_of_integrating_is_told_as_a_systematic(tables):
    row = _rows(YieldParameters(processes=["DIO"], **tables))["DIO"]
    assert row.integral_shift == pytest.approx(-0.0035, abs=1e-4)


def test_a_table_that_nobody_knows_is_told(tmp_path):
    path = tmp_path / "mine.tbl"
    path.write_text("90 1\n95 1\n105 1\n")
    _, warnings = inputs_of(YieldParameters(dio_table=str(path)))
    assert warnings[0].startswith("mine.tbl is no public table known here (md5 ")


OF_2024 = {"RPCExternal": 4665.87241946606, "RPCInternal": 32.194519694315815}  # expected in an hour of wall time


@pytest.mark.parametrize("table", ["simeff_MDC2020i.csv", "simeff_Sim_best_v1_1_run1430.csv", ""])
@pytest.mark.parametrize(
    "values", [{"compat": "mds1"}, {"pion_chain": "fixed_2024", "pot_method": "cycle", "rpc_emin": 0.0}]
)
def test_the_constants_of_2024_need_no_row_of_a_table_and_know_no_error(public, tables, table, values):
    named = tables | {"efficiencies": str(public / table) if table else ""}
    exposure = {"livetime_on_spill": 0.0, "livetime_wall": 3600.0}
    rows = _rows(YieldParameters(processes=[*OF_2024, "DIO"], **named, **exposure, **values))
    assert {name: rows[name].number for name in OF_2024} == pytest.approx(OF_2024, rel=1e-12)
    assert {rows[name].rate for name in OF_2024} == {None}
    assert {rows[name].source.rpartition("; ")[2] for name in OF_2024} == {"constants of 2024"}
    assert rows["DIO"].rate > 0


def test_pions_of_a_table_need_its_rows(public):
    p = YieldParameters(processes=["RPCExternal"], efficiencies=str(public / "simeff_MDC2020i.csv"))
    with pytest.raises(FormatError, match=r"simeff_MDC2020i\.csv: there is no row PiBeamCat"):
        _rows(p)


@pytest.mark.parametrize("kind", ["dio", "rpc"])
def test_a_threshold_beyond_its_table_is_refused(tmp_path, kind):
    path = tmp_path / "cut.tbl"
    path.write_text("40 3\n45 2\n50 1\n")
    process = {"dio": "DIO", "rpc": "RPCInternal"}[kind]
    p = YieldParameters(processes=[process], **{f"{kind}_table": str(path), f"{kind}_emin": 95.0})
    with pytest.raises(ParameterError, match=rf"{kind}_emin is 95 MeV, but cut\.tbl ends at 5[0-9.]+ MeV"):
        _rows(p)
