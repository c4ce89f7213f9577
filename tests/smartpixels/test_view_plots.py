"""Pictures of the panel: what is moved equals what is drawn anew."""

from dataclasses import replace

import numpy as np
import pytest

from kit import figures
from kit.smartpixels.scene import PER_SLICE, PIXEL_COLOURS, Scene
from kit.smartpixels.view_plots import MOST_LINES, draw_maps, draw_waveforms, move_maps, move_waveforms
from kit.widgets import LiveFigure


@pytest.fixture
def scene(view):
    return Scene(view(noise=True), time=1.0, pixels=((2, 3), (1, 3)))


def drawn(draw, scene):
    drawing, axes = figures.grid(3, 1, size=(9.6, 5.4), sharex=True)
    return drawing, axes[:, 0], draw(axes, scene)


def test_maps_show_charge_voltage_and_codes_of_the_time(scene):
    _, axes, _ = drawn(draw_maps, scene)
    images = [place.get_images()[0] for place in axes]
    shown = [np.asarray(image.get_array()) for image in images]
    assert np.array_equal(shown[0], scene.view.charge_at(1.0))
    assert np.array_equal(shown[1], scene.view.voltage_at(1.0))
    assert np.array_equal(shown[2], scene.view.codes_at(0))
    charge, voltage = scene.scales
    assert [image.get_clim() for image in images] == [(-charge, charge), (-voltage, voltage), (-3.0, 3.0)]
    for place, image in zip(axes, images, strict=True):
        assert place.get_aspect() == 1.0
        assert image.get_extent() == [-175.0, 175.0, -31.25, 31.25]


def test_titles_say_what_the_colours_mean(scene):
    _, axes, artists = drawn(draw_maps, scene)
    charge, voltage = scene.scales
    assert axes[0].get_title("left") == f"charge: blue to red is -{charge:.0f} to {charge:.0f} e-"
    assert axes[1].get_title("left") == f"voltage: -{voltage:.1f} to {voltage:.1f} mV"
    assert axes[2].get_title("left") == "codes at 2 ns: 0 to 3"
    move_maps(artists, replace(scene, sample=1, scale=PER_SLICE))
    assert axes[2].get_title("left") == "codes at 5 ns: 0 to 3"
    assert axes[0].get_images()[0].get_clim()[1] == abs(scene.view.charge_at(1.0)).max()


def test_the_track_crosses_each_map_and_chosen_pixels_are_framed(scene):
    _, axes, _ = drawn(draw_maps, scene)
    x, y, _, n_x, n_y, n_z = scene.view.metadata[:6]
    for place in axes:
        track, entry, middle, first, second, *others = place.get_lines()
        assert track.get_xdata() == pytest.approx([x, x - 100 * n_x / n_z])
        assert (entry.get_xdata(), entry.get_ydata()) == ([x], [y])
        assert middle.get_ydata() == pytest.approx([y - 50 * n_y / n_z])
        assert (first.get_xdata().min(), first.get_xdata().max()) == (-25.0, 25.0)
        assert (first.get_ydata().min(), first.get_ydata().max()) == (-6.25, 6.25)
        assert second.get_ydata().max() == -6.25
        assert [len(other.get_xdata()) for other in others] == [0] * (len(PIXEL_COLOURS) - 2)


def test_waveforms_are_charge_current_and_voltage_of_the_chosen_pixels(scene):
    _, axes, _ = drawn(draw_waveforms, scene)
    view = scene.view
    for number, pixel in enumerate(scene.pixels):
        charge, current = axes[0].get_lines()[number], axes[1].get_lines()[number]
        voltage, at_once, start, template = axes[2].get_lines()[4 * number : 4 * number + 4]
        assert np.array_equal(at_once.get_ydata(), view.at_once[pixel])
        assert np.array_equal(charge.get_ydata(), view.charge[pixel])
        assert np.array_equal(charge.get_xdata(), view.input_times)
        assert np.array_equal(current.get_ydata(), np.gradient(view.charge[pixel], 10.0))
        assert np.array_equal(voltage.get_ydata(), view.noisy[pixel])
        assert np.array_equal(start.get_ydata(), view.other_start[pixel])
        assert np.array_equal(template.get_ydata(), view.other_template[pixel])
        assert np.array_equal(template.get_xdata(), view.output_times)
    assert [text.get_text() for text in axes[0].texts][:3] == ["row 2, column 3", "row 1, column 3", ""]


