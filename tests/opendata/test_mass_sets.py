"""Merged masses and the lines that a browser lists."""

from pathlib import Path

import pytest

from kit.opendata.bumpnet import histogram_name, read_histograms, refusal
from kit.opendata.demo import demo
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.mass_sets import MassSet, contributions, open_set
from kit.opendata.masses import MassParameters, make_masses
from kit.run import Run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    for seed in (1, 2):
        demo("nanoaod", folder / f"{seed}.root", 3000, seed)
    p = MassParameters(inputs=[str(folder / "*.root")], output=str(folder / "masses"), interactive=False)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> MassSet:
    return open_set("this", [str(folder / "masses")])


def test_lines_agree_with_the_histograms_of_the_stage(found: MassSet, folder: Path, tmp_path: Path):
    p = HistogramParameters(inputs=[str(folder / "masses")], output=str(tmp_path / "h"), min_events=1)
    with Run("opendata/histograms", p) as run:
        run.summary = make_histograms(p, run)
    mains = {h.name: h for h in read_histograms(run.directory / "bumpnet.root")}
    assert len(found.records) == run.summary["histograms"] > 300
    for record in found.records:
        main = mains[histogram_name(record["final_state"], record["combination"], 10.0)]
        assert record["accepted"] == (not refusal(main.name, main.counts))
        assert record["bins"] == len(main.counts)
        assert record["peak"] == main.low
    assert sum(record["accepted"] for record in found.records) == run.summary["accepted_at_25_bins"]


def test_final_states_sum_up_their_pairs(found: MassSet):
    assert sum(line["pairs"] for line in found.states) == len(found.records)
    assert [line["events"] for line in found.states] == sorted(
        (line["events"] for line in found.states), reverse=True
    )
    assert {line["final_state"]: line["events"] for line in found.states} == found.spectra.events


def test_files_give_what_the_pair_has(found: MassSet, folder: Path):
    record = max(found.records, key=lambda record: record["entries"])
    pair = record["final_state"], record["combination"]
    shares = contributions(found.merged, pair)
    assert [Path(path).name for path in sorted(shares)] == ["1.root", "2.root"]
    whole = record["entries"] + found.spectra.overflow(pair) + found.spectra.below(pair)
    assert sum(shares.values()) == whole


def test_what_a_set_does_not_have_is_nothing(found: MassSet):
    assert found.contents(("9e", "e0e1")) is None
    pair = found.spectra.pairs[0]
    assert (found.contents(pair).values == found.spectra.counts(pair)).all()
