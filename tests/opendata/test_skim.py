"""Skims: what is written is read back bit for bit."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.files import FormatError, whole
from kit.opendata.chunks import Chunk, Objects
from kit.opendata.demo import demo
from kit.opendata.schemas import SCHEMAS, SKIM_TYPES
from kit.opendata.skim import SkimWriter, release_of
from kit.opendata.sources import Reader, Source, open_source
from kit.opendata.wishes import Wish

Writing = Callable[[str], contextlib.AbstractContextManager[Path]]
LIMIT = 2_000_000_000
SCHEMA = next(schema for schema in SCHEMAS if schema.name == "nanoaod")


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return lambda name: whole(tmp_path / "skims" / name)


def _read(path: Path | str, isolation: bool = False) -> tuple[Source, Chunk]:
    source = open_source(str(path), wish=Wish(isolation=isolation))
    with Reader(source) as reader:
        return source, reader.read(0, source.entries, ids=True)


def _equal(one: Chunk, other: Chunk) -> None:
    assert one.unit == other.unit
    assert set(one.objects) == set(other.objects)
    for letter, objects in one.objects.items():
        for name, values in vars(objects).items():
            found = getattr(other.objects[letter], name)
            assert (values is None) == (found is None), (letter, name)
            if values is not None:
                assert values.dtype == found.dtype
                assert values.tobytes() == found.tobytes()
    for name, numbers in one.ids.items():
        np.testing.assert_array_equal(numbers, other.ids[name])


@pytest.mark.parametrize(
    ("schema", "storage"),
    [("2024r-pp", "TTree"), ("2024r-pp", "RNTuple"), ("2020e-13tev", "TTree"), ("2025e-13tev-beta", "TTree"),
     ("2016e-8tev", "TTree"), ("nanoaod", "TTree"), ("nanoaod", "RNTuple"), ("2024r-hi", "TTree")],
)  # fmt: skip
def test_a_skim_holds_the_values_of_its_source_bit_for_bit(
    tmp_path: Path, writing: Writing, schema: str, storage: str
):
    path = demo(schema, tmp_path / "demo.root", 300, 1, storage=storage, bad_values=0.05, unsorted=True)
    source, chunk = _read(path)
    with SkimWriter(writing, LIMIT) as skim:
        skim.write(source, chunk)
    skimmed, found = _read(tmp_path / "skims" / f"events_{schema}_1.root")
    _equal(chunk, found)
    assert skim.names == [f"events_{schema}_1.root"]
    assert (skimmed.schema.name, release_of(skimmed.schema)) == ("skim", schema)
    for what in ("experiment", "energy"):
        assert getattr(skimmed.schema, what) == getattr(source.schema, what)


@pytest.mark.parametrize("name", ["data_B.4lep.root", "nano_tt_v12.root"])
def test_a_skim_of_real_data_holds_them_bit_for_bit(
    shared_data: Path, tmp_path: Path, writing: Writing, name: str
):
    source, chunk = _read(shared_data / "opendata" / name)
    with SkimWriter(writing, LIMIT) as skim:
        skim.write(source, chunk)
    _equal(chunk, _read(tmp_path / "skims" / skim.names[0])[1])


def test_a_skim_of_real_physlite_keeps_isolation_where_it_was_read(
    shared_data: Path, tmp_path: Path, writing: Writing
):
    source, chunk = _read(shared_data / "opendata" / "PHYSLITE_example.root", isolation=True)
    with SkimWriter(writing, LIMIT) as skim:
        skim.write(source, chunk)
    path = tmp_path / "skims" / skim.names[0]
    _equal(chunk, _read(path, isolation=True)[1])
    assert _read(path)[1].objects["e"].isolation is None


values = st.floats(width=32, allow_nan=True, allow_infinity=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.tuples(*(st.lists(values, max_size=3) for _ in SKIM_TYPES)), min_size=1, max_size=4))
def test_any_values_are_written_and_read_back(tmp_path: Path, events: list[tuple[list[float], ...]]):
    objects = {}
    for place, letter in enumerate(SKIM_TYPES):
        content = np.array([value for event in events for value in event[place]], dtype=np.float32)
        offsets = np.cumsum([0, *(len(event[place]) for event in events)])
        # plausible momenta: the reader would refuse others
        pt = np.full(len(content), 50.0, dtype=np.float32)
        mass = {"energy": content} if letter in "ej" else {"mass": content} if letter == "m" else {}
        objects[letter] = Objects(offsets, pt, content, content, **mass)
    source = Source("made", "", 0, len(events), SCHEMA, "GeV", "Events", "TTree", (), {}, {}, ())
    chunk = Chunk(0, len(events), "GeV", objects, {"event": np.arange(len(events), dtype=np.uint64)})
    with SkimWriter(lambda name: whole(tmp_path / name), LIMIT) as skim:
        skim.write(source, chunk)
    _equal(chunk, _read(tmp_path / skim.names[0])[1])


def test_the_file_is_a_ttree_with_counters_numbers_and_weights(tmp_path: Path, writing: Writing):
    source, chunk = _read(demo("2020e-13tev", tmp_path / "demo.root", 50, 1))
    with SkimWriter(writing, LIMIT) as skim:
        skim.write(source, chunk)
    with uproot.open(tmp_path / "skims" / skim.names[0]) as file:
        tree = file["events"]
        assert tree.classname == "TTree"
        types = [stem for letter, stem in SKIM_TYPES.items() if letter != "b"]
        lists = [f"{stem}_{name}" for stem in types for name in ("pt", "eta", "phi", "E")]
        counters = [f"n{stem}" for stem in types]
        assert set(tree.keys()) == {*lists, *counters, "run", "lumi", "event", "channel", "weight"}
        assert tree["weight"].array().tolist() == [1.0] * 50
        assert file.classnames(cycle=False)["skim"] == "TObjString"


def test_a_file_is_closed_when_it_has_grown_and_nothing_is_lost(tmp_path: Path, writing: Writing):
    source, chunk = _read(demo("nanoaod", tmp_path / "demo.root", 900, 1))
    with SkimWriter(writing, 30_000) as skim, Reader(source) as reader:
        for first in range(0, 900, 100):
            skim.write(source, reader.read(first, first + 100, ids=True))
    assert len(skim.names) > 2
    parts = [_read(tmp_path / "skims" / name)[1] for name in skim.names]
    assert all((tmp_path / "skims" / name).stat().st_size >= 30_000 for name in skim.names[:-1])
    for letter, objects in chunk.objects.items():
        np.testing.assert_array_equal(np.concatenate([part.objects[letter].pt for part in parts]), objects.pt)


def test_releases_and_sources_with_other_branches_have_files_of_their_own(tmp_path: Path, writing: Writing):
    made = [
        demo("nanoaod", tmp_path / "old.root", 50, 1),
        demo("2020e-13tev", tmp_path / "education.root", 60, 1),
        demo("nanoaod", tmp_path / "new.root", 70, 1, photon_mass=False),
        demo("nanoaod", tmp_path / "older.root", 80, 2),
    ]
    with SkimWriter(writing, LIMIT) as skim:
        for path in made:
            skim.write(*_read(path))
    assert skim.names == ["events_nanoaod_1.root", "events_2020e-13tev_1.root", "events_nanoaod_2.root"]
    assert [open_source(str(tmp_path / "skims" / name)).entries for name in skim.names] == [130, 60, 70]


def test_a_skim_can_be_skimmed_again(tmp_path: Path, writing: Writing):
    source, chunk = _read(demo("2016e-8tev", tmp_path / "demo.root", 50, 1))
    for name in ("one", "two"):
        with SkimWriter(lambda file, name=name: whole(tmp_path / name / file), LIMIT) as skim:
            skim.write(source, chunk)
        source, again = _read(tmp_path / name / "events_2016e-8tev_1.root")
        _equal(chunk, again)


def test_a_file_without_events_makes_a_skim_without_events(tmp_path: Path, writing: Writing):
    with SkimWriter(writing, LIMIT) as skim:
        skim.write(*_read(demo("nanoaod", tmp_path / "demo.root", 0, 1)))
    assert open_source(str(tmp_path / "skims" / skim.names[0])).entries == 0


def test_a_skim_that_fails_leaves_no_file(tmp_path: Path, writing: Writing):
    made = [demo("nanoaod", tmp_path / "a.root", 50, 1), demo("2020e-13tev", tmp_path / "b.root", 50, 1)]
    parts = [_read(path) for path in made]

    def interrupted() -> None:
        with SkimWriter(writing, LIMIT) as skim:
            for source, chunk in parts:
                skim.write(source, chunk)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list((tmp_path / "skims").iterdir()) == []


def test_the_release_of_a_skim_is_compared_with_what_is_said(tmp_path: Path, writing: Writing):
    with SkimWriter(writing, LIMIT) as skim:
        skim.write(*_read(demo("nanoaod", tmp_path / "demo.root", 50, 1)))
    path = str(tmp_path / "skims" / skim.names[0])
    assert open_source(path, schema="nanoaod").schema.release == "nanoaod"
    assert open_source(path, schema="skim", unit="GeV").unit == "GeV"
    with pytest.raises(FormatError, match="said to be 2020e-13tev, its content is a skim of nanoaod"):
        open_source(path, schema="2020e-13tev")
    with pytest.raises(FormatError, match="said to be in MeV, but nanoaod is in GeV"):
        open_source(path, unit="MeV")


def test_an_uncompressed_skim_holds_the_same_and_is_larger(tmp_path: Path):
    source, chunk = _read(demo("nanoaod", tmp_path / "demo.root", 400, 1))
    for name, compressed in (("small", True), ("large", False)):
        with SkimWriter(
            lambda file, name=name: whole(tmp_path / name / file), LIMIT, compressed=compressed
        ) as skim:
            skim.write(source, chunk)
        _equal(chunk, _read(tmp_path / name / skim.names[0])[1])
    small, large = (tmp_path / name / skim.names[0] for name in ("small", "large"))
    assert large.stat().st_size > 1.2 * small.stat().st_size
