"""Blinded ensembles: the signal does not show, nowhere, until it is revealed."""

import json
import stat
from pathlib import Path

import numpy as np
import pytest
import uproot

from kit.files import resolve
from kit.mu2e.blinding import block_of, open_names
from kit.mu2e.ledger import Ledger
from kit.mu2e.sealing import reveal, seal
from kit.run import RunError
from tests.mu2e.ensembles import count, draw, read


@pytest.fixture
def yields(make_catalogue):
    path = make_catalogue(CeMLL=([900], 900), DIO=([900, 500], 9000), CRYCosmic=([600], 8000.0))
    return count(path, r_mue=1e-11)


@pytest.fixture
def sealed(tmp_path):
    return seal(tmp_path / "s.json", 1e-12, 1e-11)


def test_the_open_side_has_no_trace_of_process_provenance_or_truth(yields, sealed):
    run = draw(yields, blind=True, sealed="s.json", export_grid=True)
    for path in run.directory.glob("nts.*.root"):
        with uproot.open(path) as file:
            names = set(file["ntuple"].keys())
            assert file["ntuple"].title == "ensemble demo, blinded"
        assert {"run", "subrun", "event", "mom", "t0", "hits_t"} <= names
        assert not {name for name in names if name.startswith("src_") or "mc" in name or name == "proc"}
    assert {path.name for path in run.directory.iterdir() if not path.name.startswith("nts.")} == {
        "manifest.json", "sealed.json", "sealed_truth.root",
    }  # fmt: skip
    text = (run.directory / "manifest.json").read_text()
    content = json.loads((run.directory / "sealed.json").read_text())
    assert run.summary["commitment"] == sealed
    assert not {"expected", "drawn", "r_mue", "code"} & run.summary.keys()
    for secret in (repr(content["r_mue"]), str(content["seed"]), content["nonce"]):
        assert secret not in text


def test_the_sealed_side_tells_everything_and_nobody_else_may_read_it(yields, sealed):
    run = draw(yields, blind=True, sealed="s.json")
    for name in ("sealed.json", "sealed_truth.root"):
        assert stat.S_IMODE((run.directory / name).stat().st_mode) == 0o600
    content = json.loads((run.directory / "sealed.json").read_text())
    assert content["r_mue"] == reveal("s.json", sealed).r_mue
    with uproot.open(run.directory / "sealed_truth.root") as file:
        truth = file["ntuple"].arrays(["subrun", "event", "proc", "src_entry", "mcmom"], library="np")
    seen = read(run, "subrun", "event", "mom")
    assert truth["event"].tolist() == seen["event"].tolist()
    assert truth["subrun"].tolist() == seen["subrun"].tolist()
    assert np.std(truth["mcmom"] - seen["mom"]) == pytest.approx(0.15, abs=0.03)
    plan = content["plan"]
    assert np.bincount(truth["proc"]).tolist() == np.sum(plan["counts"], axis=0).tolist()
    signal = dict(zip(plan["processes"], plan["means"], strict=True))["CeMLL"]
    assert signal == pytest.approx(yields.summary["expected"]["CeMLL"] * content["r_mue"] / 1e-11)


def test_the_ledger_does_not_tell_how_many_were_drawn(yields, tmp_path):
    seen = []
    for i in range(2):
        seal(tmp_path / f"s{i}.json", 1e-12, 1e-11)
        draw(yields, blind=True, sealed=f"s{i}.json", ensemble=f"e{i}", ledger=f"l{i}.sqlite")
        held = Ledger(resolve(f"l{i}.sqlite")).view()
        seen.append(sorted((Path(row["path"]).name, row["taken"]) for row in held if row["taken"]))
        content = resolve(f"l{i}.sqlite").read_bytes()
        sealed = json.loads((tmp_path / f"s{i}.json").read_text())
        assert repr(sealed["r_mue"]).encode() not in content
        assert b"counts" not in content
    assert seen[0] == seen[1]


def test_a_killed_blind_build_goes_on_and_another_place_is_refused(yields, sealed):
    run = draw(yields, blind=True, sealed="s.json", output="b")
    manifest = json.loads((run.directory / "manifest.json").read_text())
    (run.directory / "manifest.json").write_text(json.dumps(manifest | {"state": "failed"}))
    first = sorted(run.directory.glob("nts.*.root"))
    first[-1].unlink()
    again = draw(yields, blind=True, sealed="s.json", output="b")
    assert sorted(again.directory.glob("nts.*.root")) == first
    with pytest.raises(RunError, match=r"its plan is sealed elsewhere: there is no .*sealed\.json"):
        draw(yields, blind=True, sealed="s.json", output="c")


def test_yields_without_a_signal_to_scale_are_refused(make_catalogue, sealed):
    yields = count(make_catalogue(DIO=([400], 9000)), processes=["DIO"], output="y")
    with pytest.raises(RunError, match="they need CeMLL and a conversion rate above 0"):
        draw(yields, blind=True, sealed="s.json")


def test_blocks_hold_six_standard_deviations():
    assert block_of(100.0) == 170
    assert block_of(0.0) == 10


def test_columns_that_tell_the_primary_are_hidden():
    names = [
        "run",
        "event",
        "mom",
        "src_run",
        "evtinfo.eventid",
        "evtinfo.nprotons",
        "proc",
        "demcgen.mom",
        "McTruth",
        "trkqual",
    ]
    assert open_names(names, ["*mc*", "*gen*"]) == ["run", "event", "mom", "trkqual"]
