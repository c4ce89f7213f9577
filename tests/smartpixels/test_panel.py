"""The cluster panel without a browser: every mouse action is an attribute or a method."""

import csv

import numpy as np
import pytest
import traitlets

from kit.smartpixels.convolution import ConvolutionParameters
from kit.smartpixels.panel import ClusterPanel
from kit.smartpixels.scene import PIXEL_COLOURS
from tests.smartpixels import samples


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Return two files, of six and of three clusters, of two arrays."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    other = samples.sensor(rows=4, columns=4)
    return [
        samples.write(tmp_path, samples.text_of(samples.clusters(6)), "pixel_clusters_d00001.out"),
        samples.write(tmp_path, samples.text_of(samples.clusters(3, other), other), "pixel_clusters_d00002.out"),
    ]


@pytest.fixture
def make(files, pulses, tmp_path):
    """Give a function that makes a panel; it is closed in the end."""
    made = []

    def panel(*, interactive=False, **values):
        p = ConvolutionParameters.build({"clusters": files, "pulses": pulses, **samples.SHORT, **values})
        made.append(ClusterPanel(p, interactive=interactive))
        made[-1].folder = str(tmp_path / "exports")
        return made[-1]

    yield panel
    for one in made:
        one.close()


@pytest.fixture
def panel(make):
    return make()


def test_it_begins_with_the_first_cluster_and_its_two_largest_pixels(panel, files):
    assert panel.error == ""
    assert panel.file == files[0]
    assert panel.view.number == 0
    assert panel.pixels == tuple(panel.view.touched()[:2])
    assert panel.told.text == "pixel_clusters_d00001.out: 6 clusters"
    assert panel.maps.caption.startswith("cluster 0 at 2.00 ns")


def test_what_cannot_be_looked_at_is_refused_in_words(panel):
    for name, value, message in (
        ("pixels", (5, 9), r"pixels is \(5, 9\), should be pairs of row and column, such as \(\(5, 9\),\)"),
        ("pixels", ((1, 2, 3),), "should be pairs of row and column"),
        ("time", float("nan"), "time is nan ns, should be a number of 0 or more"),
        ("file", "other.out", r"file is 'other\.out', should be one of .*d00001\.out"),
    ):
        before = getattr(panel, name)
        with pytest.raises(traitlets.TraitError, match=message):
            setattr(panel, name, value)
        assert getattr(panel, name) == before


def test_a_fault_is_gone_once_all_is_well_again(make):
    panel = make(interactive=True)
    panel.pixels = ((99, 99),)
    assert "pixel (99, 99) is not in the array" in panel.error
    assert panel.fault is not None
    panel.pixels = ((2, 3),)
    assert (panel.error, panel.fault) == ("", None)
    panel.pixels = ((99, 99),)
    panel.form.set(noise=True)  # looks again, and in vain
    panel.pixels = ((2, 3),)
    assert (panel.error, panel.fault) == ("", None)
    panel.form.set(pulses="nowhere.csv")
    assert "nowhere.csv" in panel.error
    panel.form.set(response="simple")
    assert (panel.error, panel.fault) == ("", None)
    panel.form.set(window=5.5)
    assert panel.fault is not None
    panel.form.set(window=6.0)
    assert (panel.error, panel.fault) == ("", None)


def test_clusters_are_chosen_by_number_step_and_chance(panel):
    panel.browser.go_to(4)
    assert panel.view.number == 4
    assert panel.pixels == tuple(panel.view.touched()[:2])
    panel.browser.next()
    assert panel.maps.caption.startswith("cluster 5 ")
    panel.browser.previous()
    assert panel.view.number == 4
    seen = set()
    for _ in range(40):
        panel.random()
        seen.add(panel.view.number)
        if len(seen) > 1:
            break
    assert len(seen) > 1
    assert seen <= set(range(6))


def test_clusters_are_found_by_what_they_are(panel):
    size = sorted(record["size"] for record in panel.browser.records)[2]
    panel.browser.filter = f"size>{size}"
    assert 0 < len(panel.browser.matching) < 6
    assert (panel.view.charge[..., -1] > 0).sum() > size
    panel.browser.filter = "flipped=no"
    assert {record["flipped"] for record in map(panel.browser.records.__getitem__, panel.browser.matching)} <= {
        False
    }


