"""Pictures of BumpNet histograms: spectra with their division, and what BumpNet makes of them."""

import numpy as np
import pytest

from kit.opendata import histogram_plots
from kit.opendata.captions import caption
from kit.opendata.signatures import Pair, Rules, from_counts

ABOVE = caption(["2020e-13tev"])
RULES = Rules(10.0)


def signature(state, combination, counts):
    pair = Pair(state, combination, f"ROI_mass_{combination}_cat_{state}_2ex_width_10.0")
    return from_counts(pair, np.array(counts), RULES, factor=1, overflow=0, below=0)


LONG = signature("2e_0m_0j_0g_0t_0b", "e0e1", [0, 3, *range(90, 50, -1)])
MIDDLE = signature("2e_0m_1j_0g_0t_0b", "e0j0", [0, 3, *range(90, 63, -1), 0, 0, 7])
SHORT = signature("1e_0m_1j_0g_0t_0b", "e0j0", [1, 5, 2, 0, 1])
POOR = signature("1e_0m_2j_0g_0t_0b", "e0j0", [2, *[1] * 40])
FIRST = [LONG, MIDDLE, SHORT, POOR]


def weighted(counts, weight):
    values = np.array(counts)
    pair = Pair("2e_0m_0j_0g_0t_0b", "e0e1", LONG.pair.name)
    sums = (values * weight, values * weight**2)
    return from_counts(pair, values, RULES, factor=1, overflow=0, below=0, weights=sums)


def report(*signatures):
    return {"pairs": [s.report() for s in signatures]}


def files(*signatures):
    parts = ("before", "main", "outliers")
    return {part: {h.name: h for s in signatures if (h := getattr(s, part))} for part in parts}


def words(picture):
    return [text.get_text() for axes in picture.axes for text in axes.texts]


def drawn(axes):
    """Return edges and values of the filled steps, by their name in the legend."""
    return {patch.get_label(): patch.get_data() for patch in axes.patches if not patch.get_label().startswith("_")}


