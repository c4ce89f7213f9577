"""The pictures of a run."""

import pytest

from kit.run import Run, load
from kit.smartpixels.convolution import ConvolutionParameters, convolve
from kit.smartpixels.plots import convolution_figures
from tests.smartpixels import samples

NAMES = [
    "cluster",
    "waveforms",
    "templates",
    "effects",
    "spectra",
    "linearity",
    "mean_waveforms",
    "sizes",
    "occupancy",
]
SENSOR = samples.sensor(13, 21)


def stage(folder, pulses, **values):
    folder.mkdir(exist_ok=True)
    path = samples.write(folder, samples.text_of(samples.clusters(3, SENSOR), SENSOR))
    given = {"clusters": [path], "pulses": pulses, "output": str(folder / "run")}
    p = ConvolutionParameters.build({**samples.SHORT, **given, **values})
    with Run("smartpixels/convolution", p) as run:
        run.summary = convolve(p, run)
        return run, convolution_figures(run)


@pytest.fixture(scope="module")
def made(tmp_path_factory, pulses):
    return stage(tmp_path_factory.mktemp("made") / "a", pulses, formats=["text", "adc"])


def test_every_picture_can_be_drawn_again_from_the_data(made):
    run, pictures = made
    assert list(pictures) == NAMES
    assert list(convolution_figures(load(run.directory))) == NAMES
    assert all(picture._repr_png_().startswith(b"\x89PNG") for picture in pictures.values())


def test_axes_have_names_and_units(made):
    _, pictures = made
    for name, picture in pictures.items():
        for axes in picture.axes:
            if axes.axison and axes.get_label() != "<colorbar>":
                assert axes.get_xlabel() or axes.get_ylabel(), name
    assert pictures["linearity"].axes[0].get_ylabel() == "largest voltage [mV]"


def test_the_map_shows_what_was_written(made):
    run, pictures = made
    shown = pictures["cluster"].axes[3].images[0].get_array()
    assert shown.shape == (13, 21)
    assert 0 < shown.max() <= run.summary["largest_voltage_(mV)"]


def test_bars_are_the_share_of_each_code(made):
    run, pictures = made
    heights = [bar.get_height() for bar in pictures["occupancy"].axes[0].containers[0]]
    counts = run.summary["codes_at_2_ns"]
    assert heights[0] == pytest.approx(100 * counts["1"] / sum(counts.values()))


def test_a_picture_of_nothing_says_so(tmp_path, pulses):
    _, pictures = stage(tmp_path / "b", pulses)
    assert "adc is not among the formats" in pictures["occupancy"].axes[0].texts[0].get_text()


def test_an_analytic_response_is_one_for_all(tmp_path, pulses):
    _, pictures = stage(tmp_path / "c", pulses, response="simple")
    assert pictures["templates"].axes[1].texts[0].get_text() == "one response for all charges"


def test_the_points_of_a_batch_run_are_shown_together(tmp_path, pulses):
    (tmp_path / "outputs").mkdir()
    for number in "12":
        stage(tmp_path / "outputs" / number, pulses)

    class Batch:
        directory = tmp_path
        parameters = ConvolutionParameters().model_dump()

    counts = convolution_figures(Batch())["spectra"].axes[0].patches[0].get_data().values
    (_, alone) = stage(tmp_path / "alone", pulses)
    assert counts.sum() == 2 * alone["spectra"].axes[0].patches[0].get_data().values.sum()
