"""Config files written by the kit are those of the originals, byte for byte."""

import pytest

from kit.mu2e.calculation import calculate, inputs_of
from kit.mu2e.config_texts import config_text
from kit.mu2e.yield_options import YieldParameters
from tests.mu2e.conftest import MDC2020I

MDS1 = {
    "tag": "MDS1a",
    "compat": "mds1",
    "write_config": "mds1",
    "labels": {"njobs": "10", "cosmicjob": "MDC2020ae", "primaries": "MDC2020ai", "stops": "MDC2020p"},
}
NEWER = "MDC2025ac"
MDS3 = {
    "tag": "MDS3c",
    "compat": "mds3",
    "write_config": "mds3",
    "labels": {"njobs": "10", "cosmicjob": NEWER, "cosmicgen": "Signal", "primaries": NEWER, "stops": NEWER},
}


def _text(values, cosmics):
    p = YieldParameters(**values)
    inputs, _ = inputs_of(p)
    return config_text(p, calculate(p, inputs, {}, cosmics), inputs)


@pytest.fixture
def cosmics():
    return {"from_cosmics": True, "livetime_on_spill": 0.0, "primaries": "any"}


def test_the_older_original_comes_out_byte_for_byte(public, tables, cosmics):
    values = (
        MDS1
        | tables
        | cosmics
        | {"efficiencies": str(public / MDC2020I), "processes": ["CeMLL", "DIO", "CRYCosmic"]}
    )
    seconds = sum(3600.125 + i for i in range(10))
    assert _text(values, seconds) == (public / "config_mds1_MDS1a.txt").read_text()


def test_the_newer_original_comes_out_byte_for_byte(public, tables, cosmics):
    seconds = sum(8870.5 + i for i in range(10))
    assert _text(MDS3 | tables | cosmics, seconds) == (public / "config_mds3_MDS3c.txt").read_text()


def test_one_calculation_serves_table_and_config(tables):
    """The original computes its config with other parameters than its table: mode and endpoint."""
    p = YieldParameters(**tables, run_mode="2BB", rmc_kmax=92.0, write_config="mds3")
    inputs, _ = inputs_of(p)
    made = calculate(p, inputs, {})
    number = {row.process: row.number for row in made.rows}["RMCExternal"]
    assert f'rmc_external_events="{number!r}"' in config_text(p, made, inputs)


def test_the_right_older_dialect_keeps_all_digits_of_the_livetime():
    text = _text({"write_config": "mds1", "livetime_wall": 36046.25, "livetime_on_spill": 0.0}, 0.0)
    assert "livetime= 36046.25\n" in text
    assert "rmue= 1e-13\n" in text
