"""The panel of masses, without a browser: every control is an attribute."""

import time
from pathlib import Path

import pytest
import traitlets

from kit.opendata.bumpnet import read_histograms
from kit.opendata.demo import demo
from kit.opendata.histograms import HistogramParameters, make_histograms
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.panel import MassPanel
from kit.parameters import ParameterError, read_yaml
from kit.run import Run


def masses(output: Path, path: Path, **values: object) -> Path:
    p = MassParameters(inputs=[str(path)], output=str(output), interactive=False, **values)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panel")
    masses(folder / "data", demo("nanoaod", folder / "1.root", 3000, 1))
    masses(folder / "simulation", demo("nanoaod", folder / "2.root", 3000, 2))
    masses(folder / "other", folder / "2.root", bin_width=20.0)
    return folder


@pytest.fixture
def panel(folder: Path) -> MassPanel:
    return MassPanel(HistogramParameters(inputs=[str(folder / "data")], min_events=20), interactive=False)


def test_it_begins_with_the_richest_pair(panel: MassPanel):
    entries = [record["entries"] for record in panel.browser.records]
    assert panel.browser.selected["entries"] == max(entries)
    assert panel.view is not None
    assert panel.view.pair == panel.pair
    assert panel.picture.png[:4] == b"\x89PNG"
    assert min(record["events"] for record in panel.browser.records) >= 20


def test_pairs_are_narrowed_by_every_condition(panel: MassPanel):
    panel.min_entries = 100
    assert {panel.browser.records[i]["entries"] >= 100 for i in panel.browser.matching} == {True}
    panel.verdict = "accepted"
    found = [panel.browser.records[i] for i in panel.browser.matching]
    wanted = [r for r in panel.browser.records if r["accepted"] and r["entries"] >= 100]
    assert len(found) == len(wanted)
    panel.verdict = "refused"
    assert not any(panel.browser.records[i]["accepted"] for i in panel.browser.matching)
    panel.verdict, panel.within = "any", True
    panel.states.go_to(2)
    state = panel.states.selected["final_state"]
    assert {panel.browser.records[i]["final_state"] for i in panel.browser.matching} <= {state}
    panel.within, panel.browser.filter = False, "combination=e0e1 2e"
    assert {panel.browser.records[i]["combination"] for i in panel.browser.matching} == {"e0e1"}


def test_cuts_by_hand_change_parts_and_verdict_at_once(panel: MassPanel):
    before = panel.view
    panel.peak_cut = before.peak * before.width + 50
    assert panel.view.peak == before.peak + 5
    assert panel.view.entries("main") < before.entries("main")
    panel.split = panel.peak_cut + 100
    assert panel.view.verdict() == "few bins"
    panel.by_rule()
    assert (panel.view.peak, panel.view.split) == (before.peak, before.split)


def test_another_pair_is_cut_by_the_rules(panel: MassPanel):
    panel.peak_cut = 500.0
    panel.browser.next()
    assert panel.peak_cut is None


def test_controls_show_and_set_what_the_attributes_say(panel: MassPanel):
    here = panel.controls
    here.joined.value = 2
    assert panel.view.width == 20.0
    here.scale.value = "linear"
    assert not panel.view.logarithmic
    here.peak.value = 200.0
    assert (panel.peak_cut, panel.view.peak) == (200.0, 10)
    here.split_slider.value = panel.view.end - 1
    assert panel.split == 20.0 * (panel.view.end - 1)
    panel.scale = "log"
    assert here.scale.value == "log"
    here.min_entries.value = 50
    assert panel.min_entries == 50


def test_other_runs_and_other_pairs_are_laid_over(panel: MassPanel, folder: Path):
    panel.add("simulation", [str(folder / "simulation")])
    assert list(panel.view.others) == ["simulation"]
    first = panel.pair
    panel.overlay()
    panel.browser.next()
    assert set(panel.view.others) == {"simulation", " ".join(first)}
    assert panel.view.others[" ".join(first)].values.tolist() == panel.this.spectra.counts(first).tolist()
    panel.controls.overlays.value = ("simulation",)
    assert panel.overlays == ("simulation",)
    with pytest.raises(ValueError, match="there is a set simulation already"):
        panel.add("simulation", [str(folder / "simulation")])
    with pytest.raises(ValueError, match=r"other is on the grid Grid\(width=20\.0"):
        panel.add("other", [str(folder / "other")])


