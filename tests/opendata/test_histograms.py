"""The stage `histograms`: from runs of masses to BumpNet files, and what it refuses and tells."""

import contextlib
import json
import re
from collections import Counter

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.files import FormatError, read_json
from kit.opendata.bumpnet import read_histograms
from kit.opendata.demo import demo
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.massarrays import write_arrays
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses, write_masses
from kit.opendata.peaks import divide_masses
from kit.opendata.pieces import Piece
from kit.opendata.spectra import Grid, PieceRecord, Spectra, merge
from kit.parameters import ParameterError
from kit.run import Run, RunError, load

NAMES = re.compile(r"^ROI_mass_([emjbgt]\d)+_cat_(\d+[emjgtb]x_?)+_width_10\.0$")
GRID = Grid(10.0, 1000)
TWO_E, TWO_E_JET = "2e_0m_0j_0g_0t_0b", "2e_0m_1j_0g_0t_0b"


def make_run(
    directory, masses, *, events=None, fail=False, arrays=False, types="ej", schema="2020e-13tev", **values
):
    """Make a run of masses from {(final state, combination): masses in GeV}; return its directory."""
    p = MassParameters(inputs=[f"{directory.name}.root"], output=str(directory), **values)
    piece = Piece(f"{directory.name}.root", f"uuid of {directory.name}", 1, 100, 0, 100)
    pairs = sorted(masses)
    rows = []
    for place, pair in enumerate(pairs):
        bins = Counter(min(int(mass // GRID.width), GRID.bins) for mass in masses[pair])
        rows += [(place, *item) for item in sorted(bins.items())]
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    events = events or {pair[0]: len(masses[pair]) for pair in pairs}
    spectra = Spectra(GRID, events, pairs, *columns)
    record = PieceRecord(piece, spectra, {"read": 100}, {}, dict.fromkeys(types, 1), schema)
    about = {
        "selection": p.selecting(),
        "grid": vars(GRID),
        "job": p.job,
        "jobs": p.jobs,
        "planned": [vars(piece)],
        "failed": [],
    }
    with contextlib.suppress(RunError), Run("opendata/masses", p) as run:
        with run.writing("masses.parquet") as part:
            write_masses(part, [record], about)
        if arrays:
            with run.writing("mass_arrays.parquet") as part:
                write_arrays(part, [(*pair, np.array(masses[pair])) for pair in pairs])
        if fail:
            message = "as wanted"
            raise RunError(message)
    return str(directory)


@pytest.fixture
def masses_run(tmp_path):
    """Return a function that makes a run of this name."""
    return lambda name, *arguments, **options: make_run(tmp_path / name, *arguments, **options)


def histograms_of(tmp_path, inputs, **values):
    """Run the stage; return the run and the histograms of its three files."""
    output = tmp_path / f"histograms{len(list(tmp_path.glob('histograms*')))}"
    p = HistogramParameters(inputs=inputs, output=str(output), **values)
    with Run("opendata/histograms", p) as run:
        run.summary = make_histograms(p, run)
    stem = p.file_name.removesuffix(".root")
    return run, *(read_histograms(run.directory / f"{stem}{part}.root") for part in ("", "_before", "_outliers"))


def test_real_data_give_the_reference_spectra(tmp_path, shared_data):
    folder = shared_data / "opendata"
    p = MassParameters(
        inputs=[str(folder / "data_A.4lep.root")], pt_min={}, eta_max={}, output=str(tmp_path / "masses")
    )
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    run, main, before, _ = histograms_of(
        tmp_path, [p.output], min_events=1, peak_cut=False, exclude_outliers=False
    )
    expected = {"events": 37, "final_states_kept": 12, "histograms": 121, "entries": 348, "main": 348}
    assert {name: run.summary[name] for name in expected} == expected
    reference = read_json(folder / "reference_data_A.4lep_no_cuts.json")["hists"]
    pairs = read_json(run.directory / "bumpnet.json")["pairs"]
    names = {f"{pair['final_state']}|{pair['combination']}": pair["name"] for pair in pairs}
    by_name = {histogram.name: histogram for histogram in main}
    assert names.keys() == reference.keys()
    for key, told in reference.items():
        histogram = by_name[names[key]]
        first = round(histogram.low / 10)
        assert {str(first + k): n for k, n in enumerate(histogram.counts) if n} == told["bins10"]
        assert histogram.entries == told["n"]
    assert [h.name for h in before] == [h.name for h in main]


def test_every_histogram_can_be_read_by_bumpnet(tmp_path, shared_data):
    files = [str(shared_data / "opendata" / "PHYSLITE_example.root")]
    p = MassParameters(inputs=files, output=str(tmp_path / "masses"))
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    run, *files = histograms_of(tmp_path, [p.output], min_events=2)
    assert len(files[0]) == run.summary["histograms"] > 100
    for histogram in (histogram for file in files for histogram in file):
        assert NAMES.match(histogram.name)
        assert histogram.counts[0] > 0
        assert histogram.overflow == 0
        assert (histogram.high - histogram.low) / len(histogram.counts) == 10.0


spectrum = st.lists(st.floats(0, 11_000), min_size=1, max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(data=st.data(), peak_cut=st.booleans(), exclude=st.booleans())
def test_before_is_what_is_kept_and_cut_and_set_aside(tmp_path_factory, data, peak_cut, exclude):
    folder = tmp_path_factory.mktemp("case")
    masses = {(TWO_E, "e0e1"): data.draw(spectrum), (TWO_E_JET, "e0j0"): data.draw(spectrum)}
    directory = make_run(folder / "a", masses)
    run, *files = histograms_of(folder, [directory], min_events=1, peak_cut=peak_cut, exclude_outliers=exclude)
    main, before, outliers = ({h.name: h for h in file} for file in files)
    report = read_json(run.directory / "bumpnet.json")["pairs"]
    for pair in report:
        name, counts = pair["name"], np.zeros(1000, np.int64)
        for part in (main, outliers):
            if name in part:
                first = round(part[name].low / 10)
                counts[first : first + len(part[name].counts)] += part[name].counts
        whole = np.bincount(
            [int(m // 10) for m in masses[pair["final_state"], pair["combination"]] if m < 10_000], minlength=1000
        )
        cut = whole - counts
        assert np.all(cut >= 0)
        assert cut.sum() == pair["cut"]
        assert np.all(counts[: pair["peak_bin"] or 0] == 0)
        assert (name in before) == bool(whole.any())
        assert name not in before or before[name].entries == whole.sum()


def test_entries_and_moments_in_the_file_are_those_of_a_loop_over_the_entries(tmp_path, masses_run):
    masses = [12.0, 91.0, 92.0, 93.0, 95.0, 104.0, 133.0]
    run, main, *_ = histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): masses})], min_events=1)
    centres = [95.0, 95.0, 95.0, 95.0, 105.0]  # 12 GeV is cut, 133 GeV lies behind a gap
    with uproot.open(run.directory / "bumpnet.root") as file:
        stored = file[main[0].name]
        told = [stored.member(name) for name in ("fEntries", "fTsumw", "fTsumw2", "fTsumwx", "fTsumwx2")]
    assert told == [5, 5, 5, sum(centres), sum(m * m for m in centres)]


def test_final_states_are_kept_by_their_events_over_all_inputs(tmp_path, masses_run):
    one = masses_run("one", {(TWO_E, "e0e1"): [95.0] * 60, (TWO_E_JET, "e0e1"): [95.0] * 99})
    two = masses_run("two", {(TWO_E, "e0e1"): [105.0] * 40})
    run, main, *_ = histograms_of(tmp_path, [one, two])
    assert [h.name for h in main] == ["ROI_mass_e0e1_cat_2ex_0mx_0jx_0gx_0tx_0bx_width_10.0"]
    assert main[0].counts.tolist() == [60, 40]
    report = read_json(run.directory / "bumpnet.json")
    assert report["final_states"] == {TWO_E: 100, TWO_E_JET: 99}
    assert (run.summary["final_states"], run.summary["final_states_kept"]) == (2, 1)


def test_histograms_are_ordered_by_final_state_then_by_combination(tmp_path, masses_run):
    pairs = [(TWO_E_JET, "e0e1"), (TWO_E_JET, "e0j0"), (TWO_E_JET, "e0e1j0"), (TWO_E, "e0e1")]
    directory = masses_run("a", {pair: [95.0] * (3 if pair[0] == TWO_E else 5) for pair in pairs})
    _, main, *_ = histograms_of(tmp_path, [directory], min_events=1)
    found = [re.match(r"ROI_mass_(\w+?)_cat_\dex_\dmx_(\d)jx", h.name).groups() for h in main]
    assert found == [("e0e1", "1"), ("e0j0", "1"), ("e0e1j0", "1"), ("e0e1", "0")]


def test_a_wider_bin_joins_filled_ones(tmp_path, masses_run):
    directory = masses_run("a", {(TWO_E, "e0e1"): [5.0, 15.0, 15.0, 25.0, 9995.0]})
    run, _, before, _ = histograms_of(tmp_path, [directory], min_events=1, bin_width=30.0)
    assert (before[0].counts.tolist(), before[0].low, before[0].high) == ([4], 0.0, 30.0)
    assert before[0].name.endswith("_width_30.0")
    assert run.summary["overflow"] == 1


def test_a_width_that_does_not_fit_the_grid_is_refused(tmp_path, masses_run):
    with pytest.raises(
        ParameterError, match=r"bin_width is 15\.0 GeV, not a multiple of the filled width, 10\.0 GeV"
    ):
        histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [5.0]})], bin_width=15.0)


