"""The eye of the panel: whatever is chosen, by controls or attributes, is what the pictures show."""

import pytest

from kit.files import FormatError
from kit.hgcroc.panels.view_panel import ViewPanel
from kit.hgcroc.pictures.geometry import PAD_ROWS, pad_positions
from tests.hgcroc.hands import control
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.test_legacy import scan_in

AXES = [{"key": PHASE, "values": [2, 3]}, {"key": CALIB, "values": [0, 5, 9]}]


@pytest.fixture
def panel(tmp_path):
    scan_in(tmp_path, plan_of(AXES), points=[0, 1, 2, 3]).close()
    made = ViewPanel()
    made.look_at(tmp_path)
    made.flush()
    yield made
    made.close()


def captions(panel):
    panel.flush()
    return panel.curve.caption.partition(";")[0], panel.board.caption


def test_it_follows_the_point_that_was_measured_last(panel, tmp_path):
    assert captions(panel) == (
        "scan, phase_strobe 3: 1 point against Calib [DAC counts]",
        "median ADC [counts], point 3, phase_strobe 3, Calib 0",
    )
    assert panel.controls.told.text == "scan: 4 of 6 points"
    assert panel.controls.follow.value


def test_sliders_go_to_any_point_and_stay_there_until_the_scan_is_followed_again(panel):
    phase, calib = panel.controls.dials.children
    assert (phase.label, phase.told.text, calib.field.value) == ("phase_strobe", "= 3", 0)
    phase.slider.value = 0
    calib.field.value = 2
    assert panel.steps == (0, 0, 2)
    assert captions(panel)[1] == "median ADC [counts], point 2, phase_strobe 2, Calib 9"
    assert not panel.controls.follow.value
    panel.steps = (0, 1, 2)
    assert captions(panel)[1] == "nothing measured here yet"
    control(panel, "follow the scan").value = True
    assert panel.steps == ()
    assert captions(panel)[1].startswith("median ADC [counts], point 3,")
    control(panel, "follow the scan").value = False
    assert panel.steps == (0, 1, 0)


def test_quantity_and_axis_are_chosen_by_control_and_attribute(panel):
    control(panel, "quantity").value = "toa_efficiency"
    assert panel.quantity == "toa_efficiency"
    control(panel, "against").value = 0
    assert panel.against == 0
    assert captions(panel)[0] == "scan, Calib 0: 2 points against phase_strobe [25 ns / 16]"
    panel.quantity = "n"
    assert control(panel, "quantity").value == "n"
    panel.against = 7  # of another scan
    assert "against Calib" in captions(panel)[0]


def test_a_fit_is_laid_over_the_curves(panel, tmp_path):
    values = {"key": CALIB, "values": {"stop": 60, "step": 10}}
    scan_in(tmp_path / "long", plan_of([values])).close()
    panel.look_at(tmp_path / "long")
    control(panel, "fit").value = "line"
    assert panel.fit == "line"
    panel.channels = "0.10 1.20"
    panel.flush()
    fitted, plain = ([line for line in panel.curve.figure.axes[0].lines if line.get_linestyle() == style]
                     for style in ("--", "-"))  # fmt: skip
    assert len(fitted) == 2
    assert all(line.get_linewidth() == 0 for line in plain if line.get_label().startswith("chip"))
    assert "chip 0, channel 10: slope " in panel.curve.caption
    panel.fit = "by quantity"
    panel.quantity = "n_bad"
    panel.flush()
    assert "slope" not in panel.curve.caption


def test_channels_are_chosen_by_name_and_by_clicks_on_the_map(panel):
    control(panel, "channels").value = "0.10 1.calib0"
    assert panel.rows == (10, 78 + 72)
    panel.channels = "2.5"
    assert control(panel, "channels").value == "2.5"
    control(panel, "channels").value = "9.1"
    assert panel.error == "there is no chip 9, should be from 0 to 2"
    panel.flush()
    axes, figure = panel.board.figure.axes[0], panel.board.figure

    def clicked(chip, row, *, add):
        place = pad_positions()[0][chip, list(PAD_ROWS).index(row)]
        x, y = axes.transData.transform(place) / (figure.bbox.width, figure.bbox.height)
        panel.pick(x, 1 - y, add=add)

    clicked(1, 33, add=False)
    assert panel.channels == "1.33"
    clicked(0, 9, add=True)
    assert panel.channels == "1.33 0.9"
    clicked(1, 33, add=True)
    assert panel.channels == "0.9"
    panel.pick(0.999, 0.5)
    assert panel.channels == "0.9"
    panel.flush()
    assert panel.curve.caption.endswith("; chip 0, channel 9")
    assert panel.curve.error == panel.board.error == ""


def test_single_events_are_seen_as_histograms_and_one_by_one(panel, tmp_path):
    assert panel.spectra.layout.display == "none"
    (tmp_path / "full").mkdir()
    scan_in(tmp_path / "full", plan_of(AXES), events=True).close()
    panel.look_at(tmp_path / "full" / "scan.h5")
    panel.channels = "0.10"
    panel.flush()
    assert panel.spectra.layout.display == ""
    assert panel.spectra.caption.startswith(
        "6 events of point 5, phase_strobe 3, Calib 9; chip 0, channel 10: TOA in"
    )
    control(panel, "event (−1 all)").value = 4
    assert panel.event == 4
    assert captions(panel)[1] == "ADC [counts], event 4 of 6, point 5, phase_strobe 3, Calib 9"
    panel.quantity = "toa_median"
    assert captions(panel)[1].startswith("TOA [25 ns / 1024], event 4")
    panel.event = -1
    assert captions(panel)[1].startswith("median TOA [25 ns / 1024], point 5")


def test_repeats_have_a_slider_of_their_own(panel, tmp_path):
    (tmp_path / "twice").mkdir()
    scan_in(tmp_path / "twice", plan_of(AXES, repeats=2)).close()
    panel.look_at(tmp_path / "twice")
    panel.flush()
    assert [dial.label for dial in panel.controls.dials.children] == ["repeat", "phase_strobe", "Calib"]
    panel.controls.dials.children[0].field.value = 0
    assert panel.steps == (0, 1, 2)
    assert "point 5," in captions(panel)[1]


def test_a_scan_without_axes_or_data_is_told_as_such(panel, tmp_path):
    (tmp_path / "one").mkdir()
    scan_in(tmp_path / "one", plan_of([])).close()
    panel.look_at(tmp_path / "one")
    panel.flush()
    assert captions(panel) == ("nothing yet", "median ADC [counts], point 0")
    (tmp_path / "none").mkdir()
    scan_in(tmp_path / "none", plan_of(AXES), points=[]).close()
    panel.look_at(tmp_path / "none")
    assert captions(panel)[1] == "nothing measured here yet"
    assert panel.error == ""


def test_what_is_no_scan_is_refused_and_the_one_before_stays(panel, tmp_path):
    before, shown = panel.file, captions(panel)
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(FileNotFoundError, match=r"there is no .*gone\.h5; should be the file of a scan"):
        panel.look_at(tmp_path / "gone.h5")
    with pytest.raises(FormatError, match="should be the file of a scan"):
        panel.look_at(tmp_path / "text.h5")
    assert (panel.file, captions(panel)) == (before, shown)


def test_channels_need_a_scan():
    panel = ViewPanel()
    with pytest.raises(ValueError, match="no scan is shown"):
        panel.channels = "0.1"
    panel.close()
