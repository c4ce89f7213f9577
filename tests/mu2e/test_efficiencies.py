"""Simulation efficiencies: published rates, both spellings, and rows that cannot be used."""

import pytest

from kit.files import FormatError
from kit.mu2e.efficiencies import RUN_1430, Rates, read_efficiencies
from tests.mu2e.conftest import MDC2020I
from tests.mu2e.conftest import RUN_1430 as TABLE


def test_published_rates_come_out(public):
    older, warnings = read_efficiencies(public / MDC2020I)
    assert warnings == []
    assert older.muon_stops == pytest.approx(1.5321744e-3, rel=1e-7)
    assert older.ipa_stops == pytest.approx(2.06064e-8, rel=1e-5)
    newer, warnings = read_efficiencies(public / TABLE)
    assert warnings == []
    assert newer.muon_stops == pytest.approx(7.6711407768e-4, rel=1e-10)
    assert newer.ipa_stops == pytest.approx(1.3431495492e-8, rel=1e-10)
    assert newer.pion_stops == pytest.approx(9.711785605e-4, rel=1e-9)
    assert newer.muon_error == pytest.approx(0.0023, abs=5e-5)


def test_the_rates_that_the_kit_brings_are_those_of_the_public_table(public):
    table, own = read_efficiencies(public / TABLE)[0], Rates(RUN_1430, "own")
    for name in ("muon_stops", "ipa_stops", "pion_stops", "pion_filter", "pion_weight", "muon_error", "ipa_error"):
        assert getattr(own, name) == getattr(table, name)


def test_both_spellings_of_the_lifetime_weight_are_one(public, tmp_path):
    text = (public / TABLE).read_text()
    spelt = tmp_path / "new.csv"
    spelt.write_text(text.replace("LifeimeWeight", "LifetimeWeight"))
    assert read_efficiencies(spelt)[0].pion_weight == read_efficiencies(public / TABLE)[0].pion_weight
    both = tmp_path / "both.csv"
    both.write_text(text + "PiSelectedLifetimeWeight_sampler,0,0,2393.6\n")
    with pytest.raises(
        FormatError, match=r"both\.csv:11: PiSelectedLifetimeWeight_sampler stands here for the second"
    ):
        read_efficiencies(both)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("MuBeamCat,213816,100000000,0.00213816", ":2: MuBeamCat stands here for the second time"),
        ("IPAStopsCat,1,2", ":2: 'IPAStopsCat,1,2', should be tag, numerator, denominator, efficiency"),
        ("IPAStopsCat,1,2,x", ":2: 'IPAStopsCat,1,2,x', should be"),
        ("IPAStopsCat,1,2,-0.5", "should be numbers ≥ 0"),
        ("IPAStopsCat,1,2,nan", "should be numbers ≥ 0"),
    ],
)
def test_rows_that_cannot_be_used_are_refused_with_their_line(tmp_path, line, said):
    path = tmp_path / "eff.csv"
    path.write_text(f"MuBeamCat,213816,100000000,0.00213816\n{line}\n")
    with pytest.raises(FormatError, match=said):
        read_efficiencies(path)


def test_a_row_that_is_needed_and_absent_is_named(public):
    older, _ = read_efficiencies(public / MDC2020I)
    with pytest.raises(FormatError, match=r"simeff_MDC2020i\.csv: there is no row PiBeamCat"):
        _ = older.pion_stops


def test_a_row_that_disagrees_with_itself_is_told(tmp_path):
    path = tmp_path / "eff.csv"
    path.write_text("MuBeamCat,213816,100000000,0.0021382\n")
    rates, warnings = read_efficiencies(path)
    assert rates.table["MuBeamCat"].efficiency == 0.0021382
    assert len(warnings) == 1
    assert "MuBeamCat is 0.0021382, but 213816/1e+08 is 0.00213816" in warnings[0]


def test_a_mark_of_the_encoding_does_not_hide_the_first_row(public, tmp_path):
    path = tmp_path / "eff.csv"
    path.write_text("\ufeff" + (public / TABLE).read_text())
    assert read_efficiencies(path)[0].muon_stops == read_efficiencies(public / TABLE)[0].muon_stops


def test_an_empty_table_is_refused(tmp_path):
    path = tmp_path / "eff.csv"
    path.write_text("TABLE SimEfficiencies\n")
    with pytest.raises(FormatError, match="no rows"):
        read_efficiencies(path)


def test_a_table_that_is_no_text_is_refused_by_name(tmp_path):
    path = tmp_path / "table.txt"
    path.write_bytes(b"\xbf")
    with pytest.raises(FormatError, match=r"table\.txt: byte 0 is not UTF-8"):
        read_efficiencies(path)
