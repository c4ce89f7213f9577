"""What the panel of an ensemble shows: numbers of its run, the ledger, logs of a production."""

import numpy as np
import pytest

from kit.files import FormatError, resolve
from kit.mu2e.ensemble_view import ledger_records, log_comparison, view_of
from kit.mu2e.sealing import seal
from tests.mu2e.ensembles import count, draw


@pytest.fixture
def yields(make_catalogue):
    return count(make_catalogue(CeMLL=([900], 900), DIO=([900], 9000)), processes=["CeMLL", "DIO"], r_mue=1e-11)


def test_a_run_shows_what_it_drew_and_what_was_expected(yields):
    run = draw(yields)
    view = view_of(run.directory)
    assert view.comparison.drawn.sum(axis=0).tolist() == list(run.summary["drawn"].values())
    assert view.drawn.sum() == run.summary["rows"]
    assert sum(counts.sum() for counts in view.expected.counts.values()) == pytest.approx(
        sum(run.summary["expected"].values())
    )
    assert "ensemble demo: 3 600 s on spill" in view.words


def test_a_blinded_run_shows_only_what_is_open(yields, tmp_path):
    commitment = seal(tmp_path / "s.json", 1e-12, 1e-11)
    view = view_of(draw(yields, blind=True, sealed="s.json").directory)
    assert (view.expected, view.comparison) == (None, None)
    assert view.drawn.sum() > 0
    assert f"commitment {commitment}" in view.words


def test_other_runs_are_refused(yields):
    with pytest.raises(FormatError, match="is a run of mu2e/yields, should be one of mu2e/mixture"):
        view_of(yields.directory)


def test_the_ledger_tells_what_is_used_and_what_is_free(yields):
    run = draw(yields)
    records = ledger_records(resolve("outputs/mu2e/ledger.sqlite"))
    assert sum(record["taken"] for record in records) == run.summary["rows"]
    assert {record["free"] + record["taken"] for record in records} == {900}
    assert {record["state"] for record in records} == {"used"}
    assert {record["file"] for record in records} == {"CeMLL 001430_00000000", "DIO 001430_00000000"}
    assert ledger_records(resolve("nowhere.sqlite")) == []


def test_logs_of_a_production_are_compared_with_their_own_weights(public):
    found = log_comparison(public / "samplinginput_summary_synthetic.log")
    assert found.processes == ("CORSIKACosmic", "CeMLL", "DIO")
    assert found.drawn.tolist() == [[12345678, 5407, 1118560], [0, 31, 830]]
    assert found.expected[1, 2] == pytest.approx(0.965517 * 861)
    assert np.isfinite(found.pulls).all()
