"""The panel of windows, without a browser: every control as an attribute, and by its widget."""

import csv
import json

import numpy as np
import pytest

from kit.ecal import display
from kit.ecal.panel import WindowPanel
from tests.ecal.test_inspection import paths, windows  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def shared(paths):  # noqa: F811
    made = WindowPanel(paths, interactive=False)
    yield made
    made.close()


@pytest.fixture
def drawn(shared):
    """Return the panel as it was made: all traits at their defaults."""
    for trait in ("filter", "place", "selected", "threshold", "outline", "ringed", "compared", "order"):
        setattr(shared, trait, shared.trait_defaults(trait))
    return shared


@pytest.fixture
def panel(drawn, monkeypatch):
    """Return that panel for who does not look at its pictures: they stay empty."""
    for picture in (drawn.picture, drawn.beside.picture, drawn.spectrum):
        monkeypatch.setattr(picture, "_redraw_all", lambda _model: None)
    return drawn


def name(panel):
    return panel.part.window["window_index"][0]


def test_it_walks_through_the_windows_that_pass_the_filter(panel, windows):  # noqa: F811
    names = windows.window["window_index"].tolist()
    assert name(panel) == names[0]
    panel.previous()
    assert panel.place == 0
    panel.next()
    assert name(panel) == names[1]
    panel.filter = "diffcalo=yes"
    assert panel.part.cluster["is_calo_matched_diffcalo"].any()
    panel.go_to(10**6)
    assert panel.place == len(panel.numbers) - 1
    panel.random()
    assert panel.part.cluster["is_calo_matched_diffcalo"].any()


def test_a_window_is_shown_by_its_name_whatever_the_filter(panel, windows):  # noqa: F811
    panel.filter = "matched=yes"
    unmatched = windows.window["window_index"][~windows.window["is_seed_calo_matched"]][3]
    panel.find(unmatched)
    assert (name(panel), panel.filter) == (unmatched, "")


def test_the_table_is_sorted_and_says_why(panel):
    panel.filter = "ncls>4 matched=yes"
    assert [row["et"] for row in panel.rows()] == sorted(panel.shown.et.tolist(), reverse=True)
    panel.order = "score"
    scores = [row["score"] for row in panel.rows()]
    assert scores == sorted(scores, reverse=True)
    assert {row["why"].split(":")[0] for row in panel.rows()} <= {"in", "out"}
    assert [label.split()[0] for label, _ in panel.controls["table"].options] == [
        str(row["cluster"]) for row in panel.rows()
    ]


def test_a_selected_cluster_is_marked_in_table_and_picture_and_told(panel):
    panel.filter = "ncls>2"
    drawn = panel.picture.drawn
    panel.selected = 1
    assert panel.controls["table"].value == 1
    assert panel.told.text == next(row["why"] for row in panel.rows() if row["cluster"] == 1)
    assert panel.picture.drawn > drawn
    panel.next()
    assert panel.selected is None


def test_the_threshold_relabels_this_window_and_all_that_pass(panel):
    panel.filter = "matched=yes ncls>3"
    stored = panel.shown.in_scluster.copy()
    caption = panel.spectrum.caption
    panel.threshold = 0.9
    assert panel.shown.in_scluster.sum() <= stored.sum()
    assert panel.spectrum.caption != caption
    assert "against the file" in panel.spectrum.caption
    panel.threshold = None
    assert np.array_equal(panel.shown.in_scluster, stored)
    assert panel.spectrum.caption == caption


def test_controls_do_what_attributes_do(panel):
    panel.controls["filter"].value = "ncls>3"
    assert panel.filter == "ncls>3"
    panel.controls["number"].value = 3
    assert panel.place == 2
    panel.controls["fixed"].value = False
    assert panel.threshold == panel.part.window["simfraction_wp"][0]
    panel.controls["slider"].value = 0.1
    assert panel.threshold == panel.controls["value"].value == pytest.approx(0.1)


def share_of(panel, axes, point):
    """Return where a point of the picture's data is, as shares from the top left."""
    across, up = panel.picture.figure.axes[axes].transData.transform(point)
    box = panel.picture.figure.bbox
    return across / box.width, 1 - up / box.height


def test_a_click_into_the_picture_chooses_the_cluster_there(drawn):
    drawn.filter = "ncls>4"
    owners, hits = display.crystals(drawn.shown)
    chosen = len(drawn.shown.et) - 1
    drawn.pick(*share_of(drawn, 0, (drawn.shown.dphi[chosen], drawn.shown.deta[chosen])))
    assert drawn.selected == drawn.controls["table"].value == chosen
    drawn.pick(*share_of(drawn, 2, hits[owners == drawn.shown.seed][0]))
    assert drawn.selected is not None
    drawn.pick(0.001, 0.001)
    assert drawn.selected is None


