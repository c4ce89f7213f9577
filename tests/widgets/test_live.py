import io
import threading
import time

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest

from kit import figures
from kit.widgets.live import LiveFigure

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = (3.2, 2.4)  # inches


def draw_map(axes, model):
    axes.set_title("pads")
    return [axes.imshow(model, vmin=0, vmax=1, aspect="auto")]


def update_map(artists, model):
    artists[0].set_data(model)


def draw_curve(axes, model):
    axes.axhline(0.5, zorder=5)
    (curve,) = axes.plot(model[0], label="measured")
    axes.set_ylim(0, 1)
    axes.legend(loc="upper right")
    return [curve]


def update_curve(artists, model):
    artists[0].set_ydata(model[0])


def draw_with_bar(axes, model):
    dots = axes.scatter(model[0], model[1], c=model[2], vmin=0, vmax=1)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.figure.colorbar(dots)
    return [dots]


def update_dots(artists, model):
    artists[0].set_offsets(model[:2].T)
    artists[0].set_array(model[2])


def draw_scaled(axes, model):
    axes.plot(1 + 1000 * model[0])
    axes.set_yscale("log" if model[0, 0] > 0.5 else "linear")
    axes.set_xlim(0, 10 * model[0, 1])
    if model[0, 2] > 0.5:
        axes.grid(visible=True)
    if model[0, 3] > 0.5:
        axes.xaxis.set_major_formatter("")


def model(seed):
    return np.random.default_rng(seed).random((5, 7))


def pixels(png):
    return mpl.image.imread(io.BytesIO(png))


def live(draw=draw_map, start=None, **options):
    return LiveFigure(draw, start, size=SMALL, **{"interactive": False, **options})


def test_there_is_a_whole_picture_from_the_first_moment():
    figure = live()
    assert bytes(figure.image.value).startswith(PNG)
    assert pixels(figure.png).shape == (240, 320, 4)
    assert figure.caption == "nothing to show yet"


def test_another_model_is_another_picture():
    figure = live(start=model(1), caption=lambda shown: f"mean {shown.mean():.3f}")
    before, caption = figure.png, figure.caption
    figure.show(model(2))
    assert figure.png != before
    assert figure.caption != caption
    assert figure.drawn == 2


@pytest.mark.parametrize("draw", [draw_map, draw_curve, draw_with_bar])
def test_what_was_shown_before_leaves_no_trace(draw):
    figure = live(draw, model(1))
    figure.show(model(2))
    assert np.array_equal(pixels(figure.png), pixels(live(draw, model(2)).png))


def test_ticks_that_are_kept_are_those_that_would_be_made_anew():
    kept, anew = live(draw_scaled, keeps_ticks=True), live(draw_scaled)
    for seed in range(12):  # through all looks that the function has
        kept.show(model(seed))
        anew.show(model(seed))
        assert np.array_equal(pixels(kept.png), pixels(anew.png))


@pytest.mark.parametrize(
    ("draw", "update"), [(draw_map, update_map), (draw_curve, update_curve), (draw_with_bar, update_dots)]
)
def test_an_updated_picture_equals_the_one_drawn_whole(draw, update):
    figure = live(draw, model(1), update=update)
    first = pixels(figure.png)
    figure.show(model(2))
    assert np.array_equal(pixels(figure.png), pixels(live(draw, model(2)).png))
    assert not np.array_equal(pixels(figure.png), first)


def test_an_update_does_not_draw_the_whole():
    whole = []

    def draw(axes, shown):
        whole.append(shown)
        return draw_map(axes, shown)

    figure = live(draw, model(1), update=update_map)
    for seed in range(2, 6):
        figure.show(model(seed))
    assert len(whole) == 1
    assert figure.drawn == 5


def test_an_update_that_does_not_fit_is_drawn_whole():
    def draw(axes, shown):
        axes.set_ylim(0, shown.max())
        return axes.plot(shown)

    def update(artists, shown):
        artists[0].set_ydata(shown)
        return artists[0].axes.get_ylim()[1] >= shown.max()

    figure = live(draw, np.array([0, 1]), update=update)
    figure.show(np.array([0, 5]))
    assert np.array_equal(pixels(figure.png), pixels(live(draw, np.array([0, 5])).png))