def test_where_no_cluster_matches_the_last_one_stays_in_sight(panel):
    panel.browser.filter = "size>1000"
    assert panel.browser.state.text.startswith("no clusters")
    assert panel.view.number == 0
    panel.browser.filter = ""
    assert panel.error == ""


def test_another_file_is_opened_with_its_own_array(panel, files):
    panel.pixels = ((4, 6),)
    panel.file = files[1]
    assert panel.error == ""
    assert panel.view.charge.shape[:2] == (4, 4)
    assert panel.pixels == tuple(panel.view.touched()[:2])
    assert len(panel.browser.records) == 3
    assert panel.controls.file.value == files[1]


def test_one_time_is_shared_by_maps_and_waveforms(panel):
    maps, waveforms = panel.maps.drawn, panel.waveforms.drawn
    panel.time = 1.0
    assert (panel.maps.drawn, panel.waveforms.drawn) == (maps + 1, waveforms + 1)
    images = [axes.get_images()[0].get_array() for axes in panel.maps.figure.axes]
    assert np.array_equal(images[0], panel.view.charge_at(1.0))
    assert np.array_equal(images[1], panel.view.voltage_at(1.0))
    assert panel.controls.time.value == 1.0
    panel.time = 40.0
    assert panel.scene.time == 6.0


