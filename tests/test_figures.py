"""Figures are drawn without pyplot, in a look that stays with them, and become files and pictures."""

import io
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.image import imread

from kit import figures


def texts(drawing):
    drawing.canvas.draw()
    return [text.get_text() for axes in drawing.axes for text in axes.texts if text.get_text()]


@pytest.mark.parametrize("experiment", ["", "ATLAS", "CMS"])
def test_pyplot_keeps_no_figure_and_nobodys_settings_change(experiment):
    before = dict(mpl.rcParams)
    with figures.style(experiment):
        drawing, _ = figures.figure(experiment=experiment)
        figures.label(drawing.axes[0], experiment)
        drawing._repr_png_()
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_ticks_and_colours_of_the_look_stay_with_the_figure():
    drawing, axes = figures.figure()
    (line,) = axes.plot([1, 2], [1, 2])
    drawing.canvas.draw()
    assert line.get_color() == figures.COLOURS[0]
    assert {tick._tickdir for tick in axes.xaxis.get_major_ticks()} == {"in"}


@pytest.mark.parametrize("experiment", ["", "ATLAS", "CMS"])
def test_a_picture_is_the_same_wherever_it_is_drawn(experiment, tmp_path):
    def one():
        with figures.style(experiment):
            drawing, axes = figures.figure(experiment=experiment)
            axes.set_xlabel("mass [GeV]")
        return drawing

    (outside,) = figures.write(one(), tmp_path / "outside")
    with figures.style(experiment):
        (inside,) = figures.write(one(), tmp_path / "inside")
    assert outside.read_bytes() == inside.read_bytes()
    assert imread(outside).shape == (660, 960, 4)  # 6.4 × 4.4 inches at 150 dots


def test_the_letters_are_those_of_the_experiment(tmp_path):
    shown = set()
    for experiment in ("", "ATLAS"):
        drawing, axes = figures.figure(experiment=experiment)
        axes.set_xlabel("mass [GeV]")
        shown.add(drawing._repr_png_())
    assert len(shown) == 2


def test_a_grid_has_the_size_and_the_axes_that_were_asked_for():
    drawing, axes = figures.grid(2, 3, sharex=True)
    assert axes.shape == (2, 3)
    assert tuple(drawing.get_size_inches()) == pytest.approx((3 * 6.4, 2 * 4.4))
    assert tuple(figures.figure(size=(3, 2))[0].get_size_inches()) == (3, 2)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        (
            "ATLAS",
            {"energy": 13.0, "luminosity": 36.1},
            ["ATLAS", "Open Data", r"36.1 fb$^{-1}$, $\sqrt{s}$ = 13 TeV"],
        ),
        ("CMS", {"text": "Simulation"}, ["CMS", "Simulation"]),
        ("kit", {"energy": 13.6}, ["kit", "Open Data", r"$\sqrt{s}$ = 13.6 TeV"]),
    ],
)
def test_the_label_names_experiment_energy_and_luminosity(name, options, told):
    drawing, axes = figures.figure(experiment=name)
    figures.label(axes, name, **options)
    assert texts(drawing) == told


def test_the_label_lies_inside_the_picture_and_its_parts_do_not_overlap():
    drawing, axes = figures.figure(experiment="ATLAS")
    figures.label(axes, "ATLAS", energy=13.0, luminosity=36.1)
    drawing.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert all(drawing.bbox.x0 <= box.x0 and box.x1 <= drawing.bbox.x1 for box in boxes)
    assert all(box.y1 <= drawing.bbox.y1 for box in boxes)
    assert boxes[0].x1 < boxes[1].x0 < boxes[1].x1 < boxes[2].x0


def test_a_picture_of_nothing_says_so():
    drawing, axes = figures.figure()
    figures.say(axes, "no event has four leptons")
    assert texts(drawing) == ["no event has four leptons"]
    assert not axes.axison


def test_a_notebook_shows_the_figure_by_itself():
    drawing, axes = figures.figure(size=(3, 2))
    axes.plot([1, 2])
    shown = imread(io.BytesIO(drawing._repr_png_()), format="png")
    assert np.ptp(shown) > 0.5


@pytest.mark.parametrize(("ending", "begin"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_a_figure_becomes_a_whole_file_of_each_kind(tmp_path, ending, begin):
    drawing, _ = figures.figure()
    assert figures.write(drawing, tmp_path / "plots" / "mass_4.5", (ending,)) == [
        tmp_path / "plots" / f"mass_4.5.{ending}"
    ]
    assert (tmp_path / "plots" / f"mass_4.5.{ending}").read_bytes().startswith(begin)
    assert len(list((tmp_path / "plots").iterdir())) == 1


def test_pictures_are_kept_under_their_names_and_given_back_to_be_shown(tmp_path):
    pictures = {name: figures.figure()[0] for name in ("mass", "spectrum")}
    assert figures.keep(pictures, tmp_path / "plots") == pictures
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["mass.png", "spectrum.png"]


def test_the_colours_are_petroffs_ten():
    # arXiv:2107.02270, table 2; the same as matplotlib's own
    from matplotlib.style import library

    assert [cycle["color"] for cycle in library["petroff10"]["axes.prop_cycle"]] == list(figures.COLOURS)


def test_what_is_on_the_canvas_becomes_a_picture_without_being_drawn_again():
    drawing, axes = figures.figure(size=(3, 2))
    before = figures.png(drawing)
    axes.plot([1, 2])
    assert figures.png(drawing, redraw=False) == before
    after = imread(io.BytesIO(figures.png(drawing)), format="png")
    assert after.shape == (200, 300, 4)
    assert (after != imread(io.BytesIO(before), format="png")).any()


def test_a_figure_of_somebody_else_has_no_canvas_for_a_picture():
    with pytest.raises(
        TypeError, match=r"canvas is FigureCanvasBase, should be FigureCanvasAgg: use figures\.grid"
    ):
        figures.png(Figure())


def test_every_colour_map_can_be_read_by_the_colour_blind():
    """From dark to bright, or between two colours that nobody confuses through white: arXiv:1712.01662."""
    texts = [path.read_text() for path in sorted(Path(figures.__file__).parent.rglob("*.py"))]
    named = {name for text in texts for name in re.findall(r'(?:cmap=|COLOUR_MAP = )"(\w+)"', text)}
    assert named
    assert named <= {"viridis", "cividis", "RdBu_r", "PuOr", "Greys"}