def test_it_jumps_from_excess_to_excess(panel: MassPanel):
    seen = []
    for _ in range(4):
        panel.jump()
        seen.append(panel.browser.selected["excess"])
    assert seen == sorted(seen, reverse=True)
    assert seen[0] == max(record["excess"] for record in panel.browser.records)


def test_what_is_looked_at_can_be_saved_and_looked_at_again(panel: MassPanel, folder: Path, tmp_path: Path):
    panel.folder = str(tmp_path / "saved")
    panel.joined, panel.scale, panel.browser.filter = 2, "linear", "e0e1"
    panel.peak_cut = 100.0
    paths = panel.export("png", "root", "yaml")
    assert sorted(path.suffix for path in paths) == [".json", ".png", ".root", ".yaml"]
    (saved,) = read_histograms(next(path for path in paths if path.suffix == ".root"))
    assert saved.counts.tolist() == panel.view.histogram.counts.tolist()
    p = HistogramParameters.build(read_yaml(next(path for path in paths if path.suffix == ".yaml")))
    assert (p.bin_width, p.inputs, p.min_events) == (20.0, [str(folder / "data")], 20)
    with Run("opendata/histograms", p) as run:
        run.summary = make_histograms(p, run)
    state = panel.state()
    other = MassPanel(HistogramParameters(inputs=[str(folder / "data")], min_events=20), interactive=False)
    other.restore(state)
    assert other.state() == state
    assert other.view.words == panel.view.words
    assert "written: " in panel.told.text
    with pytest.raises(ValueError, match="cannot export: gif; there are png, pdf, root, yaml"):
        panel.export("gif")


def test_a_cut_of_another_pair_is_looked_at_again(panel: MassPanel):
    panel.browser.next()
    panel.peak_cut, panel.split = 150.0, 600.0
    state, words = panel.state(), panel.view.words
    panel.browser.next()
    panel.restore(state)
    assert (panel.state(), panel.view.words) == (state, words)
    with pytest.raises(ValueError, match=r"the state has no descending, filter, .*; should be what state"):
        panel.restore({})


def test_files_are_told(panel: MassPanel):
    assert [Path(path).name for path in panel.contributions()] == ["1.root"]
    assert panel.told.text.startswith("1 files: ")


def test_a_filter_that_matches_nothing_says_so(panel: MassPanel):
    panel.browser.filter = "nothing at all"
    assert panel.told.text == "no pair matches"
    with pytest.raises(ValueError, match="no pair is selected"):
        panel.overlay()


def test_values_that_cannot_be_are_refused(panel: MassPanel):
    with pytest.raises(traitlets.TraitError):
        panel.joined = 0


@pytest.mark.parametrize("name", ["peak_cut", "split"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -5.0, 1e9])
def test_a_cut_off_the_grid_is_refused_and_the_old_one_stays(panel: MassPanel, name: str, value: float):
    setattr(panel, name, 200.0)
    words = panel.view.words
    with pytest.raises(ParameterError, match=rf"{name} is \S+ GeV, should be from 0 to 10000 GeV"):
        setattr(panel, name, value)
    panel.scale = "linear"
    assert (getattr(panel, name), panel.view.words) == (200.0, words)


def test_cuts_may_stand_at_both_ends_of_the_grid(panel: MassPanel):
    for value in (0.0, 10_000.0):
        panel.peak_cut = panel.split = value
        assert panel.view.entries("outliers") == 0


def test_any_number_of_bins_can_be_joined(panel: MassPanel, folder: Path):
    for joined in (7, 1000, 3):
        panel.joined = joined
        assert (panel.view.width, panel.controls.joined.value) == (10.0 * joined, joined)
    panel.joined = 7
    other = MassPanel(HistogramParameters(inputs=[str(folder / "data")], min_events=20), interactive=False)
    other.restore(panel.state())
    assert other.view.words == panel.view.words
    with pytest.raises(ParameterError, match="joined is 1001, should be from 1 to 1000, all bins of 10 GeV"):
        panel.joined = 1001
    assert (panel.joined, panel.view.width) == (7, 70.0)
    panel.controls.joined.value = 2
    assert panel.view.width == 20.0