def test_masses_beyond_the_grid_are_told_not_filled(tmp_path, masses_run):
    run, main, *_ = histograms_of(
        tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [50.0, 10_000.0, 12_345.0]})], min_events=1
    )
    assert (run.summary["entries"], run.summary["overflow"], main[0].entries) == (3, 2, 1)
    assert read_json(run.directory / "bumpnet.json")["pairs"][0]["overflow"] == 2


def test_names_can_be_those_of_the_original(tmp_path, masses_run):
    directory = masses_run("a", {(TWO_E_JET, "e0e1j0"): [50.0]})
    _, main, *_ = histograms_of(tmp_path, [directory], min_events=1, naming="count", name_types="present")
    assert main[0].name == "ROI_mass_e2j1_cat_2ex_1jx_width_10.0"


@pytest.mark.parametrize(("schema", "present"), [("2016e-8tev", "emj"), ("nanoaod", "emjgt"), ("2024r-hi", "m")])
def test_names_by_count_and_present_types_follow_from_those_by_rank(tmp_path, schema, present):
    made = demo(schema, tmp_path / "demo.root", 150, 1)
    p = MassParameters(inputs=[str(made)], output=str(tmp_path / "masses"))
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    _, _, by_rank, _ = histograms_of(tmp_path, [p.output], min_events=1)
    _, _, by_count, _ = histograms_of(tmp_path, [p.output], min_events=1, naming="count", name_types="present")
    expected = []
    for histogram in by_rank:
        ranks, state = re.fullmatch(r"ROI_mass_(\w+)_cat_(\w+)_width_10.0", histogram.name).groups()
        counts = "".join(f"{x}{n}" for x in "emjgt" if (n := ranks.count(x)))
        shown = "_".join(part for part in state.split("_") if part[1] in present)
        expected.append(f"ROI_mass_{counts}_cat_{shown}_width_10.0")
    assert len(expected) > 0
    assert [histogram.name for histogram in by_count] == expected
    assert [(h.entries, *h.counts) for h in by_count] == [(h.entries, *h.counts) for h in by_rank]


