"""Config files of both dialects: read, written, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.configs import MDS1_KEYS, MDS3_KEYS, read_config, typed, write_mds1, write_mds3


def test_the_older_dialect_is_read(public):
    config = read_config(public / "config_mds1_MDS1a.txt")
    assert config.dialect == "mds1"
    assert config.unknown == ()
    assert config.parameters == {
        "r_mue": 1e-13,
        "dio_emin": 95.0,
        "livetime_wall": 36046.2,
        "run_mode": "1BB",
        "labels": {"njobs": "10", "cosmicjob": "MDC2020ae", "primaries": "MDC2020ai", "stops": "MDC2020p"},
    }
    assert float(config.values["DIO"]) == 2362.1490286951216


def test_the_newer_dialect_is_read(public):
    config = read_config(public / "config_mds3_MDS3c.txt")
    assert config.dialect == "mds3"
    assert config.unknown == ()
    labels = {
        "njobs": "10",
        "cosmicjob": "MDC2025ac",
        "cosmicgen": "Signal",
        "primaries": "MDC2025ac",
        "stops": "MDC2025ac",
    }
    assert config.parameters == {
        "livetime_on_spill": 88750.0, "run_mode": "1BB", "dio_emin": 95.0, "t_min": 350.0, "rpc_emin": 50.0,
        "rmc_emin": 85.0, "rmc_kmax": 90.1, "ipa_emin": 70.0, "labels": labels,
    }  # fmt: skip


def test_both_dialects_are_read_from_one_file_with_what_a_later_stage_appends(public, tmp_path):
    path = tmp_path / "config.txt"
    later = "======= combined samples info =========\nsignal= CeMLL\nRmue= 1e-13\nRMC_kmax='88.5'\nmine=3\n"
    path.write_text((public / "config_mds1_MDS1a.txt").read_text() + later)
    config = read_config(path)
    assert config.parameters["rmc_kmax"] == 88.5
    assert config.values["signal"] == "CeMLL"
    assert config.unknown == ("mine",)


def test_printed_numbers_of_three_digits_are_never_read_back(public):
    assert "pot" not in read_config(public / "config_mds3_MDS3c.txt").parameters


@given(st.floats(1e-300, 1e300), st.floats(0.001, 1e9))
def test_what_is_written_reads_back_the_same(tmp_path_factory, number, seconds):
    path = tmp_path_factory.mktemp("config") / "config.txt"
    values = dict.fromkeys(MDS1_KEYS, number) | {"BB": "2BB", "livetime": seconds, "njobs": "3"}
    path.write_text(write_mds1(values))
    config = read_config(path)
    assert {key: float(config.values[key]) for key in ("CEMLL", "livetime")} == {
        "CEMLL": number,
        "livetime": seconds,
    }
    values = dict.fromkeys(MDS3_KEYS, number) | {"BB": "2BB", "onspilltime": typed(seconds), "beam_pot": ""}
    path.write_text(write_mds3("T", values))
    config = read_config(path)
    assert config.parameters["livetime_on_spill"] == seconds
    assert float(config.values["dio_events"]) == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("livetime= 3\nBB 1BB\n", r"c\.txt:2: 'BB 1BB', should be key= value"),
        ("livetime= 3\nBB= 1BB\nBB= 2BB\n", r":3: BB is '2BB', but '1BB' in line 2"),
        ("livetime= x\nBB= 1BB\n", r":1: livetime is 'x', should be a number"),
        ("livetime= 3\n", "there is no BB"),
        ("BB= 1BB\n", "there is neither livetime"),
    ],
)
def test_what_is_no_config_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "c.txt"
    path.write_text(text)
    with pytest.raises(FormatError, match=said):
        read_config(path)


def test_a_key_that_stands_twice_with_one_value_is_one(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text('livetime= 3\nBB= 1BB\nBB="1BB"\n')
    assert read_config(path).parameters["run_mode"] == "1BB"


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path):
    path = tmp_path / "config.txt"
    path.write_bytes(b"BB= 1BB\nlivetime= \xbf\n")
    with pytest.raises(FormatError, match=r"config\.txt: byte 18 is not UTF-8"):
        read_config(path)