def test_a_split_that_is_not_behind_the_cut_is_told(panel: MassPanel):
    panel.peak_cut, panel.split = 200.0, 10.0
    assert "peak cut at 200 GeV, no split, since 10 GeV is not behind the cut; " in panel.view.words
    panel.split = 0.0
    assert "peak cut at 200 GeV, no split; " in panel.view.words
    panel.split = 500.0
    assert "peak cut at 200 GeV, split at 500 GeV; " in panel.view.words


@pytest.mark.parametrize("width", [15.0, 4.0, 20_000.0])
def test_bins_that_the_stage_refuses_are_refused(folder: Path, width: float):
    p = HistogramParameters(inputs=[str(folder / "data")], min_events=20, bin_width=width)
    with pytest.raises(ParameterError, match=rf"bin_width is {width} GeV, not a multiple of the filled width"):
        MassPanel(p, interactive=False)


def test_one_bin_for_all_can_be_looked_at(folder: Path):
    p = HistogramParameters(inputs=[str(folder / "data")], min_events=20, bin_width=10_000.0)
    panel = MassPanel(p, interactive=False)
    assert (panel.view.width, panel.view.entries("main")) == (10_000.0, panel.browser.selected["entries"])


@pytest.mark.parametrize("name", ["", " ", "_hidden"])
def test_a_name_that_no_legend_shows_is_refused(panel: MassPanel, folder: Path, name: str):
    with pytest.raises(ValueError, match=f"name is '{name}', should be what the legend shows"):
        panel.add(name, [str(folder / "simulation")])


@pytest.mark.parametrize("inputs", [[], "/path/run"])
def test_what_is_no_list_of_runs_is_refused(panel: MassPanel, inputs: object):
    with pytest.raises(ValueError, match=r"inputs is .*, should be a list of runs of masses, at least one"):
        panel.add("x", inputs)
    assert list(panel.sets) == ["this"]


def test_where_nobody_can_click_it_is_a_picture(panel: MassPanel):
    assert "image/png" in panel.static()
    assert "application/vnd.jupyter.widget-view+json" not in panel._repr_mimebundle_()


def test_a_fault_appears_in_the_panel_where_somebody_clicks(folder: Path):
    panel = MassPanel(HistogramParameters(inputs=[str(folder / "data")], min_events=20))
    panel.browser.filter = "nothing at all"
    panel.guarded(panel.overlay)()
    assert panel.error == "no pair is selected; the filter may match none"
    panel.close()


@pytest.mark.parametrize("name", ["nope", "9e e0e1", ""])
def test_what_is_neither_a_set_nor_a_pair_cannot_be_laid_over(panel: MassPanel, folder: Path, name: str):
    panel.add("simulation", [str(folder / "simulation")])
    words = rf"overlays has '{name}', should be the name of a set that was added \(simulation\) or a pair"
    with pytest.raises(ParameterError, match=words):
        panel.overlays = ("simulation", name)
    assert panel.overlays == ("simulation",)


def test_an_export_of_nothing_is_refused(panel: MassPanel):
    with pytest.raises(ValueError, match="kinds is empty, should be at least one of png, pdf, root, yaml"):
        panel.export()


def test_words_of_a_filter_without_a_match_go_with_it(panel: MassPanel):
    panel.browser.filter = "xor"
    assert panel.browser.state.text.endswith("; nothing fits xor")
    panel.browser.filter = "e0e1"
    assert panel.told.text == ""
    with pytest.raises(ParameterError, match="filter: entries>abc compares numbers with abc"):
        panel.browser.filter = "entries>abc"


@pytest.mark.slow
def test_ten_thousand_pairs_are_as_quick_as_ten(tmp_path: Path):
    from tests.opendata.many_pairs import write_many

    panel = MassPanel(
        HistogramParameters(inputs=[write_many(tmp_path / "many", 10_000)], min_events=1), interactive=False
    )
    assert len(panel.browser.records) == 10_000
    begin = time.process_time()
    panel.browser.where = lambda record: record["entries"] > 500
    panel.browser.filter = "2e"
    panel.browser.order = "excess"
    for _ in range(3):
        panel.browser.next()
    assert time.process_time() - begin < 6.0  # seven pictures among it


def test_a_job_gets_the_bins_that_are_looked_at(panel: MassPanel):
    panel.joined = 4
    panel.footer.handover.copy.click()
    assert "bin_width: 40.0\n" in panel.footer.handover.text.value
    assert "min_events: 20\n" in panel.footer.handover.text.value
