"""The steps: what must be refused is refused before the ledger hears of it."""

import pytest

from kit.files import FormatError, resolve
from kit.mu2e.ledger import Ledger
from tests.mu2e.ensembles import count, draw
from tests.mu2e.test_primaries import NEWER


def test_columns_that_cannot_be_written_leave_no_reservation(public, tmp_path):
    import json

    entry = {"files": [str(public / NEWER)], "tree": "TrkAna/trkana", "normaliser": {"generated": 100}}
    (tmp_path / "c.json").write_text(json.dumps({"CE": entry}))
    yields = count(tmp_path / "c.json", processes=["CE"], r_mue=1e-15)
    with pytest.raises(FormatError, match="a TTree cannot hold the nested columns demfit"):
        draw(yields, branches=["demfit"], output="m")
    assert not resolve("outputs/mu2e/ledger.sqlite").exists()


def test_columns_that_differ_leave_no_reservation(make_catalogue, tmp_path):
    import json

    import numpy as np
    import uproot

    path = make_catalogue(DIO=([50, 60], 9000))
    content = json.loads(path.read_text())
    other = tmp_path / "nts.mu2e.DIO.test.001430_00000009.root"
    with uproot.recreate(other) as file:
        file.mktree(content["DIO"]["tree"], {"mom": np.dtype("f8")}).extend({"mom": np.ones(5)})
    content["DIO"]["files"].append(str(other))
    path.write_text(json.dumps(content))
    yields = count(path, processes=["DIO"])
    with pytest.raises(FormatError, match="mom is float64, but float32 in"):
        draw(yields, output="m")
    assert not resolve("outputs/mu2e/ledger.sqlite").exists()
    with pytest.raises(FormatError, match="no column matches event in all files"):
        draw(yields, output="n", schema="intersection", branches=["event"])


def test_a_plan_is_taken_up_again(make_catalogue):
    yields = count(make_catalogue(DIO=([400], 9000)), processes=["DIO"])
    one, two = (draw(yields, step="plan") for _ in range(2))
    assert two.notices == ["ensemble demo had its events before; the same ones are used"]
    assert (one.directory / "plan.json").read_bytes() == (two.directory / "plan.json").read_bytes()
    assert Ledger(resolve("outputs/mu2e/ledger.sqlite")).ensembles() == {"demo": "reserved"}
