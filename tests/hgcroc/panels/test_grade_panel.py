"""The panel of a graded board, without a browser: every control is an attribute."""

import pytest
import traitlets

from kit.hgcroc.panels.grade_panel import GradePanel

LIMIT = 300  # s; most of it is for a busy machine


@pytest.fixture(params=[True, False], ids=["interactive", "static"])
def panel(distilled, request):
    made = GradePanel(distilled, interactive=request.param)
    yield made
    made.close()


def test_it_says_the_grades_and_shows_pedestals_before_and_after(panel):
    assert panel.grade.splitlines() == ["board ld demo: good", "chip 0: good", "chip 1: good", "chip 2: good"]
    assert panel.change.png.startswith(b"\x89PNG")
    assert panel.error == ""


def test_the_table_of_channels_can_be_filtered_by_words_and_conditions(panel):
    panel.analysis = "pedestals"
    panel.search = "noisy"
    assert [panel.channels.records[k]["channel"] for k in panel.channels.matching] == [40]
    panel.search = "chip=0 noise<0.1"
    assert [panel.channels.records[k]["channel"] for k in panel.channels.matching] == [5]


def test_a_chosen_channel_shows_its_points_and_its_fit(panel):
    panel.analysis = "toa_curves"
    panel.search = "chip=1 channel=3 kind=channel"
    assert panel.row == 78 + 3
    panel.curve.flush()
    assert panel.curve.caption == "toa_curves, chip 1, channel 3"
    panel.quantity = "sigma"
    panel.board.flush()
    assert panel.board.caption == "toa_curves: sigma [fC]"
    assert panel.error == ""


def test_every_analysis_can_be_shown(panel):
    for name, found in panel.found.items():
        panel.analysis = name
        assert len(panel.channels.records) == 234
        assert panel.quantity in found.rows or not found.rows
    assert panel.error == ""


def test_an_analysis_that_is_not_there_is_refused(panel):
    with pytest.raises(traitlets.TraitError, match="there is no analysis 'gains', should be one of pedestals"):
        panel.analysis = "gains"


def test_where_nobody_can_click_it_is_pictures_and_words(panel):
    assert "image/png" in panel.static()
    assert "board ld demo" in panel.static()["text/plain"] or panel.interactive


def test_a_row_that_is_not_on_the_board_is_refused(panel):
    with pytest.raises(traitlets.TraitError, match="there is no row 1000000, should be 0 to 233"):
        panel.row = 10**6


def test_what_is_looked_at_is_taken_back_saved_and_put_back(distilled, tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    panel = GradePanel(distilled)
    keeper = panel.footer.keeper
    keeper.pause = 0
    first = panel.analysis
    panel.analysis = "toa_curves"
    panel.form.set(toa_target=15)
    keeper.save()
    keeper.undo()
    assert panel.form.parameters.toa_target == 12
    keeper.load()
    assert (panel.analysis, panel.form.parameters.toa_target) == ("toa_curves", 15)
    assert first != "toa_curves"
    panel.close()


def test_the_scans_are_distilled_again_by_a_job_with_other_values(distilled):
    panel = GradePanel(distilled)
    panel.form.set(toa_target=15)
    assert panel.footer.handover.stage == "hgcroc/distillation"
    assert panel.footer.handover.checked().toa_target == 15
    assert distilled.parameters.scans[0] in panel.form.yaml
    panel.close()
