"""The pictures of whole runs: real data, the demo, nothing at all; each can be written and says something."""

import functools

import pytest

from kit import figures
from kit.files import read_json
from kit.opendata import demo, plots
from kit.opendata.events import EventParameters, read_events
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.sources import open_source
from kit.run import Run, load

NO_OBJECT_PASSES = dict.fromkeys("emjgt", 1e6)  # GeV
STAGES = {
    "events": (EventParameters, read_events, plots.events_figures),
    "masses": (MassParameters, make_masses, plots.masses_figures),
    "histograms": (HistogramParameters, make_histograms, plots.histograms_figures),
}
NAMES = {
    "events": ["pt", "eta", "multiplicity", "final_states", "cutflow"],
    "masses": ["four_leptons", "lepton_pairs", "spectra", "sizes", "final_states", "cutflow", "effort"],
    "histograms": ["spectra", "acceptance", "verdicts", "shares", "final_states"],
}


def run_of(stage, folder, **values):
    model, verb, _ = STAGES[stage]
    p = model(output=str(folder / stage), **values)
    with Run(f"opendata/{stage}", p) as run:
        run.summary = verb(p, run)
    return load(run.directory)


def runs_of(folder, inputs, cuts, least):
    """Return a run of each stage on the same inputs."""
    events, masses = (run_of(stage, folder, inputs=inputs, **cuts) for stage in ("events", "masses"))
    return {
        "events": events,
        "masses": masses,
        "histograms": run_of("histograms", folder, inputs=[str(masses.directory)], min_events=least),
    }


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    return runs_of(folder, [str(shared_data / "opendata" / "data_A.4lep.root")], {"pt_min": {}, "eta_max": {}}, 1)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    path = demo.demo("nanoaod", folder / "some.root", 50, 1)
    return runs_of(folder, [str(path)], {"pt_min": NO_OBJECT_PASSES}, 100)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    path = demo.demo("2025e-13tev-beta", folder / "some.root", 2000, 1)
    return runs_of(folder, [str(path)], {}, 10)


@functools.cache
def pictures_of(stage, directory):
    """Return the pictures of a run, drawn once for all tests."""
    return STAGES[stage][2](load(directory))


def visible(picture):
    return [axes for axes in picture.axes if axes.get_visible()]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("case", ["real", "empty", "many"])
def test_every_picture_of_every_stage_shows_or_says_something(case, stage, request, tmp_path):
    pictures = pictures_of(stage, request.getfixturevalue(case)[stage].directory)
    assert list(pictures) == NAMES[stage]
    (path,) = figures.write(pictures[NAMES[stage][-1]], tmp_path / stage)
    assert path.stat().st_size > 5_000
    for picture in pictures.values():
        for axes in visible(picture):
            if axes.axison:
                assert axes.patches or axes.lines
                assert axes.get_xlabel()
                assert axes.get_ylabel() or axes.get_yticklabels()[0].get_text()
            else:
                assert any(text.get_text().startswith("no ") for text in axes.texts)


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_cut_off_and_no_panel_covers_another(many, stage):
    for name, picture in pictures_of(stage, many[stage].directory).items():
        picture.draw_without_rendering()
        whole = picture.bbox
        for axes in visible(picture):
            box = axes.get_tightbbox()
            assert box.x0 >= whole.x0 - 1, name
            assert box.x1 <= whole.x1 + 1, name
            assert box.y0 >= whole.y0 - 1, name
            assert box.y1 <= whole.y1 + 1, name
        boxes = [axes.get_window_extent() for axes in visible(picture)]
        assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[k + 1 :]), name


@pytest.mark.parametrize(
    ("width", "end"), [(10.0, 200.0), (50.0, 100.0), (100.0, 100.0), (100.0, 200.0), (10.0, 50.0), (300.0, 300.0)]
)
def test_short_and_coarse_grids_can_be_drawn(width, end, tmp_path):
    path = str(demo.demo("2025e-13tev-beta", tmp_path / "some.root", 2000, 1))
    cuts = {"bin_width": width, "mass_max": end, "pt_min": {"e": 7.0, "m": 7.0, "j": 30.0}}
    masses = run_of("masses", tmp_path, inputs=[path], **cuts)
    histograms = run_of("histograms", tmp_path, inputs=[str(masses.directory)], min_events=10, bin_width=width)
    for stage, run in (("masses", masses), ("histograms", histograms)):
        for picture in STAGES[stage][2](run).values():
            picture.draw_without_rendering()
            assert all(axes.get_xlabel() for axes in visible(picture) if axes.axison)


def test_experiment_and_energy_stand_above_every_picture(real):
    for stage in STAGES:
        for picture in pictures_of(stage, real[stage].directory).values():
            words = [text.get_text() for axes in visible(picture) for text in axes.texts]
            assert {"ATLAS", "Open Data", r"$\sqrt{s}$ = 13 TeV"} <= set(words)