def test_names_by_count_are_refused_where_ranks_would_be_lost(tmp_path):
    made = demo("nanoaod", tmp_path / "demo.root", 200, 1)
    p = MassParameters(inputs=[str(made)], output=str(tmp_path / "masses"), sub_leading=True)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    lost = (
        r"naming is count, which loses ranks: \w+ and \w+ would both be ROI_mass_\w+_width_10.0; should be index"
    )
    with pytest.raises(ParameterError, match=lost):
        histograms_of(tmp_path, [p.output], min_events=1, naming="count")


def test_the_three_files_share_a_stem(tmp_path, masses_run):
    directory = masses_run("a", {(TWO_E, "e0e1"): [50.0]})
    run, *_ = histograms_of(tmp_path, [directory], min_events=1, file_name="run2.root")
    outputs = [entry["path"] for entry in load(run.directory).manifest["outputs"]]
    assert outputs == ["run2.root", "run2_before.root", "run2_outliers.root", "bumpnet.json"]


@pytest.mark.parametrize("name", ["a.txt", ".root", "bumpnet.txt", "sub/bumpnet.root", "../bumpnet.root"])
def test_a_file_name_that_is_none_is_refused(name):
    with pytest.raises(ParameterError, match=r"should be the name of a file that ends in \.root"):
        HistogramParameters.build({"file_name": name})


