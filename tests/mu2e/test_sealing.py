"""Sealed rates: never shown, provable later."""

import json
import stat

import numpy as np
import pytest

from kit.files import FormatError, sha256
from kit.mu2e.sealing import read_sealed, reveal, seal, write_private


def test_what_is_sealed_can_be_revealed_against_its_checksum(tmp_path, capsys):
    path = tmp_path / "s.json"
    commitment = seal(path, 1e-16, 1e-13)
    assert commitment == sha256(path)
    assert capsys.readouterr().out == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = reveal(path, commitment)
    assert 1e-16 <= found.r_mue <= 1e-13
    assert len(found.nonce) * 4 >= 128
    assert found.range == (1e-16, 1e-13)


def test_a_changed_file_is_not_what_was_sealed(tmp_path):
    path = tmp_path / "s.json"
    commitment = seal(path, 0.0, 1e-13)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"r_mue": 0.0}))
    with pytest.raises(FormatError, match=f"checksum is [0-9a-f]{{64}}, but {commitment} was told"):
        reveal(path, commitment)


def test_rates_fill_their_range(tmp_path):
    rates, seeds = [], set()
    for i in range(60):
        seal(tmp_path / f"{i}.json", 1e-17, 1e-13)
        found = read_sealed(tmp_path / f"{i}.json")
        rates.append(np.log10(found.r_mue))
        seeds.add(found.seed)
    assert np.mean(rates) == pytest.approx(-15, abs=4 * 4 / np.sqrt(12 * 60))
    assert len(seeds) == 60


@pytest.mark.parametrize(("low", "high"), [(1e-13, 1e-14), (-1.0, 1e-13), (0.0, 1e-8)])
def test_ranges_without_a_rate_are_refused(tmp_path, low, high):
    with pytest.raises(ValueError, match="should be 0 ≤ low < high ≤ 1e-09"):
        seal(tmp_path / "s.json", low, high)


def test_a_sealed_file_is_never_written_again(tmp_path):
    seal(tmp_path / "s.json", 0.0, 1e-13)
    with pytest.raises(FileExistsError, match="a sealed file is never written again"):
        seal(tmp_path / "s.json", 0.0, 1e-13)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "should be a map with r_mue, seed and nonce"),
        ({"r_mue": 2e-9, "seed": 1, "nonce": "a" * 32}, "r_mue should be a number from 0 to 1e-09"),
        ({"r_mue": 1e-13, "seed": -1, "nonce": "a" * 32}, "seed should be a whole number"),
        ({"r_mue": 1e-13, "seed": 1, "nonce": "abc"}, "nonce should have 128 bit, 32 hexadecimal digits"),
        ({"r_mue": 1e-13, "seed": 1, "nonce": "a" * 32, "range": [1]}, "range should be"),
    ],
)
def test_what_is_no_sealed_file_is_refused_without_telling_values(tmp_path, content, said):
    write_private(tmp_path / "s.json", json.dumps(content))
    with pytest.raises(FormatError, match=said) as fault:
        read_sealed(tmp_path / "s.json")
    assert "2e-09" not in str(fault.value)


def test_a_sealed_file_of_others_may_leave_out_its_range(tmp_path):
    write_private(tmp_path / "s.json", json.dumps({"r_mue": 1e-13, "seed": 1, "nonce": "a" * 32}))
    assert read_sealed(tmp_path / "s.json").range == (0.0, 1e-9)
