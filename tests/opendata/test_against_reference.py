"""The stage against R1: every schema, every switch, bin by bin and mass by mass.

Names, numbers of events and bins must be identical, masses within 1e-6 GeV or 1e-9 relative. Should a
bin differ because a mass lies at its edge, the failure lists that mass: nothing is waved through.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import uproot

from kit.opendata.demo import demo
from kit.opendata.events import EventParameters, read_events
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses
from kit.opendata.spectra import Spectra, merge
from kit.run import Run
from tests.opendata import reference, reference_bumpnet
from tests.opendata.reference import NO_CUTS, Answer, Choice, Pair, answer

REAL = [
    "data_A.4lep.root",
    "data_B.4lep.root",
    "PHYSLITE_example.root",
    "nanoAOD_2015_CMS_Open_Data_ttbar.root",
    "nano_dimuon.root",
    "nano_tt_v12.root",
    "Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root",
]


@dataclass(frozen=True)
class Case:
    """One way to choose: in the stage's words, and in R1's."""

    stage: dict[str, Any] = field(default_factory=dict)
    choice: Choice = field(default_factory=Choice)
    width: float = 10.0
    top: float = 10000.0
    lowest: float = 0.0


LOOSE: dict[str, Any] = {"pt_min": {}, "eta_max": {}}
CASES = {
    "defaults": Case({"mass_source": "record"}),
    "no cuts": Case(LOOSE, Choice(**NO_CUTS)),
    "sub-leading": Case({"sub_leading": True}, Choice(max_rank=1)),
    "sub-leading, no cuts": Case({"sub_leading": True, **LOOSE}, Choice(max_rank=1, **NO_CUTS)),
    "rank 2": Case({"sub_leading": True, "max_rank": 2, **LOOSE}, Choice(max_rank=2, **NO_CUTS)),
    "cap": Case({"jets_above_max": "cap"}, Choice(cap=True)),
    "cap, no cuts": Case({"jets_above_max": "cap", **LOOSE}, Choice(cap=True, **NO_CUTS)),
    "smallest mass": Case({"same_flavour_min_mass": 115.0}, lowest=115.0),
    "fewer of each": Case(
        {"max_count": 2, "max_total": 3, "final_state_types": [2, 3]},
        Choice(max_count=2, max_total=3, final_state_types=(2, 3)),
    ),
    "own cuts, two types": Case(
        {"objects": ["m", "j"], "pt_min": {"j": 45.0}, "eta_max": {"m": 1.2}},
        Choice(objects="mj", pt_min={"j": 45.0}, eta_max={"m": 1.2}),
    ),
    "one type": Case(
        {"final_state_types": [1, 1], "combination_types": [1, 1]},
        Choice(final_state_types=(1, 1), combination_types=(1, 1)),
    ),
    "up to six objects": Case({"max_total": 6, **LOOSE}, Choice(max_total=6, **NO_CUTS)),
    "types from two": Case({"combination_types": [2, 4]}, Choice(combination_types=(2, 4))),
    "coarse and short": Case({"bin_width": 12.5, "mass_max": 250.0}, width=12.5, top=250.0),
    "exact": Case({"count_rule": "exact"}, Choice(exact=True)),
}


def run_masses(paths: Iterable[Path], directory: Path, **chosen: Any) -> Path:
    p = MassParameters(
        inputs=[str(path) for path in paths], output=str(directory), interactive=False, keep_masses=True, **chosen
    )
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return directory


def stage_spectra(directory: Path) -> Spectra:
    return merge(record.spectra for record in read_masses(directory / "masses.parquet").records())


def stage_masses(directory: Path) -> dict[Pair, list[float]]:
    """Return the masses by pair, in input order."""
    rows = pq.read_table(directory / "mass_arrays.parquet").to_pylist()
    found: dict[Pair, list[float]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["piece"]):
        found[row["final_state"], row["combination"]] += row["masses"]
    return dict(found)


def differing_bins(spectra: Spectra, expected: dict[Pair, list[float]], case: Case) -> list[str]:
    """Return one line for each pair whose bins differ, with the masses that lie nearest to an edge."""
    faults = []
    for pair, masses in expected.items():
        theirs = reference.fill(pair, masses, case.width, case.top, case.lowest)
        counts = np.asarray(spectra.counts(pair))
        assert len(counts) == round(case.top / case.width)
        ours = {int(b): int(counts[b]) for b in np.flatnonzero(counts)}
        if (ours, spectra.overflow(pair), spectra.below(pair)) != (theirs.counts, theirs.overflow, theirs.below):
            near = sorted(masses, key=lambda m: abs(m / case.width - round(m / case.width)))[:2]
            faults.append(f"{pair}: stage {ours}, R1 {theirs}; masses nearest to an edge: {near!r}")
    return faults


def differing_masses(found: dict[Pair, list[float]], expected: dict[Pair, list[float]]) -> list[str]:
    faults = []
    for pair, masses in expected.items():
        ours, theirs = np.array(found[pair]), np.array(masses)
        if ours.shape != theirs.shape:
            faults.append(f"{pair}: {len(ours)} masses, R1 {len(theirs)}")
            continue
        off = np.abs(ours - theirs) > np.maximum(1e-6, 1e-9 * theirs)
        faults += [f"{pair}: {o!r} GeV, R1 {t!r} GeV" for o, t in zip(ours[off], theirs[off], strict=True)]
    return faults


def check(directory: Path, expected: Answer, case: Case) -> None:
    spectra = stage_spectra(directory)
    assert dict(spectra.events) == dict(expected.events)
    assert sorted(spectra.pairs) == sorted(expected.masses)
    assert differing_bins(spectra, expected.masses, case) == []
    found = stage_masses(directory)
    assert set(found) == set(expected.masses)
    assert differing_masses(found, expected.masses) == []
    records = list(read_masses(directory / "masses.parquet").records())
    assert sum(record.cutflow["read"] for record in records) == expected.entries
    dropped = {c: sum(record.dropped.get(c, 0) for record in records) for c in expected.dropped}
    assert dropped == expected.dropped


def compare(paths: list[Path], tmp_path: Path, case: Case, **chosen: Any) -> Answer:
    expected = answer(paths, case.choice)
    check(run_masses(paths, tmp_path / "masses", **case.stage, **chosen), expected, case)
    return expected


@pytest.fixture(params=["numpy", "compiled"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let both ways of computing be compared, whatever the number of events."""
    monkeypatch.setenv("KIT_KERNELS", request.param)
    return request.param


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("name", REAL)
def test_real_files(shared_data: Path, tmp_path: Path, kernels: str, name: str, case: Case):
    compare([shared_data / "opendata" / name], tmp_path, case)


