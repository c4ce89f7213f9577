"""Pictures of expected events: what they say in words and axes."""

import numpy as np
import pytest

from kit import figures
from kit.mu2e import yield_plots
from kit.mu2e.momenta import EDGES, Momenta
from kit.mu2e.processes import DEFAULT_PROCESSES, FAMILIES
from kit.mu2e.table import Row

EXPOSURE = {"wall_s": 9000.0, "on_spill_s": 3000.0, "pot": 1e17, "run_mode": "1BB", "pot_method": "spill"}


def _rows(mean=10.0):
    return [
        Row(name, "", 3e3, 9e3, 1e17, 95.0, 0.5, 100.0, reco=200.0, mean=mean, stat=0.1, rate=0.02, available=50.0,
            headroom=5.0, p_exhaust=1e-9, synthetic=name != "CeMLL")
        for name in DEFAULT_PROCESSES
    ]  # fmt: skip


def _texts(picture):
    return [text.get_text() for axes in picture.axes for text in axes.texts] + [
        text.get_text() for axes in picture.axes if axes.get_legend() for text in axes.get_legend().get_texts()
    ]


def test_every_process_has_a_look_of_its_own():
    assert set(yield_plots.LOOKS) == set(FAMILIES)
    assert len({colour for name, (_, colour) in yield_plots.LOOKS.items() if name in DEFAULT_PROCESSES}) == 8


@pytest.mark.parametrize("measured", [True, False])
def test_the_spectrum_names_units_numbers_and_what_is_no_simulation(measured):
    counts = {name: np.full(len(EDGES) - 1, 0.5) for name in DEFAULT_PROCESSES}
    picture = yield_plots.momenta(Momenta(EDGES, counts, measured, ("DIO",)), EXPOSURE)
    axes = picture.axes[0]
    assert axes.get_xlabel() == ("momentum [MeV]" if measured else "electron energy at birth [MeV]")
    assert axes.get_ylabel() == "Expected events / 1 MeV"
    assert axes.get_yscale() == "log"
    assert "decay in orbit: 200" in _texts(picture)
    assert "hatched: simulated stand-in, not Mu2e simulation" in _texts(picture)
    assert axes.get_legend().get_title().get_text() == "events between 50 and 150 MeV"
    assert axes.get_title("right") == "1BB: 3 000 s on spill, 9 000 s wall, 1e+17 protons on target"
    assert [patch.get_hatch() for patch in axes.patches].count("////") == 1


def test_a_spectrum_of_nothing_says_so():
    picture = yield_plots.momenta(Momenta(EDGES, {"DIO": np.zeros(len(EDGES) - 1)}, True), EXPOSURE)
    assert "nothing is expected" in _texts(picture)


def test_numbers_stand_with_and_without_selection():
    assert _texts(yield_plots.numbers(_rows(), EXPOSURE)) == ["before selection", "in the sample"]
    assert _texts(yield_plots.numbers(_rows(None), EXPOSURE)) == ["before selection"]


def test_headroom_has_its_line_at_one_and_its_risk_in_words():
    picture = yield_plots.headroom(_rows(), EXPOSURE)
    assert [line.get_xdata()[0] for line in picture.axes[0].lines] == [1]
    assert _texts(picture)[0] == "50 / 10, P(dry) < 1e-06"
    assert "no primaries are given: there is no pool to last" in _texts(
        yield_plots.headroom(_rows(None), EXPOSURE)
    )


def test_livetimes_raise_their_alarm_in_the_picture():
    said = _texts(yield_plots.livetimes("CRYCosmic", [3600.5, 3601.25, 0.25, 3602.0]))[0]
    assert "4 files" in said
    marked = _texts(yield_plots.livetimes("CRYCosmic", [3600.5, 3601.25], synthetic=True))
    assert "files: simulated stand-in, not Mu2e simulation" in marked
    assert "alarm: livetimes: 1 of 4 are whole seconds, such as 3602 s" in said
    assert "alarm: livetimes: 1 of 4 lie more than 5 robust σ" in said


@pytest.mark.parametrize(
    ("value", "text"), [(0.001234567, "0.001235"), (12.345, "12.35"), (12345.6, "12 346"), (3e9, "3e+09")]
)
def test_amounts_are_short(value, text):
    assert yield_plots.amount(value) == text


def test_pictures_can_be_written(tmp_path):
    made = {"a": yield_plots.headroom(_rows(), EXPOSURE), "b": yield_plots.numbers(_rows(), EXPOSURE)}
    figures.keep(made, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png"}