def test_nothing_selected_is_a_valid_empty_result_said_loudly(tmp_path, masses_run, capsys):
    run, *files = histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [50.0] * 99})])
    assert files == [[], [], []]
    assert run.summary["empty"] is True
    assert load(run.directory).state == "complete"
    assert "NOTHING SELECTED: no final state has 100 events, the largest 99" in capsys.readouterr().out


@pytest.mark.parametrize("masses", [{}, {(TWO_E, "e0e1"): [20_000.0] * 100}])
def test_final_states_without_a_mass_on_the_grid_are_an_empty_result_too(tmp_path, masses_run, capsys, masses):
    directory = masses_run("a", masses, events={TWO_E: 100})
    run, main, *_ = histograms_of(tmp_path, [directory])
    assert (main, run.summary["empty"], run.summary["final_states_kept"]) == ([], True, 1)
    assert "NOTHING SELECTED: no final state that is kept has a mass on the grid" in capsys.readouterr().out


def test_events_of_different_schemas_are_told(tmp_path, masses_run, capsys):
    runs = [masses_run(schema, {(TWO_E, "e0e1"): [95.0]}, schema=schema) for schema in ("nanoaod", "2020e-13tev")]
    histograms_of(tmp_path, runs, min_events=1)
    assert "events of different schemas are added: nanoaod, 2020e-13tev" in capsys.readouterr().out


def test_a_cut_that_takes_nearly_all_is_warned_of(tmp_path, masses_run, capsys):
    masses = [*range(5, 9000, 10), 9005, 9005]
    histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): masses})])
    assert f"the peak cut removes nearly all masses of 1 final states: 99.8% of {TWO_E}" in capsys.readouterr().out


def test_a_cut_that_takes_less_is_not(tmp_path, masses_run, capsys):
    histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [5, 5, 15, 15, 15]})], min_events=1)
    assert "notice" not in capsys.readouterr().out


def test_copies_of_a_piece_are_counted_once_and_told(tmp_path, masses_run, capsys):
    masses = {(TWO_E, "e0e1"): [95.0] * 100}
    one = masses_run("a", masses)
    copy = tmp_path / "elsewhere" / "copy"
    copy.parent.mkdir()
    for path in (tmp_path / "a").iterdir():
        if path.is_file():
            copy.mkdir(exist_ok=True)
            (copy / path.name).write_bytes(path.read_bytes())
    run, main, *_ = histograms_of(tmp_path, [one, str(copy)])
    assert main[0].entries == 100
    assert run.summary["pieces_given_twice"] == 1
    assert "pieces that came twice, with the same result, and are counted once: 1" in capsys.readouterr().out