def test_weighted_simulation_is_called_so_in_every_picture_and_data_over_it_tells_the_luminosity(
    shared_data, tmp_path
):
    path = str(shared_data / "opendata" / "nano_tt_v12.root")
    weights = {"weights": "mc", "cross_section": 832.0, "sum_of_weights": 2e5, "luminosity": 10.0}
    simulation = run_of("masses", tmp_path / "tt_20260101_120000", inputs=[path], sample="simulation", **weights)
    others = {"inputs": [str(simulation.directory)], "min_events": 1}
    for pictures in (
        plots.masses_figures(simulation),
        plots.histograms_figures(run_of("histograms", tmp_path, **others)),
    ):
        for picture in pictures.values():
            words = [text.get_text() for axes in visible(picture) for text in axes.texts]
            assert {"CMS", "Simulation Open Data", "10 fb$^{-1}$"} <= set(words)
    data = run_of("masses", tmp_path / "data", inputs=[path])
    compared = run_of("histograms", tmp_path / "both", **{**others, "inputs": [str(data.directory)]}, compare=[
        str(simulation.directory)
    ])  # fmt: skip
    words = [text.get_text() for text in plots.histograms_figures(compared)["comparison_1"].axes[0].texts]
    assert words[:3] == ["CMS", "Open Data", "10 fb$^{-1}$"]


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (["a/tt_20260101_120000", "a/wjets_20260101_120000_2"], ["tt", "wjets"]),
        (["a/tt_20260101_120000", "b/tt_20260102_120000"], ["tt_20260101_120000", "tt_20260102_120000"]),
        (["a/zmumu"], ["zmumu"]),
    ],
)
def test_a_legend_names_runs_by_what_tells_them_apart(runs: list[str], names: list[str]):
    assert plots._names(runs) == names


def test_the_demo_is_called_demo(tmp_path):
    run = run_of("histograms", tmp_path, inputs=["demo"])
    for picture in plots.histograms_figures(run).values():
        words = [text.get_text() for text in picture.axes[0].texts]
        assert {"Demo", "generated events"} <= set(words)
        assert "ATLAS" not in words


def test_generated_files_are_called_so_by_any_name_and_in_skims_of_skims(tmp_path):
    path = str(demo.demo("nanoaod", tmp_path / "data_A.root", 300, 1))
    for step in range(3):
        folder = tmp_path / str(step)
        runs = runs_of(folder, [path], {}, 1)
        for stage, run in runs.items():
            for picture in STAGES[stage][2](run).values():
                assert {"Demo", "generated events"} <= {text.get_text() for text in picture.axes[0].texts}
        assert read_json(runs["events"].directory / "objects.json")["generated"] is True
        skim = run_of("events", folder / "skim", inputs=[path], write_skim=True)
        path = str(skim.directory / "events_nanoaod_1.root")


def test_real_and_generated_events_do_not_share_a_skim(shared_data, tmp_path):
    real = str(shared_data / "opendata" / "data_A.4lep.root")
    made = str(demo.demo("2020e-13tev", tmp_path / "made.root", 300, 1))
    run = run_of("events", tmp_path, inputs=[real, made], write_skim=True)
    found = [open_source(str(run.directory / name)).schema.generated for name in run.summary["skims"]]
    assert sorted(found) == [False, True]


def test_four_leptons_of_real_data_are_those_of_the_reference(real, shared_data):
    hists = read_json(shared_data / "opendata" / "reference_data_A.4lep_no_cuts.json")["hists"]
    expected = [0] * 18
    for key, found in hists.items():
        state, combination = key.split("|")
        counts = {part[1]: int(part[0]) for part in state.split("_")}
        if combination in ("e0e1e2e3", "m0m1m2m3", "e0e1m0m1") and counts["e"] + counts["m"] == 4:
            for place, number in found["bins10"].items():
                if 7 <= int(place) < 25:
                    expected[int(place) - 7] += number
    axes = pictures_of("masses", real["masses"].directory)["four_leptons"].axes[0]
    topmost = [patch for patch in axes.patches if hasattr(patch, "get_data")][-1]
    assert topmost.get_data().values.tolist() == expected
    assert sum(expected) > 0


def test_events_and_masses_show_the_same_final_states(real):
    pictures = [pictures_of(stage, real[stage].directory) for stage in ("events", "masses")]
    bars = [[bar.get_width() for bar in figs["final_states"].axes[0].patches] for figs in pictures]
    assert bars[0] == bars[1]
    assert sum(bars[0]) == 37


def test_a_run_that_is_still_open_can_be_drawn(shared_data, tmp_path):
    p = MassParameters(inputs=[str(shared_data / "opendata" / "data_A.4lep.root")], output=str(tmp_path / "run"))
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
        assert list(plots.masses_figures(run)) == NAMES["masses"]


def test_a_batch_run_of_masses_is_drawn_as_a_whole(shared_data, tmp_path):
    for job in (1, 2):
        path = str(shared_data / "opendata" / "data_A.4lep.root")
        run_of("masses", tmp_path / "outputs" / str(job), inputs=[path], job=job, jobs=2, pt_min={}, eta_max={})
    (tmp_path / "points.jsonl").write_text("{}\n{}\n")
    batch = load(tmp_path / "outputs" / "1" / "masses")
    whole = type(batch)(tmp_path, batch.manifest)
    bars = plots.masses_figures(whole)["cutflow"].axes[0].patches
    assert bars[0].get_width() == 39