def test_the_same_function_draws_the_report():
    drawing, axes = figures.figure(size=SMALL)
    with figures.style():
        draw_map(axes, model(1))
        picture = figures.png(drawing)
    assert np.array_equal(pixels(picture), pixels(live(draw_map, model(1)).png))


def test_several_axes_come_as_an_array():
    def draw(axes, shown):
        for row, one in enumerate(axes[:, 0]):
            one.plot(shown[row])

    assert len(live(draw, model(1), rows=2, sharex=True).figure.axes) == 2


@pytest.mark.parametrize("settled", [False, True])
def test_axes_keep_the_places_of_the_first_picture_where_that_is_wished(settled):
    picture = LiveFigure(lambda axes, top: axes.set_ylim(0, top), 1.0, settled=settled, interactive=False)
    (before,) = (axes.get_position().bounds for axes in picture.figure.axes)
    picture.show(1e-7 + 123456.7891)
    (after,) = (axes.get_position().bounds for axes in picture.figure.axes)
    assert (before == after) == settled


def test_a_fault_of_drawing_stands_in_the_panel_and_goes_when_it_is_drawn_again():
    def draw(axes, shown):
        if shown is bad:
            message = "no such channel: 240"
            raise ValueError(message)
        return draw_map(axes, shown)

    bad = model(1)
    figure = live(draw, model(2), interactive=True)
    figure.show(bad)
    figure.flush()
    assert figure.error == "no such channel: 240"
    assert bytes(figure.image.value).startswith(PNG)
    figure.show(model(3))
    figure.flush()
    assert figure.error == ""


def test_in_batch_a_fault_of_drawing_is_raised():
    def draw(axes, shown):
        raise ValueError(shown)

    with pytest.raises(ValueError, match="no such channel"):
        live(draw).show("no such channel")


def test_who_shows_does_not_wait_and_the_latest_wins():
    figure = live(start=model(0), interactive=True)
    for seed in range(200):
        figure.show(model(seed))
    assert np.array_equal(pixels(figure.png), pixels(live(start=model(199)).png))
    assert figure.drawn < 100  # who waits has all two hundred drawn


def test_pictures_come_no_faster_than_the_rate():
    figure = live(start=model(0), update=update_map, rate=20, interactive=True)
    begun = time.monotonic()
    while (seconds := time.monotonic() - begun) < 0.4 or (figure.drawn < 3 and seconds < 60):
        figure.show(model(1))
        time.sleep(0.001)
    figure.close()
    assert 3 <= figure.drawn <= (time.monotonic() - begun) * 20 + 3


def test_many_threads_may_show_and_reports_be_drawn_meanwhile():
    before = dict(mpl.rcParams)
    pictures = [live(start=model(0), update=update, rate=1000, interactive=True) for update in (None, update_map)]
    threads = [
        threading.Thread(target=lambda figure=figure: [figure.show(model(seed)) for seed in range(50)])
        for figure in pictures
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    expected = pixels(live(start=model(7)).png)
    for thread in threads:
        thread.join()
    for figure in pictures:
        figure.show(model(7))
        assert np.array_equal(pixels(figure.png), expected)
        assert figure.error == ""
    assert dict(mpl.rcParams) == before


def test_it_is_written_to_files_as_it_is_shown(tmp_path):
    updated, whole = live(start=model(1), update=update_map), live(start=model(2))
    updated.show(model(2))
    paths = [figure.write(tmp_path / name)[0] for name, figure in (("updated", updated), ("whole", whole))]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    for figure in (updated, whole):
        figure.show(model(3))
    assert np.array_equal(pixels(updated.png), pixels(whole.png))


def test_without_a_front_end_it_is_its_picture():
    figure = live(start=model(1), caption="five by seven pads")
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}
    assert bundle["text/plain"] == "five by seven pads"


def test_the_static_form_is_that_of_the_latest_model():
    figure = live(start=model(0), caption=lambda shown: f"mean {shown.mean():.3f}", interactive=True)
    figure.show(model(1))
    figure.show(model(2))
    assert figure.static()["text/plain"] == f"mean {model(2).mean():.3f}"


def test_pyplot_knows_nothing_of_it():
    import matplotlib.pyplot as plt

    live(start=model(1))
    assert plt.get_fignums() == []