def test_without_overlay_the_other_choices_are_not_drawn(scene):
    _, axes, artists = drawn(draw_waveforms, scene)
    move_waveforms(artists, replace(scene, overlay=False))
    voltage, *others = axes[2].get_lines()[:4]
    assert len(voltage.get_ydata()) == 31
    assert [len(other.get_ydata()) for other in others] == [0, 0, 0]
    assert axes[2].texts[0].get_text() == ""


def test_one_response_for_all_has_no_other_template(view):
    scene = Scene(view(response="simple"), pixels=(view().touched()[0],))
    _, axes, _ = drawn(draw_waveforms, scene)
    assert [len(line.get_xdata()) for line in axes[2].get_lines()[:4]] == [31, 31, 31, 0]


def test_a_key_says_what_thin_lines_are(view):
    keys = []
    for values in ({}, {"t0_fix": True, "template_by": "peak"}, {"response": "simple"}):
        _, axes, _ = drawn(draw_waveforms, Scene(view(**values)))
        keys.append(axes[2].texts[0].get_text())
    assert keys[0].endswith("dotted: with t0_fix · dash-dotted: template_by peak")
    assert keys[1].endswith("dotted: without t0_fix · dash-dotted: template_by final")
    assert keys[2].endswith("dotted: with t0_fix")


def test_the_time_thresholds_and_sample_times_are_marked(scene):
    _, axes, _ = drawn(draw_waveforms, scene)
    for place in axes:
        assert [1.0, 1.0] in [list(line.get_xdata()) for line in place.get_lines()]
    marks = axes[2].get_lines()[-2 * MOST_LINES :]
    seen = [line for line in marks if line.get_visible()]
    assert [line.get_ydata()[0] for line in seen[:3]] == scene.view.p.thresholds
    assert [line.get_xdata()[0] for line in seen[3:]] == scene.view.p.sample_times


def test_more_thresholds_than_lines_are_no_fault(view):
    thresholds = [float(number) for number in range(5, 5 + MOST_LINES + 3)]
    scene = Scene(view(thresholds=thresholds, levels=list(range(len(thresholds) + 1))))
    _, axes, _ = drawn(draw_waveforms, scene)
    marks = axes[2].get_lines()[-2 * MOST_LINES : -MOST_LINES]
    assert [line.get_ydata()[0] for line in marks] == thresholds[:MOST_LINES]


def test_the_axis_of_voltage_holds_what_is_drawn(view):
    scene = Scene(view(), pixels=(view().touched()[0],))
    drawing, axes, artists = drawn(draw_waveforms, scene)
    other = view(response="simple", rise_time=0.5, feedback_capacitance=0.5, window=20.0)
    move_waveforms(artists, replace(scene, view=other))
    drawing.canvas.draw()
    low, high = axes[2].get_ylim()
    assert low < 0 < other.noisy.max() * 0.99 < high
    assert axes[2].get_xlim() == (0, 20.0)


@pytest.mark.parametrize(("draw", "move"), [(draw_maps, move_maps), (draw_waveforms, move_waveforms)])
def test_a_moved_picture_equals_the_one_drawn_whole(scene, view, draw, move):
    options = {"rows": 3, "sharex": True, "size": (9.6, 5.4), "interactive": False}
    moved = LiveFigure(draw, Scene(view(2)), update=move, **options)
    for one in (replace(scene, scale=PER_SLICE, pixels=()), scene):
        moved.show(one)
    whole = LiveFigure(draw, scene, update=move, **options)
    assert moved.png == whole.png


def test_maps_of_another_array_are_drawn_whole(scene, view):
    _, _, artists = drawn(draw_maps, scene)
    assert move_maps(artists, scene)
    wider = replace(scene.view, geometry=replace(scene.view.geometry, pitch_x=25.0))
    assert not move_maps(artists, replace(scene, view=wider))
