"""Those that the stage is timed against must give the same answer, or the comparison means nothing."""

from pathlib import Path

import pytest

from kit.opendata.demo import demo
from tests.benchmarks import _opendata_plain as plain
from tests.opendata import reference, reference_bumpnet
from tests.opendata.reference import Choice


@pytest.fixture(scope="module", params=["real", "demo"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "real":
        return request.getfixturevalue("shared_data") / "opendata" / "PHYSLITE_example.root"
    path = tmp_path_factory.mktemp("demo") / "demo.root"
    return demo("2024r-pp", path, 300, 5, bad_values=0.03, unsorted=True)


def _expected(file: Path, choice: Choice) -> plain.Spectra:
    masses = reference.answer([file], choice).masses
    return {pair: reference.fill(pair, values).counts for pair, values in masses.items()}


@pytest.mark.parametrize(("letters", "max_rank"), [("emjgt", 0), ("emjg", 1)])
def test_the_plain_way_gives_every_pair_and_count(file: Path, tmp_path: Path, letters: str, max_rank: int):
    expected = _expected(file, Choice(objects=letters, max_rank=max_rank))
    database = tmp_path / "masses.sqlite"
    pairs = plain.store_masses(file, database, letters=letters, max_rank=max_rank, collect=False)
    assert pairs == len(expected) > 50
    assert plain.stored_spectra(database) == expected


def test_the_plain_way_gives_the_same_with_forced_collection(file: Path, tmp_path: Path):
    database = tmp_path / "masses.sqlite"
    plain.store_masses(file, database, letters="mj", collect=True)
    assert plain.stored_spectra(database) == _expected(file, Choice(objects="mj"))


@pytest.mark.parametrize(("letters", "max_rank"), [("emjgt", 0), ("emjg", 1)])
def test_the_careful_way_gives_every_pair_and_count(file: Path, letters: str, max_rank: int):
    found = plain.counted_spectra(plain.count_carefully(file, letters=letters, max_rank=max_rank))
    assert found == _expected(file, Choice(objects=letters, max_rank=max_rank))


def test_the_plain_way_fills_what_bumpnet_is_given(file: Path, tmp_path: Path):
    database = tmp_path / "masses.sqlite"
    plain.store_masses(file, database, letters="mjg", collect=False)
    filled = plain.fill_stored(database)
    expected = _expected(file, Choice(objects="mjg"))
    assert len(filled) == len(expected) > 0
    for (final_state, combination), counts in expected.items():
        histogram = filled[f"{file.stem}_FS_{final_state}_IM_{combination}"]
        cut = reference_bumpnet.aligned(counts)
        assert (histogram.low, tuple(histogram.cells[1:-1])) == (cut.first, cut.contents)
        assert histogram.entries == cut.main