def test_two_files_of_one_release_add_up(shared_data: Path, tmp_path: Path, kernels: str):
    paths = [shared_data / "opendata" / name for name in ("data_A.4lep.root", "data_B.4lep.root")]
    assert compare(paths, tmp_path, CASES["sub-leading, no cuts"]).entries == 39 + 156


FORMS = {  # what the demo writes: schema, and how
    "PHYSLITE": ("2024r-pp", {}),
    "PHYSLITE as RNTuple": ("2024r-pp", {"storage": "RNTuple"}),
    "2020e": ("2020e-13tev", {}),
    "2025e": ("2025e-13tev-beta", {}),
    "2016e": ("2016e-8tev", {}),
    "NanoAOD": ("nanoaod", {}),
    "NanoAOD without Photon_mass": ("nanoaod", {"photon_mass": False}),
    "NanoAOD as RNTuple": ("nanoaod", {"storage": "RNTuple"}),
    "NanoAOD as RNTuple without Photon_mass": ("nanoaod", {"storage": "RNTuple", "photon_mass": False}),
    "2024r-hi": ("2024r-hi", {}),
}
FAULTS: dict[str, dict[str, Any]] = {
    "sound": {},
    "bad, unsorted, repeated": {"bad_values": 0.03, "unsorted": True, "duplicates": 0.02},
}
EVENTS = 1500
DemoFile = Callable[..., Path]


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> DemoFile:
    """Return a function that makes a demo file, each but once."""
    folder = tmp_path_factory.mktemp("demo")
    made: dict[str, Path] = {}

    def make(form: str, faults: str, events: int = EVENTS, seed: int = 7) -> Path:
        schema, how = FORMS[form]
        name = f"{form} {faults} {events} {seed}"
        if name not in made:
            path = folder / f"{len(made)}.root"
            made[name] = demo(schema, path, events, seed, **how, **FAULTS[faults])
        return made[name]

    return make


@pytest.mark.parametrize("case", ["defaults", "sub-leading, no cuts", "cap, no cuts", "smallest mass"])
@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("form", FORMS)
def test_demo_files_of_every_schema(
    demo_file: DemoFile, tmp_path: Path, kernels: str, form: str, faults: str, case: str
):
    expected = compare([demo_file(form, faults)], tmp_path, CASES[case])
    assert expected.entries == EVENTS
    assert (sum(expected.dropped.values()) > 0) == (faults != "sound")