def test_a_run_named_twice_is_one_run(tmp_path, masses_run):
    directory = masses_run("a", {(TWO_E, "e0e1"): [95.0] * 100})
    run, *_ = histograms_of(tmp_path, [directory, directory, f"{directory}/masses.parquet"])
    assert (run.summary["pieces"], run.summary["pieces_given_twice"]) == (1, 0)


def test_the_inputs_stand_in_the_manifest(tmp_path, masses_run):
    run, *_ = histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [95.0]})])
    assert [entry["path"].rpartition("/")[2] for entry in load(run.directory).manifest["inputs"]] == [
        "masses.parquet"
    ]


def test_missing_jobs_are_refused_or_listed(tmp_path, masses_run, capsys):
    directory = masses_run("a", {(TWO_E, "e0e1"): [95.0] * 100}, job=2, jobs=3)
    with pytest.raises(RunError, match="jobs 1, 3 of 3 are missing"):
        histograms_of(tmp_path, [directory])
    run, *_ = histograms_of(tmp_path, [directory], accept_partial=True)
    assert run.summary["missing"] == 1
    assert read_json(run.directory / "bumpnet.json")["merged"]["missing"] == ["jobs 1, 3 of 3 are missing"]
    assert "incomplete: jobs 1, 3 of 3 are missing" in capsys.readouterr().out


def test_a_batch_run_stands_for_its_points_and_tells_how_many_there_should_be(tmp_path, masses_run):
    for name in ("batch/outputs/one", "batch/outputs/two"):
        masses_run(name, {(TWO_E, "e0e1"): [95.0] * 60})
    masses_run("batch/outputs/three", {(TWO_E, "e0e1"): [95.0]}, fail=True)
    points = tmp_path / "batch" / "points.jsonl"
    points.write_text("".join(json.dumps({"id": k}) + "\n" for k in range(3)))
    with pytest.raises(RunError, match="1 of 3 expected jobs"):
        histograms_of(tmp_path, [str(tmp_path / "batch")])
    points.write_text("{}\n{}\n")
    run, *_ = histograms_of(tmp_path, [str(tmp_path / "batch")])
    assert run.summary["entries"] == 120


def test_what_is_no_complete_run_of_masses_is_refused(tmp_path, masses_run):
    with pytest.raises(RunError, match=r"a holds no complete run of opendata/masses; it is failed"):
        histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [95.0]}, fail=True)])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match="empty holds no complete run of opendata/masses"):
        histograms_of(tmp_path, [str(tmp_path / "empty")])
    with pytest.raises(FileNotFoundError, match="there is no nowhere"):
        histograms_of(tmp_path, ["nowhere"])


def test_a_bin_beyond_a_th1f_is_told(tmp_path, masses_run, capsys, monkeypatch):
    monkeypatch.setattr("kit.opendata.bumpnet.LARGEST_EXACT_FLOAT", 50)
    histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): [95.0] * 100})])
    assert "bumpnet.root: TH1D, since a bin has more than 2²⁴ entries: ROI_mass_e0e1_" in capsys.readouterr().out


LOW, HIGH = [12.0, 55.0, 55.5, 61.0, 80.0, 200.0], [300.0, 301.0, 333.0, 480.0]


def test_the_grid_of_the_original_is_drawn_through_all_masses(tmp_path, masses_run):
    runs = [masses_run(name, {(TWO_E, "e0e1"): masses}, arrays=True) for name, masses in (("a", LOW), ("b", HIGH))]
    run, main, before, outliers = histograms_of(tmp_path, runs, min_events=1, grid="linspace")
    expected = divide_masses(np.array(LOW + HIGH), 10.0)
    assert (before[0].low, before[0].high, before[0].entries) == (12.0, 480.0, 10)
    assert (main[0].low, main[0].high, main[0].entries) == (
        min(expected.main),
        max(expected.main),
        len(expected.main),
    )
    assert sum(h.entries for h in outliers) == len(expected.outliers)
    assert main[0].overflow == 1
    assert read_json(run.directory / "bumpnet.json")["pairs"][0]["peak"] == expected.peak


