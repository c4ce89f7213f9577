"""The picture of one window, and the sentences about its clusters."""

import dataclasses

import numpy as np
import pytest

from kit import figures
from kit.ecal import display
from kit.ecal.window_files import WindowFiles
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures


@pytest.fixture
def part(paths, windows):  # noqa: F811
    number = int(
        np.argmax(
            np.bincount(
                np.repeat(np.arange(len(windows)), np.diff(windows.offsets)),
                windows.cluster["is_calo_matched_diffcalo"],
            )
        )
    )
    with WindowFiles(paths) as files:
        yield files.one(number)


def test_without_a_threshold_labels_are_those_of_the_file(part):
    shown = display.shown(part)
    assert np.array_equal(shown.in_scluster, part.cluster["in_scluster"])
    assert shown.threshold == part.window["simfraction_wp"][0]
    again = display.shown(part, shown.threshold)
    assert np.array_equal(again.in_scluster, part.cluster["in_scluster"])


def test_a_threshold_relabels(part):
    everything, nothing = display.shown(part, 0.0), display.shown(part, 1.1)
    assert nothing.in_scluster.tolist() == part.cluster["is_seed"].tolist()
    assert everything.in_scluster.sum() >= display.shown(part).in_scluster.sum()
    other = part.cluster["is_calo_matched_diffcalo"]
    assert other.any()
    assert not (everything.in_scluster & other).any()


def test_every_cluster_has_a_reason(part):
    shown = display.shown(part)
    told = [display.reason(shown, place) for place in range(len(shown.et))]
    assert told[shown.seed] == "in: it is the seed"
    other = int(np.flatnonzero(part.cluster["is_calo_matched_diffcalo"])[0])
    own, calo = int(part.window["calo_index"][0]), int(part.cluster["cl_calo_index"][other])
    assert told[other] == f"out: belongs to particle {calo}, the window to {own}"
    for place, text in enumerate(told):
        assert text.startswith("in" if shown.in_scluster[place] else "out")
        if "≥" in text:
            assert shown.score[place] >= shown.threshold


def test_the_heading_names_the_event_and_the_seed(part):
    text = display.heading(display.shown(part))
    assert f"{int(part.window['event_id'][0])}" in text
    assert f"{part.window['et_seed'][0]:.1f} GeV" in text


@pytest.mark.parametrize("selected", [None, 1])
def test_it_can_be_drawn(part, selected):
    picture, axes = figures.grid(1, 3)
    shown = display.shown(part)
    display.draw_window(axes[0, 0], shown, selected)
    display.draw_scores(picture, axes[0, 1], shown)
    display.draw_crystals(picture, axes[0, 2], shown)
    labels = axes[0, 0].get_legend_handles_labels()[1]
    assert {"in the supercluster", "seed"} <= set(labels)
    assert any(label.startswith("mustache at") for label in labels)
    assert len(figures.png(picture)) > 10_000
    drawn = np.nansum(axes[0, 2].images[0].get_array())
    assert drawn == pytest.approx(part.hits["share"].sum(), rel=1e-9)


def test_a_click_into_the_crystals_means_the_cluster_that_owns_them(part):
    shown = display.shown(part)
    owner, places = display.crystals(shown)
    assert len(owner) == len(places) == len(part.hits["ieta"])
    assert np.array_equal(np.bincount(owner, minlength=len(shown.et)), part.hits.counts)
    assert np.ptp(places[:, 0]) < 180


def test_pileup_is_drawn_as_squares_where_there_is_some(part):
    def drawn(pileup):
        cluster = {**part.cluster, "calo_recoen_PU": pileup * part.cluster["en_cluster"]}
        _, axes = figures.figure()
        display.draw_window(axes, display.shown(dataclasses.replace(part, cluster=cluster)))
        return [text.get_text() for text in axes.legend().get_texts()]

    assert "energy of pileup" in drawn(0.3)
    assert "energy of pileup" not in drawn(0.0)


def test_the_heading_names_the_flavour(part):
    assert display.heading(display.shown(part)).endswith(", flavour 11")