def test_spectra_show_what_is_cut_kept_and_set_aside():
    picture = histogram_plots.spectra(report(*FIRST), files(*FIRST), ABOVE)
    axes = picture.axes[1]
    shown = drawn(axes)
    for part, histogram in (("cut", MIDDLE.before), ("kept", MIDDLE.main), ("outliers", MIDDLE.outliers)):
        assert np.array_equal(shown[part].values, histogram.counts)
        assert (shown[part].edges[0], shown[part].edges[-1]) == (histogram.low, histogram.high)
    assert [line.get_xdata()[0] for line in axes.lines] == [MIDDLE.peak, MIDDLE.split]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$m(e_{0}j_{0})$ [GeV]", "Events / 10 GeV")
    told = axes.texts[-1].get_text().splitlines()
    assert (MIDDLE.main.entries, MIDDLE.entries) == (2079, 2089)
    assert told[:3] == ["2e 1j", "2 079 of 2 089 kept", "27 bins: accepted"]
    legend = [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert legend == ["cut", "kept", "outliers"]  # those of all panels


def test_a_spectrum_without_a_split_has_one_line():
    axes = histogram_plots.spectra(report(LONG), files(LONG), ABOVE).axes[0]
    assert [line.get_xdata()[0] for line in axes.lines] == [LONG.peak]


def test_one_spectrum_is_drawn_for_each_final_state():
    other = signature("2e_0m_0j_0g_0t_0b", "e0e1j0", [4, 2])
    assert [pair["combination"] for pair in histogram_plots.first_pairs(report(LONG, other, SHORT))] == [
        "e0e1",
        "e0j0",
    ]


def test_acceptance_shows_each_histogram_between_the_limits():
    axes = histogram_plots.acceptance(report(*FIRST), ABOVE).axes[0]
    limits = [line for line in axes.lines if line.get_label().startswith("_")]
    points = {line.get_label(): line.get_data() for line in axes.lines if line not in limits}
    assert {name: (list(x), list(y)) for name, (x, y) in points.items()} == {
        "accepted, also at 30 bins: 1": ([LONG.main.entries], [40]),
        "accepted at 25 bins: 1": ([MIDDLE.main.entries], [27]),
        "few bins: 1": ([7], [2]),
        "few events: 1": ([42], [41]),
    }
    assert sorted(line.get_ydata()[0] for line in limits[:2]) == [25, 30]
    assert limits[2].get_xdata()[0] == 100
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Entries of the histogram", "Bins of the histogram")
    markers = {line.get_marker() for line in axes.lines if line not in limits}
    assert len(markers) == 4  # not by colour alone


def test_verdicts_count_what_is_accepted_and_why_the_rest_is_not():
    at_25, at_30 = histogram_plots.verdicts(report(*FIRST), ABOVE).axes
    for axes, expected in ((at_25, [2, 1, 1]), (at_30, [1, 2, 1])):
        assert [bar.get_width() for bar in axes.patches] == expected
        assert axes.get_yticklabels()[0].get_text() == "accepted"
    assert {label.get_text() for label in at_25.get_yticklabels()} == {"accepted", "few bins", "few events"}
    assert at_30.get_xlabel() == "Histograms, asked for 30 bins"


def test_shares_of_a_final_state_fill_the_bar():
    axes = histogram_plots.shares(report(MIDDLE, SHORT), ABOVE).axes[0]
    widths = np.array([[bar.get_width() for bar in part] for part in axes.containers])
    expected = [[s.main.entries, s.cut, s.outliers.entries if s.outliers else 0] for s in (MIDDLE, SHORT)]
    assert np.allclose(widths.T, np.array(expected) / np.sum(expected, axis=1, keepdims=True))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["kept", "cut", "outliers"]
    assert axes.get_xlabel() == "Share of all masses of the final state"


@pytest.mark.parametrize("name", ["acceptance", "verdicts", "shares"])
def test_no_histogram_is_said_in_words(name):
    assert histogram_plots.NOTHING in words(getattr(histogram_plots, name)(report(), ABOVE))


def test_no_spectrum_is_said_in_words():
    assert histogram_plots.NOTHING in words(histogram_plots.spectra(report(), files(), ABOVE))


def test_a_pair_beyond_the_grid_is_left_out_of_the_spectra():
    beyond = from_counts(LONG.pair, np.zeros(9, np.int64), RULES, factor=1, overflow=5, below=0)
    assert histogram_plots.NOTHING in words(histogram_plots.spectra(report(beyond), files(beyond), ABOVE))
    at_25, _ = histogram_plots.verdicts(report(beyond), ABOVE).axes
    assert [bar.get_width() for bar in at_25.patches] == [0, 1]


def test_with_weights_their_sums_are_drawn_with_the_root_of_the_sum_of_their_squares():
    made = weighted([0, 3, *range(90, 50, -1)], 0.01)
    axes = histogram_plots.spectra(report(made), files(made), ABOVE).axes[0]
    assert drawn(axes)["kept"].values.tolist() == pytest.approx([0.01 * n for n in range(90, 50, -1)])
    low, high = axes.get_ylim()
    assert low == 0.0
    assert 0.9 < high < 3  # the bars fill the axes, though no bin has a whole event
    bars = axes.collections[0].get_segments()
    assert len(bars) == 41
    assert bars[1][1][1] - bars[1][0][1] == pytest.approx(2 * 0.01 * np.sqrt(90))
    assert axes.get_ylabel() == "Events, weighted (Σw) / 10 GeV"
    assert "Σw: 28.2 of 28.2" in axes.texts[-1].get_text()


def test_bumpnet_counts_weights_not_events():
    made = weighted([0, 3, *range(90, 50, -1)], 0.01)
    assert made.verdict(25) == "few events"  # 28.2 stand in its bins, of 2820 events
    assert weighted([0, 3, *range(90, 50, -1)], 1.0).verdict(25) == "accepted"
    axes = histogram_plots.acceptance(report(made), ABOVE).axes[0]
    assert axes.lines[0].get_xdata()[0] == pytest.approx(made.main.weights[0].sum())
    assert axes.get_xlabel() == "Sum of the weights of the histogram"
