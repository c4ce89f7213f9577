"""Pictures of events: each panel shows the counts of `objects.json`, on axes with units."""

import numpy as np
import pytest

from kit.opendata.captions import caption
from kit.opendata.event_plots import distributions

ABOVE = caption(["2020e-13tev"])
EDGES = {"pt": [0.0, 5.0, 10.0, 15.0], "eta": [-1.0, 0.0, 1.0], "multiplicity": [0.0, 1.0, 2.0, 3.0]}


def kind(name, read, selected):
    """Return one type of object with all its counts in the second bin."""

    def counts(edges, number):
        found = [0] * (len(edges) - 1)
        found[1] = number
        return found

    told = {
        which: {quantity: {"counts": counts(edges, number), "outside": 2} for quantity, edges in EDGES.items()}
        for which, number in (("read", read), ("selected", selected))
    }
    return {"name": name, "read": read, "dropped": 0, "selected": selected, "distributions": told}


OBJECTS = {
    "edges": EDGES,
    "types": {"e": kind("electrons", 40, 7), "m": kind("muons", 3, 0), "g": kind("photons", 0, 0)},
}


@pytest.mark.parametrize(
    ("quantity", "x", "y", "first"),
    [
        ("pt", r"$p_\mathrm{T}$ [GeV]", "Electrons / 5 GeV", 0.0),
        ("eta", r"$\eta$", "Electrons / 1", -1.0),
        ("multiplicity", "Number of electrons in an event", "Events", -0.5),
    ],
)
def test_what_is_drawn_equals_the_counts(quantity, x, y, first):
    panels = [axes for axes in distributions(OBJECTS, quantity, ABOVE).axes if axes.get_visible()]
    assert len(panels) == 2  # nothing was read of photons
    selected, read = (patch.get_data() for patch in panels[0].patches)
    assert (selected.values[1], read.values[1]) == (7, 40)
    assert read.values.sum() == 40
    assert read.edges[0] == first
    assert np.all(np.diff(read.edges) == EDGES[quantity][1] - EDGES[quantity][0])
    assert (panels[0].get_xlabel(), panels[0].get_ylabel()) == (x, y)
    assert "beyond the axis: 2" in panels[0].texts[-1].get_text()


def test_read_and_selected_differ_in_more_than_colour():
    panel = distributions(OBJECTS, "pt", ABOVE).axes[0]
    selected, read = panel.patches
    assert selected.get_hatch()
    assert not read.get_hatch()
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["selected", "read"]


def test_a_selection_of_more_than_was_read_of_an_event_stays_inside():
    objects = {"edges": EDGES, "types": {"g": kind("photons", 3, 900)}}
    panel = distributions(objects, "multiplicity", ABOVE).axes[0]
    assert panel.get_ylim()[1] > 900


def test_no_objects_at_all_are_said_in_words():
    picture = distributions({"edges": EDGES, "types": {}}, "pt", ABOVE)
    assert "no object was read" in [text.get_text() for text in picture.axes[0].texts]
