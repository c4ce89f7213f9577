"""Pictures of data over stacked simulation."""

import numpy as np
import pytest

from kit import figures
from kit.opendata.captions import Caption
from kit.opendata.comparison_plots import data_over_simulation
from kit.opendata.spectra import Grid, Spectra

PAIR = ("2e_0m_0j_0g_0t_0b", "e0e1")
ABOVE = Caption("ATLAS", "Open Data", 13.0, "ATLAS")


def spectra(counts: list[int], weight: float | None = None) -> Spectra:
    number = np.array(counts, np.int64)
    weights = () if weight is None else (number * weight, number * weight**2)
    return Spectra(
        Grid(10.0, 50), {PAIR[0]: sum(counts)}, [PAIR], 0 * number, np.arange(len(number)), number, *weights
    )


def test_simulation_is_stacked_by_weight_and_compared():
    data = spectra([5, 20, 40, 30, 10])
    simulations = {"Z": spectra([10, 40, 60, 40, 10], 0.5), "top": spectra([1, 2, 10, 10, 5])}
    picture = data_over_simulation(data, simulations, PAIR, ABOVE)
    assert figures.png(picture)
    upper, lower = picture.axes
    labels = [text.get_text() for text in upper.get_legend().get_texts()]
    assert labels == ["Z: 80", "top: 28", "data: 105"]
    ratio = lower.containers[0].lines[0].get_ydata()
    assert ratio.tolist() == pytest.approx([5 / 6, 20 / 22, 1.0, 1.0, 1.0])
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("Events / 10 GeV", "Data / sim.")
    assert lower.get_xlabel().endswith("[GeV]")


def test_a_simulation_without_the_pair_adds_nothing():
    empty = Spectra(Grid(10.0, 50))
    picture = data_over_simulation(spectra([5, 20, 40]), {"none": empty}, PAIR, ABOVE)
    assert "none: 0" in [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert len(picture.axes[1].containers[0].lines[0].get_ydata()) == 0