def test_the_grid_per_file_divides_each_file_for_itself(tmp_path, masses_run):
    runs = [masses_run(name, {(TWO_E, "e0e1"): masses}, arrays=True) for name, masses in (("a", LOW), ("b", HIGH))]
    _, main, _, outliers = histograms_of(tmp_path, runs, min_events=1, grid="linspace_per_file")
    parts = [divide_masses(np.array(masses), 10.0) for masses in (LOW, HIGH)]
    assert sum(h.entries for h in main) == sum(len(part.main) for part in parts)
    assert sum(h.entries for h in outliers) == sum(len(part.outliers) for part in parts)
    assert main[0].low == min(min(part.main) for part in parts)


def test_the_grids_of_the_original_need_the_masses(tmp_path, masses_run):
    with pytest.raises(RunError, match=r"a has no mass_arrays.parquet: run masses with keep_masses"):
        histograms_of(tmp_path, [masses_run("a", {(TWO_E, "e0e1"): LOW})], min_events=1, grid="linspace")


def test_the_demo_makes_its_own_run_of_masses_once(tmp_path, capsys):
    run, main, *_ = histograms_of(tmp_path, ["demo"])
    masses = tmp_path / "outputs" / "demo" / "opendata" / "masses" / "masses.parquet"
    made = masses.stat().st_mtime_ns
    assert len(main) == run.summary["histograms"] > 20
    assert run.summary["accepted_at_25_bins"] > 0
    assert read_json(run.directory / "bumpnet.json")["generated"] is True
    again, *_ = histograms_of(tmp_path, ["demo"], grid="linspace")
    assert masses.stat().st_mtime_ns == made
    assert again.summary["entries"] == run.summary["entries"]


def test_weighted_masses_give_weighted_histograms_divided_by_counts(tmp_path):
    path = demo("2025e-13tev-beta", tmp_path / "a.root", 1500, 3)
    common = {"inputs": [str(path)], "chunk_events": 1000}
    runs = []
    for name, more in (("off", {}), ("mc", {"weights": "mc", "sample": "simulation"})):
        p = MassParameters(output=str(tmp_path / name), **common, **more)
        with Run("opendata/masses", p) as run:
            run.summary = make_masses(p, run)
        runs.append(histograms_of(tmp_path, [str(tmp_path / name)], min_events=20))
    (_, plain, *_), (run, weighted, before, _) = runs
    assert [h.name for h in plain] == [h.name for h in weighted]
    assert read_json(run.directory / "bumpnet.json")["weighted"]
    masses = read_masses(tmp_path / "mc" / "masses.parquet")
    spectra = merge(record.spectra for record in masses.records())
    for one, other in zip(plain, weighted, strict=True):
        assert (one.low, one.high, len(one.counts)) == (other.low, other.high, len(other.counts))
        assert one.entries == pytest.approx(other.moments()[0] / 45, rel=1.5)  # σ L / Σw is 45 events
    by_name = {h.name: h for h in before}
    for entry in read_json(run.directory / "bumpnet.json")["pairs"]:
        total, square = spectra.weights((entry["final_state"], entry["combination"]))
        histogram = by_name[entry["name"]]
        assert histogram.weights[0].sum() == pytest.approx(total.sum(), rel=1e-5, abs=1e-3)
        assert histogram.weights[1].sum() == pytest.approx(square.sum(), rel=1e-12)
    with pytest.raises(ParameterError, match="grid is linspace, which knows no weights"):
        histograms_of(tmp_path, [str(tmp_path / "mc")], grid="linspace")
    with pytest.raises(FormatError, match="weights is off in"):
        histograms_of(tmp_path, [str(tmp_path / "off"), str(tmp_path / "mc")], accept_partial=True)
