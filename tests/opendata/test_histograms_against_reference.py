"""The stage `histograms` against R1: names, order, bins, cuts and splits of every file that it writes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.run import Run
from tests.opendata import reference, reference_bumpnet
from tests.opendata.comparison import CASES, Case, run_masses
from tests.opendata.reference import Answer, Choice, Pair, answer

DemoFile = Callable[..., Path]


def run_histograms(inputs: list[Path], directory: Path, **chosen: Any) -> Path:
    p = HistogramParameters(
        inputs=[str(path) for path in inputs], output=str(directory), interactive=False, **chosen
    )
    with Run("opendata/histograms", p) as run:
        run.summary = make_histograms(p, run)
    return directory


Row = tuple[float, tuple[int, ...]]  # left edge of the first bin in GeV, contents


def read_rows(path: Path, width: float = 10.0) -> dict[str, Row]:
    """Return the histograms of a file in its order, first bin and contents, under- and overflow empty."""
    rows = {}
    with uproot.open(path) as file:
        assert set(file.classnames().values()) <= {"TH1F"}
        for key in file.keys(cycle=False):
            cells, edges = file[key].to_numpy(flow=True)
            assert file[key].title == key
            assert cells[0] == cells[-1] == 0
            assert np.array_equal(edges[1:-1], edges[1] + width * np.arange(len(cells) - 1))
            rows[key] = (float(edges[1]), tuple(int(c) for c in cells[1:-1]))
            assert file[key].member("fEntries") == sum(rows[key][1])
    return rows


def in_order(expected: Answer, choice: Choice, min_events: int) -> list[Pair]:
    """Return the pairs as they are to be written."""
    kept = [fs for fs, n in expected.events.items() if n >= min_events]
    states = sorted(kept, key=lambda fs: (-expected.events[fs], fs))
    names = [reference.combination_name(c) for c in reference.combinations("emjgt", choice)]
    return [(fs, im) for fs in states for im in names if (fs, im) in expected.masses]


HISTOGRAM_CASES = [
    ("PHYSLITE", "sound", "defaults", 40),
    ("NanoAOD", "bad, unsorted, repeated", "sub-leading", 20),
    ("2025e", "sound", "smallest mass", 20),
    ("PHYSLITE as RNTuple", "sound", "cap", 1),
]


@pytest.mark.parametrize(("form", "faults", "name", "min_events"), HISTOGRAM_CASES)
def test_bumpnet_histograms(
    demo_file: DemoFile, tmp_path: Path, form: str, faults: str, name: str, min_events: int
):
    case = CASES[name]
    path = demo_file(form, faults, 6000)
    masses = run_masses([path], tmp_path / "masses", **case.stage)
    result = run_histograms([masses], tmp_path / "histograms", min_events=min_events)
    expected = answer([path], case.choice)
    whole, main, tails = {}, {}, {}
    for pair in in_order(expected, case.choice, min_events):
        counts = reference.fill(pair, expected.masses[pair], lowest=case.lowest).counts
        if counts:
            key, cut = reference_bumpnet.key(pair), reference_bumpnet.aligned(counts)
            whole[key], main[key] = reference_bumpnet.before(counts), (cut.first, cut.contents)
            if cut.outliers:
                tails[key] = {cut.first + 10 * (len(cut.contents) + i): n for i, n in enumerate(cut.tail) if n}
    assert len(main) > 25
    assert list(read_rows(result / "bumpnet.root").items()) == list(main.items())
    assert list(read_rows(result / "bumpnet_before.root").items()) == list(whole.items())
    outliers = read_rows(result / "bumpnet_outliers.root")
    assert {k: {first + 10 * i: n for i, n in enumerate(c) if n} for k, (first, c) in outliers.items()} == tails


def test_bumpnet_histograms_with_outliers_and_without_a_peak_cut(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("PHYSLITE", "sound", 6000)
    masses = run_masses([path], tmp_path / "masses")
    kept = run_histograms([masses], tmp_path / "kept", min_events=40, exclude_outliers=False)
    uncut = run_histograms([masses], tmp_path / "uncut", min_events=40, peak_cut=False, exclude_outliers=False)
    expected = answer([path])
    cut_rows, whole_rows = {}, {}
    for pair in in_order(expected, Choice(), 40):
        counts = reference.fill(pair, expected.masses[pair]).counts
        cut = reference_bumpnet.aligned(counts)
        cut_rows[reference_bumpnet.key(pair)] = (cut.first, cut.contents + cut.tail)
        whole_rows[reference_bumpnet.key(pair)] = reference_bumpnet.before(counts)
    assert read_rows(kept / "bumpnet.root") == cut_rows
    assert read_rows(uncut / "bumpnet.root") == whole_rows


def test_histograms_of_two_jobs_apply_one_threshold(demo_file: DemoFile, tmp_path: Path):
    """Final states that reach 100 events only together must be kept: the original lost them."""
    paths = [demo_file("PHYSLITE", "sound", 6000, seed) for seed in (7, 8)]
    jobs = [run_masses(paths, tmp_path / f"masses{job}", job=job, jobs=2) for job in (1, 2)]
    result = run_histograms(jobs, tmp_path / "histograms", min_events=100)
    both, one = answer(paths), answer(paths[:1])
    assert len(both.of_at_least(100)) > len(one.of_at_least(100)) + 10
    expected = {reference_bumpnet.key(pair) for pair in both.of_at_least(100)}
    assert set(read_rows(result / "bumpnet.root")) == expected


@pytest.mark.parametrize("grid", ["linspace", "linspace_per_file"])
def test_the_grids_of_the_original(demo_file: DemoFile, tmp_path: Path, grid: str):
    """On the masses of all files pooled, or peak and split in each file first."""
    paths = [demo_file("PHYSLITE", "sound", 6000, seed) for seed in (7, 8)]
    masses = run_masses(paths, tmp_path / "masses")
    result = run_histograms([masses], tmp_path / "histograms", min_events=60, grid=grid)
    pooled = answer(paths)
    pools = [pooled] if grid == "linspace" else [answer([path]) for path in paths]
    with uproot.open(result / "bumpnet.root") as file:
        kept = {reference_bumpnet.key(pair): pair for pair in pooled.of_at_least(60)}
        assert set(file.keys(cycle=False)) == set(kept)
        assert len(kept) > 30
        for key, pair in kept.items():
            cuts = [reference_bumpnet.linspace(pool.masses[pair]) for pool in pools if pair in pool.masses]
            main = [m for cut in cuts for m in cut.masses]
            cells, edges = file[key].to_numpy(flow=True)
            assert (edges[1], edges[-2]) == pytest.approx((min(main), max(main)), rel=1e-9)
            assert [int(c) for c in cells] == reference_bumpnet.own_histogram(main), pair


@pytest.mark.parametrize(("name", "width"), [("defaults", 10.0), ("smallest mass", 10.0), ("cap", 20.0)])
def test_the_report_on_every_pair(demo_file: DemoFile, tmp_path: Path, name: str, width: float):
    case = CASES[name]
    path = demo_file("PHYSLITE", "sound", 20_000)
    masses = run_masses([path], tmp_path / "masses", **case.stage)
    result = run_histograms([masses], tmp_path / "histograms", min_events=50, bin_width=width)
    expected = answer([path], case.choice)
    theirs = [described(pair, expected.masses[pair], case, width) for pair in in_order(expected, case.choice, 50)]
    said = json.loads((result / "bumpnet.json").read_text())["pairs"]
    ours = [{k: pair[k] for k in theirs[0] if k != "accepted"} for pair in said]
    accepted = [[pair["bumpnet"][bins] == "accepted" for bins in ("25", "30")] for pair in said]
    assert [{**pair, "accepted": a} for pair, a in zip(ours, accepted, strict=True)] == theirs
    assert not all(pair["accepted"][0] for pair in theirs)
    assert any(pair["accepted"][0] for pair in theirs) or width > 10  # wide bins are too few


def described(pair: Pair, masses: list[float], case: Case, width: float) -> dict[str, Any]:
    """Return what the report should say of a pair."""
    filled = reference.fill(pair, masses, width, case.top, case.lowest)
    about = {"final_state": pair[0], "combination": pair[1], "name": reference_bumpnet.key(pair, width)}
    about |= {"entries": len(masses), "overflow": filled.overflow, "below": filled.below}
    if not filled.counts:
        return about | {
            "peak_bin": None,
            "split_bin": None,
            "main": 0,
            "outliers": 0,
            "bins": 0,
            "accepted": [False] * 2,
        }
    cut = reference_bumpnet.aligned(filled.counts, width)
    peak = round(cut.first / width)
    taken = [reference_bumpnet.accepted(about["name"], cut.contents, bins) for bins in (25, 30)]
    return about | {
        "peak_bin": peak,
        "split_bin": peak + len(cut.contents) if cut.outliers else None,
        "main": cut.main,
        "outliers": cut.outliers,
        "bins": len(cut.contents),
        "accepted": taken,
    }
