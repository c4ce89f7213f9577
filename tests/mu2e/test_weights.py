"""Weights of entries: of a branch, or of a member of one as real files have it."""

from dataclasses import replace

import pytest
import uproot

from kit.files import FormatError
from kit.mu2e.catalogue import Primary
from kit.mu2e.primaries import measure
from kit.mu2e.standins import TREE, Standin, write_standin
from kit.mu2e.table import read_yields
from kit.mu2e.weights import entry_weights, weights_of
from kit.run import RunError
from tests.mu2e.ensembles import count, draw, read
from tests.mu2e.test_primaries import REAL


@pytest.fixture
def pool(tmp_path):
    path = write_standin(tmp_path / "a.root", Standin("CeMLL", 50, 200, None, 1))
    return measure(Primary("CeMLL", (str(path),), (TREE,), {}))


def test_weights_are_summed(pool):
    values = uproot.open(pool.sources[0].path)[TREE]["t0"].array(library="np").astype(float)
    assert entry_weights(pool.sources[0], "t0").tolist() == values.tolist()
    total, largest = weights_of(replace(pool.primary, weight_branch="t0"), pool.sources * 2)
    assert total == pytest.approx(2 * values.sum())
    assert largest == values.max()
    assert weights_of(pool.primary, pool.sources) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("w", "w, the weight, is not there"),
        ("d0", "d0 has weights that are negative or no numbers"),
        ("hits_t", "hits_t, the weight, is float.*, should be one number an entry"),
    ],
)
def test_what_is_no_weight_is_refused_by_its_name(pool, name, said):
    with pytest.raises(FormatError, match=said):
        weights_of(replace(pool.primary, weight_branch=name), pool.sources)


def test_a_member_of_a_structure_weighs_real_events(public, tmp_path):
    import json

    entry = {"files": [str(public / REAL)], "tree": "TrkAnaNeg/trkana"}
    with uproot.open(public / REAL) as file:
        weights = file["TrkAnaNeg/trkana"]["evtwt"].array()["PBIWeight"].to_numpy().astype(float)
    (tmp_path / "c.json").write_text(json.dumps({"CE": entry | {"weight_branch": "evtwt.PBIWeight"}}))
    yields = count(tmp_path / "c.json", processes=["CE"], r_mue=1e-11)
    (row,) = read_yields(yields.directory / "yields.json").rows
    assert row.reco == pytest.approx(weights.sum())
    run = draw(yields, subruns=1, seed=4)
    entries = read(run, "src_entry")["src_entry"]
    assert 0 < len(entries) == run.summary["rows"] < 0.9 * weights.sum() / weights.max()
    again = draw(yields, subruns=1, seed=4, ensemble="again", ledger="other.sqlite")
    assert read(again, "src_entry")["src_entry"].tolist() == entries.tolist()
    with pytest.raises(RunError, match="unit is event, but CeMLL is thinned by weights, entry by entry"):
        draw(yields, unit="event", output="e")
    (tmp_path / "c.json").write_text(json.dumps({"CE": entry | {"weight_branch": "evtwt"}}))
    with pytest.raises(FormatError, match=r"evtwt, the weight, is struct .*, should be one number an entry"):
        count(tmp_path / "c.json", processes=["CE"], output="y")