@pytest.mark.parametrize("case", CASES)
def test_every_case_on_bad_and_unsorted_objects(demo_file: DemoFile, tmp_path: Path, kernels: str, case: str):
    path = demo_file("PHYSLITE", "bad, unsorted, repeated", 3000, 11)
    assert compare([path], tmp_path, CASES[case]).masses


@pytest.mark.parametrize("case", ["smallest mass", "coarse and short"])
def test_the_cases_that_shall_leave_the_grid_do(demo_file: DemoFile, case: str):
    """Without overflow and masses below the smallest one the comparisons above would prove little."""
    which = CASES[case]
    found = answer([demo_file("PHYSLITE", "sound")], which.choice).masses
    filled = [reference.fill(pair, m, which.width, which.top, which.lowest) for pair, m in found.items()]
    assert sum(f.below if which.lowest else f.overflow for f in filled) > 10


def test_files_of_different_schemas_add_up(demo_file: DemoFile, tmp_path: Path, kernels: str):
    forms = ("PHYSLITE as RNTuple", "2025e", "2016e", "NanoAOD")
    paths = [demo_file(form, "bad, unsorted, repeated", 500, 20 + i) for i, form in enumerate(forms)]
    compare(paths, tmp_path, CASES["cap"])


def test_pieces_of_a_file_add_up(demo_file: DemoFile, tmp_path: Path, kernels: str):
    """The demo's file has clusters of 20 000 events: three, the last one not full."""
    path = demo_file("PHYSLITE", "bad, unsorted, repeated", 45_000)
    expected = compare([path], tmp_path, CASES["defaults"], chunk_events=10_000)
    assert len(expected.masses) > 1000
    assert len(list(read_masses(tmp_path / "masses" / "masses.parquet").records())) > 1


@pytest.mark.parametrize("source", ["data_A.4lep.root", "PHYSLITE_example.root", "nano_dimuon.root"])
def test_a_skim_gives_the_masses_of_its_source(shared_data: Path, tmp_path: Path, source: str):
    raw = shared_data / "opendata" / source
    skims = write_skim(raw, tmp_path / "events")
    from_raw = compare([raw], tmp_path / "raw", CASES["sub-leading, no cuts"])
    from_skim = compare(skims, tmp_path / "skim", CASES["sub-leading, no cuts"])
    assert (from_raw.events, from_raw.masses) == (from_skim.events, from_skim.masses)
    assert stage_masses(tmp_path / "raw" / "masses") == stage_masses(tmp_path / "skim" / "masses")


@pytest.mark.parametrize("form", FORMS)
def test_a_skim_of_every_schema_gives_the_masses_of_its_source(demo_file: DemoFile, tmp_path: Path, form: str):
    raw = demo_file(form, "bad, unsorted, repeated")
    skims = write_skim(raw, tmp_path / "events")
    assert compare(skims, tmp_path, CASES["cap"]).masses == answer([raw], CASES["cap"].choice).masses


def write_skim(path: Path, directory: Path) -> list[Path]:
    p = EventParameters(inputs=[str(path)], output=str(directory), interactive=False, write_skim=True)
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    skims = sorted(directory.glob("events_*.root"))
    assert skims
    return skims


# ── histograms ──────────────────────────────────────────────────────────────────────────────────────


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
    ("NanoAOD", "bad, unsorted, repeated", "sub-leading", 100),
    ("2025e", "sound", "smallest mass", 100),
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
    assert len(main) > 30
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


def test_the_grid_of_the_original(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("PHYSLITE", "sound", 6000)
    masses = run_masses([path], tmp_path / "masses")
    result = run_histograms([masses], tmp_path / "histograms", min_events=40, grid="linspace")
    expected = answer([path]).of_at_least(40)
    with uproot.open(result / "bumpnet.root") as file:
        assert set(file.keys(cycle=False)) == {reference_bumpnet.key(pair) for pair in expected}
        for pair, values in expected.items():
            cut = reference_bumpnet.linspace(values)
            cells, edges = file[reference_bumpnet.key(pair)].to_numpy(flow=True)
            theirs = reference_bumpnet.own_histogram(cut.masses)
            assert (edges[1], edges[-2]) == pytest.approx((min(cut.masses), max(cut.masses)), rel=1e-9)
            assert [int(c) for c in cells] == theirs, pair


def test_bumpnet_takes_what_it_is_said_to_take(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("PHYSLITE", "sound", 20_000)
    masses = run_masses([path], tmp_path / "masses")
    result = run_histograms([masses], tmp_path / "histograms")
    rows = read_rows(result / "bumpnet.root")
    accepted = {key for key, (_, contents) in rows.items() if reference_bumpnet.accepted(key, contents)}
    assert 0 < len(accepted) < len(rows)