def place_of(panel, pixel, map_number=0):
    """Return where a pixel is in the picture, as shares of width and height."""
    rows, columns = panel.view.charge.shape[:2]
    geometry, axes = panel.view.geometry, panel.maps.figure.axes[map_number]
    x = (pixel[1] - (columns - 1) // 2) * geometry.pitch_x
    y = (pixel[0] - (rows - 1) // 2) * geometry.pitch_y
    width, height = panel.maps.figure.get_size_inches() * panel.maps.figure.dpi
    across, up = axes.transData.transform((x, y))
    return across / width, 1 - up / height


def test_a_click_chooses_a_pixel_in_each_map(panel):
    for map_number in (0, 1, 2):
        panel.pick(*place_of(panel, (3, 5), map_number))
        assert panel.pixels == ((3, 5),)
        panel.pick(*place_of(panel, (0, 0), map_number), add=True)
        assert panel.pixels == ((3, 5), (0, 0))
        panel.pick(*place_of(panel, (3, 5), map_number), add=True)
        assert panel.pixels == ((0, 0),)
    panel.pick(0.001, 0.001)
    assert panel.pixels == ((0, 0),)
    assert "row 0, column 0: " in panel.maps.caption


def test_the_oldest_pixel_gives_way_when_there_are_more_than_colours(panel):
    for pixel in range(len(PIXEL_COLOURS) + 1):
        panel.toggle((0, pixel % 7), add=pixel > 0) if pixel < 7 else panel.toggle((1, 0))
    assert len(panel.pixels) == len(PIXEL_COLOURS)


def test_a_pixel_outside_the_array_is_a_fault_in_words(make):
    panel = make(interactive=True)
    panel.pixels = ((5, 0),)
    assert panel.error == "pixel (5, 0) is not in the array of 5 rows and 7 columns"
    panel.pixels = ((4, 0),)
    assert panel.error == ""


def test_thresholds_and_times_change_the_codes(panel):
    before = (panel.view.codes_at(0) >= 1).sum()
    panel.controls.thresholds.children[0].slider.value = 21.0
    assert panel.form.parameters.thresholds == [21.0, 21.901985, 57.13501]
    assert (panel.view.codes_at(0) >= 1).sum() == (panel.view.voltage_at(2.0) >= 21).sum() < before
    panel.controls.sample_times.children[0].field.value = 1.0
    assert panel.form.parameters.sample_times == [1.0, 5.0]
    assert panel.controls.sample.options[0] == ("1 ns", 0)
    panel.sample = 1
    assert panel.maps.caption.splitlines()[0].endswith("at 5 ns")


def test_thresholds_that_cross_are_a_fault_and_the_picture_stays(make):
    panel = make(interactive=True)
    view = panel.view
    panel.controls.thresholds.children[0].slider.value = 30.0
    assert panel.error == "thresholds are [30.0, 21.901985, 57.13501] mV, should increase"
    assert panel.view is view
    panel.controls.thresholds.children[0].slider.value = 20.0
    assert panel.error == ""
    assert panel.view.p.thresholds[0] == 20.0


def test_noise_comes_with_a_seed(panel):
    quiet = panel.view.noisy
    panel.form.set(noise=True, seed=3)
    first = panel.view.noisy
    panel.form.set(seed=4)
    assert not np.array_equal(panel.view.noisy, first)
    panel.form.set(seed=3)
    assert np.array_equal(panel.view.noisy, first)
    assert not np.array_equal(first, quiet)


def test_window_and_response_can_be_changed(panel):
    panel.form.set(window=20.0, response="simple", rise_time=5.0)
    assert panel.view.voltage.shape[2] == 101
    assert panel.controls.time.slider.max == 20.0
    assert "simple response" in panel.maps.caption
    panel.time = 15.0
    panel.form.set(window=6.0, response="measured")
    assert panel.scene.time == 6.0


def test_its_parameters_are_a_new_set_ready_for_a_job(panel, pulses):
    before = panel.form.start.model_dump()
    panel.form.set(noise=True, seed=9, t0_fix=True)
    assert panel.form.start.model_dump() == before
    assert {"noise: true", "seed: 9", "t0_fix: true"} <= set(panel.form.yaml.splitlines())


def test_what_is_seen_is_exported(panel, tmp_path):
    panel.browser.go_to(2)
    panel.pixels = ((2, 3),)
    paths = panel.export("png", "pdf", "csv", "npz")
    stem = "pixel_clusters_d00001_cluster2"
    assert sorted(path.name for path in paths) == sorted(
        [f"{stem}_{name}.{kind}" for name in ("maps", "waveforms") for kind in ("png", "pdf")]
        + [f"{stem}.csv", f"{stem}.npz"]
    )
    assert {path.read_bytes()[:4] for path in paths if path.suffix == ".png"} == {b"\x89PNG"}
    names, *rows = csv.reader((tmp_path / "exports" / f"{stem}.csv").read_text().splitlines())
    assert names == ["time (ns)", "row 2 column 3 (e-)", "row 2 column 3 (mV)"]
    assert float(rows[-1][2]) == pytest.approx(panel.view.noisy[2, 3, -1], rel=1e-5)
    assert panel.told.text.startswith("written: ")
    with pytest.raises(ValueError, match="cannot write 'bmp', should be one of png, pdf, csv, npz, gif"):
        panel.export("bmp")


def test_a_damaged_cluster_is_left_out_and_told(tmp_path, monkeypatch, pulses):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = samples.text_of(samples.clusters(3))
    second = text.index(b"<cluster>", text.index(b"<cluster>") + 1)
    path = samples.write(tmp_path, text[:second] + text[second:].replace(b" 0.0", b" zero", 1))
    p = ConvolutionParameters.build({"clusters": [path], "pulses": pulses, **samples.SHORT})
    panel = ClusterPanel(p, interactive=False)
    assert panel.told.text.endswith(": 2 clusters, the file is damaged in 1 place")
    panel.browser.next()
    assert panel.view.number == 2
    panel.close()


def test_where_nobody_can_click_it_is_its_pictures_with_their_words(panel):
    bundle = panel._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/png"}
    assert bundle["text/html"].count("<img ") == 2
    assert bundle["text/plain"].startswith("cluster 0 at 2.00 ns")


def test_a_widget_stands_where_a_person_can_click(make):
    assert "application/vnd.jupyter.widget-view+json" in make(interactive=True)._repr_mimebundle_()


def test_what_was_set_is_taken_back_saved_and_put_back_in_another_panel(make, tmp_path):
    panel = make(interactive=True)
    first = panel.kept_values()
    panel.footer.keeper.pause = 0.0
    panel.browser.go_to(3)
    panel.form.set(thresholds=[5.0, 9.0, 30.0])
    panel.time, panel.pixels = 1.5, ((2, 3), (4, 6))
    panel.footer.keeper.file.value = str(tmp_path / "state.json")
    panel.footer.keeper.buttons.save.click()
    assert panel.footer.keeper.error == ""
    other = make(interactive=True)
    other.footer.keeper.file.value = str(tmp_path / "state.json")
    other.footer.keeper.buttons.put_back.click()
    assert other.footer.keeper.error == ""
    assert other.kept_values() == panel.kept_values()
    assert other.view.number == panel.view.number
    while panel.footer.keeper.steps:
        panel.footer.keeper.undo()
    assert panel.kept_values() == {**first, "folder": "outputs/exports"}  # what the fixture has set, too
