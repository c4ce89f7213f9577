"""Demo files: the same events in every schema, written as uproot can."""

from pathlib import Path

import numpy as np
import pytest
import uproot

from kit import files
from kit.opendata import demo as demo_room
from kit.opendata.collisions import collide
from kit.opendata.demo import demo, demo_paths, prepare, with_demo
from kit.opendata.sources import Chunk, Reader, Source, open_source
from kit.parameters import Parameters, parameter

EVENTS, SEED = 400, 7
IN_GEV = {"GeV": 1.0, "MeV": 1e-3}
FORMS = [
    ("2024r-pp", "TTree", "emjgt"),
    ("2024r-pp", "RNTuple", "emjgt"),
    ("2020e-13tev", "TTree", "emjgt"),
    ("2025e-13tev-beta", "TTree", "emjgt"),
    ("2016e-8tev", "TTree", "emj"),
    ("nanoaod", "TTree", "emjgt"),
    ("nanoaod", "RNTuple", "emjgt"),
    ("2024r-hi", "TTree", "m"),
]


class Inputs(Parameters):
    inputs: list[str] = parameter(["demo"], "files")


def _read(path: Path) -> tuple[Source, Chunk]:
    source = open_source(str(path))
    with Reader(source) as reader:
        return source, reader.read(0, source.entries, ids=True)


@pytest.mark.parametrize(("schema", "storage", "letters"), FORMS)
def test_every_schema_holds_the_same_events(tmp_path: Path, schema: str, storage: str, letters: str):
    source, chunk = _read(demo(schema, tmp_path / "demo.root", EVENTS, SEED, storage=storage))
    made = collide(EVENTS, SEED)
    assert (source.schema.name, source.storage, "".join(source.objects)) == (schema, storage, letters)
    for letter, objects in chunk.objects.items():
        truth = made.objects[letter]
        np.testing.assert_array_equal(np.diff(objects.offsets), np.bincount(truth.event, minlength=EVENTS))
        np.testing.assert_allclose(objects.pt * IN_GEV[chunk.unit], truth.pt, rtol=2e-7)
        np.testing.assert_allclose(objects.eta, truth.eta, rtol=2e-7)
        np.testing.assert_allclose(objects.phi, truth.phi, rtol=2e-7)
        assert objects.pt.dtype == np.float32
    np.testing.assert_array_equal(chunk.ids["run"], made.ids["run"])
    np.testing.assert_array_equal(chunk.ids["event"], made.ids["event"])


@pytest.mark.parametrize("schema", ["2020e-13tev", "2025e-13tev-beta", "2016e-8tev"])
def test_energies_fit_momenta_and_masses(tmp_path: Path, schema: str):
    _, chunk = _read(demo(schema, tmp_path / "demo.root", EVENTS, SEED))
    truth = collide(EVENTS, SEED).objects["j"]
    expected = np.sqrt((truth.pt * np.cosh(truth.eta)) ** 2 + truth.mass**2)
    np.testing.assert_allclose(chunk.objects["j"].energy * IN_GEV[chunk.unit], expected, rtol=2e-7)


@pytest.mark.parametrize("storage", ["TTree", "RNTuple"])
def test_nanoaod_has_a_noisy_photon_mass_or_none(tmp_path: Path, storage: str):
    _, old = _read(demo("nanoaod", tmp_path / "old.root", EVENTS, SEED, storage=storage))
    _, new = _read(demo("nanoaod", tmp_path / "new.root", EVENTS, SEED, storage=storage, photon_mass=False))
    noise = old.objects["g"].mass
    assert noise.min() < 0 < noise.max() <= 1.001e-5
    assert new.objects["g"].mass is None
    np.testing.assert_array_equal(old.objects["g"].pt, new.objects["g"].pt)


def test_the_options_reach_the_file(tmp_path: Path):
    options = {"duplicates": 0.1, "bad_values": 0.1, "unsorted": True}
    _, chunk = _read(demo("nanoaod", tmp_path / "demo.root", EVENTS, SEED, **options))
    made = collide(EVENTS, SEED, **options)
    np.testing.assert_allclose(chunk.objects["e"].pt, made.objects["e"].pt, rtol=2e-7)
    np.testing.assert_array_equal(chunk.ids["event"], made.ids["event"])
    assert np.isnan(chunk.objects["j"].pt).any()


