"""Spectra from tables: published fractions, a plain reference, and what is no table."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.spectra import KNOWN_TABLES, Points, dio, ipa, read_table, rpc
from tests.mu2e import reference
from tests.mu2e.conftest import DIO, IPA, RPC


def test_published_fractions_come_out(spectra):
    assert spectra.dio.total == pytest.approx(99.1249026268, rel=1e-12)
    assert spectra.dio.above(75, "bins") == pytest.approx(4.188075916508229e-07, rel=1e-12)
    assert spectra.dio.above(95, "bins") == pytest.approx(3.6370937564509995e-11, rel=1e-12)
    assert spectra.dio.above(95, "integral") == pytest.approx(3.624260540915543e-11, rel=1e-12)
    assert spectra.rpc.above(50, "bins") == pytest.approx(0.9888395980170387, rel=1e-12)
    assert spectra.ipa.above(70) == pytest.approx(2.7508662210508935e-06, rel=1e-12)
    assert spectra.ipa.first_row_above(70) == pytest.approx(2.5382611674609233e-06, rel=1e-12)


def test_integrating_instead_of_summing_lowers_decays_in_orbit_by_a_third_of_a_percent(spectra):
    shift = spectra.dio.above(95, "integral") / spectra.dio.above(95, "bins") - 1
    assert shift == pytest.approx(-0.0035, abs=1e-4)


@pytest.mark.parametrize("threshold", [1.0, 50.0, 75.003, 95.0, 99.994, 104.9, 104.97])
def test_fractions_equal_those_of_a_plain_loop(public, spectra, threshold):
    rows = reference.rows(public / DIO)
    assert spectra.dio.above(threshold, "bins") == pytest.approx(reference.share(rows, threshold), rel=1e-13)
    assert spectra.dio.above(threshold, "integral") == pytest.approx(
        reference.trapezoid(rows, threshold), rel=1e-10, abs=1e-25
    )
    rpc_rows = reference.rows(public / RPC)
    assert spectra.rpc.above(threshold, "bins") == pytest.approx(reference.share(rpc_rows, threshold), rel=1e-13)


@given(st.floats(50, 100))
def test_ipa_fractions_equal_those_of_a_plain_loop(threshold):
    table = ipa()
    rows = list(zip(table.energies.tolist(), table.fractions.tolist(), strict=True))
    assert table.above(threshold) == pytest.approx(reference.ipa(rows, threshold), rel=1e-9)


def test_a_threshold_inside_a_bin_splits_it_when_integrating():
    table = Points("flat", "test", np.array([0.5, 1.5, 2.5, 3.5]), np.ones(4), 1.0)
    assert table.above(1.25, "integral") == pytest.approx(2.75 / 4)
    assert table.above(1.25, "bins") == 3 / 4


@pytest.mark.parametrize("make", [dio, rpc, ipa])
def test_bins_share_out_what_lies_between_their_edges(make):
    table = make()
    edges = np.array([86.0, 90.0, 95.0, 100.0])
    shares = table.per_bin(edges)
    assert shares.sum() == pytest.approx(table.above(86.0, "integral") - table.above(100.0, "integral"), rel=1e-9)
    assert (shares > 0).all()


@pytest.mark.parametrize("threshold", [49.99, 100.01])
def test_a_threshold_outside_the_ipa_table_is_refused(threshold):
    with pytest.raises(ValueError, match=rf"threshold is {threshold} MeV, outside 50 to 100 MeV"):
        ipa().above(threshold)


def test_where_the_original_would_take_a_fraction_of_one_it_is_refused():
    with pytest.raises(ValueError, match=r"no row above 100\.0 MeV"):
        ipa().first_row_above(100.0)


@pytest.mark.parametrize("name", [DIO, RPC, IPA])
def test_public_tables_are_known_plain_and_compressed(public, tmp_path, name):
    content = (public / name).read_bytes()
    plain = gzip.decompress(content) if name.endswith("gz") else content
    for path, bytes_ in ((tmp_path / "a.tbl", plain), (tmp_path / "b.tbl.gz", gzip.compress(plain))):
        path.write_bytes(bytes_)
        energies, values, digest = read_table(path)
        assert digest in KNOWN_TABLES
        assert len(energies) == len(values) == len(plain.split()) // 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 2\n2 x\n", r":2: '2 x', should be two numbers"),
        ("1 2\n2\n", r":2: '2', should be two numbers"),
        ("1 2\n2 3 4\n", r":2: '2 3 4', should be two numbers"),
        ("1 2\n2 -3\n", r":2: density is -3, should be a number ≥ 0"),
        ("1 2\n2 nan\n", r":2: density is nan"),
        ("1 2\n1 3\n", r":2: energy is 1 MeV after 1, should increase"),
        ("", "0 rows, should be a spectrum"),
        ("1 0\n2 0\n", "2 rows, should be a spectrum"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "bad.tbl"
    path.write_text(text)
    with pytest.raises(FormatError, match=said) as fault:
        read_table(path)
    assert str(path) in str(fault.value)


def test_a_table_that_is_cut_short_is_refused(tmp_path, public):
    path = tmp_path / "cut.tbl.gz"
    path.write_bytes((public / DIO).read_bytes()[:5000])
    with pytest.raises(FormatError, match="cut short or damaged gzip"):
        read_table(path)


def test_a_table_with_a_mark_of_its_encoding_is_read_and_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "a.tbl").write_bytes("\ufeff1.0 2.0\n2.0 3.0\n".encode())
    energies, values, _ = read_table(tmp_path / "a.tbl")
    assert (energies.tolist(), values.tolist()) == ([1.0, 2.0], [2.0, 3.0])
    (tmp_path / "b.tbl").write_bytes(b"root\0\0\1\xff" * 100)
    with pytest.raises(FormatError, match=r"b\.tbl is no text, should be a table of two numbers a line"):
        read_table(tmp_path / "b.tbl")


def test_a_packed_table_whose_middle_is_damaged_is_refused_by_name(tmp_path):
    packed = bytearray(gzip.compress(b"100.0 1e-12\n100.1 5e-13\n" * 20))
    packed[12] ^= 0xFF
    (tmp_path / "a.tbl").write_bytes(bytes(packed))
    with pytest.raises(FormatError, match=r"a\.tbl: cut short or damaged gzip"):
        read_table(tmp_path / "a.tbl")


@pytest.mark.parametrize(
    ("make", "name"), [(ipa, "rpcspectrum.tbl"), (rpc, "ipa_spec_eff.tbl"), (dio, "rpcspectrum.tbl")]
)
def test_a_public_table_of_another_spectrum_is_refused(public, make, name):
    with pytest.raises(FormatError, match=f"is the public table {name}, should be of the same kind as"):
        make(public / name)


@pytest.mark.parametrize("rows", ["50 0.5\n60 0.6\n", "50 1.5\n60 0.6\n", "50 0.5\n60 0\n"])
def test_fractions_that_are_none_are_refused(tmp_path, rows):
    path = tmp_path / "ipa.tbl"
    path.write_text(rows)
    with pytest.raises(FormatError, match="should lie in 0 to 1, above 0, and never rise"):
        ipa(path)
