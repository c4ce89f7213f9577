"""Pictures of masses: what is drawn equals the counts, on axes with units; nothing is said in words."""

import numpy as np
import pytest

from kit.opendata import mass_plots
from kit.opendata.captions import caption
from kit.opendata.spectra import Grid, Spectra, merge

ABOVE = caption(["2020e-13tev"])
GRID = Grid(10.0, 1000)
FOUR_E, FOUR_MU, MIXED = "4e_0m_0j_0g_0t_0b", "0e_4m_1j_0g_0t_0b", "2e_2m_0j_0g_0t_0b"
FIVE = "3e_2m_0j_0g_0t_0b"
MASSES = {
    (FOUR_E, "e0e1e2e3"): [124, 125, 205, 400],
    (FOUR_MU, "m0m1m2m3"): [126, 91, 92],
    (MIXED, "e0e1m0m1"): [128],
    (FIVE, "e0e1m0m1"): [122],
    (FOUR_E, "e0e1"): [91, 92, 93, 12],
    (MIXED, "e0e1"): [95],
    (MIXED, "m0m1"): [3],
    (FOUR_MU, "m0m1j0"): [333, 334, 9999],
}


def spectra_of(masses):
    """Return the spectra of {(final state, combination): masses in GeV}."""
    pairs = list(masses)
    rows = [(place, int(m // 10), 1) for place, pair in enumerate(pairs) for m in masses[pair]]
    events = {state: max(len(masses[pair]) for pair in pairs if pair[0] == state) for state, _ in pairs}
    columns = np.array(sorted(rows), np.int64).reshape(-1, 3).T
    return merge([Spectra(GRID, events, pairs, *columns)], GRID)


SPECTRA = spectra_of(MASSES)
EMPTY = spectra_of({})


def drawn(axes):
    """Return {lower edge: height} of each set of steps."""
    data = [patch.get_data() for patch in axes.patches if hasattr(patch, "get_data")]
    return [{x: y for x, y in zip(d.edges, d.values, strict=False) if y} for d in data]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def words(picture):
    return [text.get_text() for axes in picture.axes for text in axes.texts]


def test_four_leptons_are_stacked_by_flavour_from_events_with_just_four():
    axes = mass_plots.four_leptons(SPECTRA, ABOVE).axes[0]
    muons, mixed, electrons = drawn(axes)
    assert muons == {90: 2, 120: 1}
    assert mixed == {90: 2, 120: 2}  # the event with five leptons is not there
    assert electrons == {90: 2, 120: 4, 200: 1}
    x, y = axes.lines[0].get_data()
    assert dict(zip(x, y, strict=True)) == {95: 2, 125: 4, 205: 1}
    assert axes.get_xlim() == (70, 250)
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$m(4\ell)$ [GeV]", "Events / 10 GeV")
    assert legend(axes)[:3] == [r"$4\mu$: 3 events", r"$2e2\mu$: 1 event", "$4e$: 3 events"]
    assert axes.get_legend().get_title().get_text() == "outside the picture: 1"


def test_the_higgs_region_is_marked():
    axes = mass_plots.four_leptons(SPECTRA, ABOVE).axes[0]
    regions = [patch for patch in axes.patches if not hasattr(patch, "get_data")]
    assert [(region.get_x(), region.get_width()) for region in regions] == [(120, 10)]
    assert {"Z", "H"} <= {text.get_text() for text in axes.texts}


def test_lepton_pairs_are_summed_over_final_states_on_a_logarithmic_scale():
    axes = mass_plots.lepton_pairs(SPECTRA, ABOVE).axes[0]
    assert drawn(axes) == [{10: 1, 90: 4}, {0: 1}]
    assert axes.get_yscale() == "log"
    assert legend(axes) == ["$ee$: 5 pairs", r"$\mu\mu$: 1 pair"]
    assert [line.get_linestyle() for line in axes.lines if line.get_linestyle() == ":"] == [":", ":"]
    assert {r"J/$\psi$", "Z"} <= {text.get_text() for text in axes.texts}
    assert (axes.get_xlabel(), axes.get_ylabel()) == (r"$m(\ell\ell)$ [GeV]", "Pairs / 10 GeV")
    assert len({patch.get_linestyle() for patch in axes.patches}) == 2


def test_masses_are_drawn_by_the_number_of_objects():
    axes = mass_plots.sizes(SPECTRA, ABOVE).axes[0]
    assert legend(axes) == [
        "2 objects: 6 masses of 3 pairs",
        "3 objects: 3 masses of 1 pair",
        "4 objects: 9 masses of 4 pairs",
    ]
    assert sum(sum(line.values()) for line in drawn(axes)) == SPECTRA.total
    assert axes.get_xlabel() == "Mass of the combination [GeV]"
    assert axes.get_ylabel().endswith(" GeV")


def test_each_panel_shows_the_first_combination_of_a_frequent_final_state():
    few = {pair: masses * 3 for pair, masses in MASSES.items()}
    spectra = spectra_of(few)
    assert mass_plots.richest(spectra, 2) == [(FOUR_E, "e0e1"), (FOUR_MU, "m0m1m2m3")]
    panels = [axes for axes in mass_plots.panels(spectra, ABOVE).axes if axes.get_visible()]
    assert drawn(panels[0]) == [{10: 3, 90: 9}]
    assert panels[0].get_xlabel() == "$m(e_{0}e_{1})$ [GeV]"
    assert "4e\n12 events" in words(mass_plots.panels(spectra, ABOVE))


def test_entries_beyond_a_panel_are_told():
    spectra = spectra_of({(FOUR_E, "e0e1"): [91] * 199 + [5000]})
    assert any("above" in text and text.endswith("GeV: 1") for text in words(mass_plots.panels(spectra, ABOVE)))


def test_a_panel_shows_all_entries_inside_its_axes():
    spectra = spectra_of({(FOUR_E, "e0e1"): [91] * 199 + [135] * 2 + [5000]})
    axes = mass_plots.panels(spectra, ABOVE).axes[0]
    low, high = axes.get_xlim()
    assert low <= 80
    assert high >= 200
    assert drawn(axes) == [{90: 199, 130: 2}]


def test_final_states_have_bars_as_long_as_their_events():
    axes = mass_plots.final_states({FOUR_E: 30, FOUR_MU: 10}, ABOVE, kept_from=20).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [30, 10]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["4e", "4μ 1j"]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True]
    assert axes.get_xlabel() == "Events in 2 final states, 1 kept with at least 20; others hatched"


def test_very_many_final_states_are_the_most_frequent_and_the_others():
    events = {f"{e}e_{m}m_{j}j_0g_0t_0b": 1 + e + m + j for e in range(5) for m in range(5) for j in range(5)}
    axes = mass_plots.final_states(events, ABOVE).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == 26
    assert names[-1] == "100 others"
    shown = sum(bar.get_width() for bar in axes.patches)
    others = int(axes.texts[-1].get_text().split("  (")[0].replace(" ", ""))
    assert shown + others == sum(events.values())


def test_names_of_final_states_do_not_overlap():
    events = {f"{e}e_{m}m_4j_4g_4t_0b": 10 for e in range(5) for m in range(5)}
    picture = mass_plots.final_states(events, ABOVE)
    picture.draw_without_rendering()
    boxes = [label.get_window_extent() for label in picture.axes[0].get_yticklabels()]
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[k + 1 :])
    assert all(box.x0 >= 0 for box in boxes)


def test_the_cutflow_has_a_bar_for_each_step():
    axes = mass_plots.cutflow({"read": 200, "object cuts": 50, "type_window": 10}, ABOVE).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [200, 50, 10]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["read", "object cuts", "type window"]
    assert "50  (25.0%)" in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("name", ["four_leptons", "lepton_pairs", "sizes", "panels"])
def test_a_picture_of_nothing_says_so(name):
    assert any(text.startswith("no event") for text in words(getattr(mass_plots, name)(EMPTY, ABOVE)))


def test_tables_of_nothing_say_so():
    assert mass_plots.NOTHING in words(mass_plots.final_states({}, ABOVE))
    assert mass_plots.NOTHING in words(mass_plots.cutflow({"read": 0, "finite": 0}, ABOVE))