def test_a_demo_made_twice_is_a_copy_and_one_of_another_seed_is_not(tmp_path: Path):
    one, two, other = (
        open_source(str(demo("nanoaod", tmp_path / f"{place}.root", 50, seed)))
        for place, seed in enumerate([1, 1, 2])
    )
    assert one.identity == two.identity
    assert other.uuid != one.uuid


def test_more_events_than_a_block_make_clusters(tmp_path: Path):
    assert open_source(str(demo("2024r-hi", tmp_path / "demo.root", 20_100, 1))).offsets == (0, 20_000, 20_100)


@pytest.mark.parametrize("storage", ["TTree", "RNTuple"])
def test_an_empty_demo_is_a_valid_file(tmp_path: Path, storage: str):
    source, chunk = _read(demo("nanoaod", tmp_path / "demo.root", 0, 1, storage=storage))
    assert (source.entries, chunk.events) == (0, 0)


def test_leptons_are_counted_arrays_that_share_a_counter(tmp_path: Path):
    with uproot.open(demo("2020e-13tev", tmp_path / "demo.root", 50, 1)) as file:
        tree = file["mini"]
        assert tree["lep_pt"].typename == "float[]"
        assert tree["lep_pt"].member("fLeaves")[0].member("fLeafCount").member("fName") == "lep_n"
        made = collide(50, 1).objects
        assert (tree["lep_n"].array() == np.bincount(
            np.concatenate([made["e"].event, made["m"].event]), minlength=50)).tolist() == [True] * 50  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "branch"),
    [("nanoaod", "Jet_btagDeepFlavB"), ("2020e-13tev", "jet_MV2c10"), ("2016e-8tev", "jet_MV1"),
     ("2025e-13tev-beta", "jet_btag_quantile"), ("2024r-pp", "BTagging_AntiKt4EMPFlowAuxDyn.DL1dv01_pb")],
)  # fmt: skip
def test_b_scores_rise_with_each_other(tmp_path: Path, schema: str, branch: str):
    with uproot.open(demo(schema, tmp_path / "demo.root", EVENTS, SEED)) as file:
        tree = file[next(iter(file.keys(filter_classname="TTree")))]
        score = np.concatenate(tree[branch].array(library="np"))
    order = np.argsort(collide(EVENTS, SEED).objects["j"].score)
    assert np.all(np.diff(score[order]) >= 0)


@pytest.mark.parametrize(("schema", "storage"), [("skim", "TTree"), ("2020e-13tev", "RNTuple"), ("cms", "TTree")])
def test_what_no_release_has_is_refused(tmp_path: Path, schema: str, storage: str):
    with pytest.raises(ValueError, match=f"no demo in schema {schema} as {storage}"):
        demo(schema, tmp_path / "demo.root", 10, 1, storage=storage)


def test_prepare_makes_the_demo_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(demo_room, "DEMO_EVENTS", 100)
    prepare(Inputs())
    (path,) = demo_paths()
    assert path.is_relative_to(tmp_path / "outputs" / "demo" / "opendata")
    assert open_source(str(path)).entries == 100
    before = path.stat()
    prepare(Inputs())
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_prepare_makes_nothing_for_other_inputs():
    prepare(Inputs(inputs=["some.root"]))
    prepare(Parameters())
    assert not files.resolve("outputs").exists()


def test_an_interrupted_demo_leaves_no_file(monkeypatch: pytest.MonkeyPatch):
    def interrupted(schema: str, path: Path, events: int, seed: int) -> None:
        path.write_bytes(b"root")
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_room, "demo", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(Inputs())
    assert not any(demo_paths()[0].parent.iterdir())


def test_the_word_demo_becomes_paths_and_all_else_stays():
    assert with_demo(["a.root", "demo", "b.root"]) == ["a.root", *map(str, demo_paths()), "b.root"]