def test_two_windows_are_compared(panel):
    panel.filter = "matched=yes"
    assert panel.beside.layout.display == "none"
    first = panel.shown
    panel.compare()
    panel.next()
    assert (panel.compared, panel.beside.layout.display) == (panel.numbers[0], None)
    lines = panel.beside.numbers.text.splitlines()
    assert lines[0].split() == ["this", "window", "the", "other"]
    for shown, column in ((panel.shown, -2), (first, -1)):
        assert lines[1].split()[column] == f"{shown.part.window['et_seed'][0]:.3f}"
        assert f"{len(shown.et)}" == next(line for line in lines if line.startswith("clusters")).split()[column]
    panel.previous()
    panel.compare()
    assert (panel.compared, panel.beside.layout.display) == (None, "none")


def test_the_mustache_is_that_of_any_energy(drawn):
    labels = lambda: [text.get_text() for text in drawn.picture.figure.axes[0].get_legend().get_texts()]  # noqa: E731
    drawn.controls["outline"].value = "5"
    assert drawn.outline == 5
    assert "mustache at 5 GeV" in labels()
    drawn.controls["outline"].value = ""
    assert drawn.outline is None
    with pytest.raises(ValueError, match="the energy of the mustache is x, should be a number above 0 GeV"):
        drawn.controls["outline"].value = "x"


def test_clusters_in_the_shape_are_ringed(panel):
    panel.filter = "ncls>3"
    panel.ringed = "shape"
    assert np.array_equal(panel.shown.members, panel.part.cluster["in_geom_mustache"])


def test_of_many_windows_columns_are_read_in_the_background(paths, monkeypatch):  # noqa: F811
    monkeypatch.setattr("kit.ecal.panel_reading.MANY", 10)
    panel = WindowPanel(paths)
    try:
        assert name(panel)
        panel.filter = "et>20"
        panel.filter = "ncls>3"
        panel.reading.flush()
        assert panel.part.window["ncls"][0] > 3
        assert len(panel.numbers) == (panel.inspection.matching("ncls>3")).size
        panel.find("no:such:window:0")
        panel.reading.flush()
        assert "no window is called no:such:window:0" in panel.error
    finally:
        panel.close()


def test_faults_appear_in_the_panel(paths):  # noqa: F811
    panel = WindowPanel(paths)
    panel.controls["filter"].value = "ett>3"
    assert "ett is no column" in panel.error
    panel.controls["filter"].value = "et>3"
    assert panel.error == ""
    panel.controls["name"].value = "1:2:3:4"
    assert "no window is called 1:2:3:4" in panel.error
    panel.close()


def test_no_window_is_said(panel):
    panel.filter = "et>1e9"
    assert (panel.heading.text, panel.rows()) == ("no window matches", [])
    with pytest.raises(ValueError, match="no window is chosen"):
        panel.export()
    panel.filter = "ncls>4"
    with pytest.raises(ValueError, match=r"place is 9999, should be below \d+, the windows that pass the filter"):
        panel.place = 9999
    assert (panel.place, name(panel)) == (
        len(panel.numbers) - 1,
        panel.inspection.one(panel.numbers[-1]).window["window_index"][0],
    )


@pytest.mark.slow
def test_picture_table_and_window_are_exported_with_the_view(drawn, paths, tmp_path):  # noqa: F811
    drawn.folder = str(tmp_path / "out")
    drawn.filter, drawn.threshold = "ncls>3 matched=yes", 0.02
    drawn.go_to(1)
    written = {path.suffix: path for path in drawn.export()}
    assert written[".png"].read_bytes().startswith(b"\x89PNG")
    assert written[".pdf"].read_bytes().startswith(b"%PDF")
    with written[".csv"].open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["why"] for row in rows] == [row["why"] for row in drawn.rows()]
    told = json.loads(written[".json"].read_text())
    assert told["window"]["window_index"] == name(drawn)
    again = WindowPanel(paths, interactive=False)
    for trait, value in told["view"].items():
        setattr(again, trait, value)
    assert (name(again), again.rows()) == (name(drawn), drawn.rows())


def test_where_nobody_can_click_it_is_pictures_and_words(drawn):
    bundle = drawn._repr_mimebundle_()
    assert bundle.keys() >= {"text/plain", "image/png"}
    assert "application/vnd.jupyter.widget-view+json" not in bundle
    assert "seed ET" in bundle["text/plain"]


def test_where_there_is_no_file_it_says_so():
    panel = WindowPanel([], interactive=False)
    assert (len(panel.numbers), panel.heading.text) == (0, "no window matches")
    assert "no window matches" in panel.static()["text/plain"]


BAD = {
    "threshold": (float("nan"), float("inf"), -1.0, 2.0),
    "outline": (float("nan"), float("inf"), -1.0, 0.0),
    "compared": (99_999, -1),
}


def test_what_cannot_be_shown_is_refused_and_spoils_nothing(panel):
    for trait, values in BAD.items():
        for bad in values:
            with pytest.raises(ValueError, match=f"{trait} is {bad:g}, should be "):
                setattr(panel, trait, bad)
            assert getattr(panel, trait) is None
    panel.next()
    panel.compare()
    assert panel.compared == panel.numbers[panel.place]


def test_an_endless_mustache_is_refused_in_its_field(panel):
    with pytest.raises(ValueError, match="the energy of the mustache is inf, should be a number above 0 GeV"):
        panel.controls["outline"].value = "inf"
    assert panel.outline is None
