"""The panel of an ensemble: every hand movement is a call, too."""

import gc
import json

import pytest

from kit.files import FormatError, resolve
from kit.mu2e.ensemble_panel import EnsemblePanel
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.sealing import seal
from kit.parameters import ParameterError
from kit.run import RunError
from tests.mu2e.ensembles import count, delete, draw


@pytest.fixture
def catalogue(make_catalogue):
    return make_catalogue(CeMLL=([300], 3000), DIO=([400], 9000), CRYCosmic=([300], 8000.0))


def test_an_ensemble_shows_its_ledger_its_pulls_and_logs(catalogue, public):
    run = draw(count(catalogue))
    panel = EnsemblePanel(run.directory, "outputs/mu2e/ledger.sqlite", interactive=False)
    assert panel.error == ""
    assert len(panel.browser.records) == 3
    assert panel.pulls.caption.startswith("χ² is ")
    own = panel.pulls.caption
    panel.log = str(public / "samplinginput_summary_synthetic.log")
    assert panel.pulls.caption != own
    panel.log = ""
    assert panel.pulls.caption == own
    panel.close()


def test_what_was_set_is_taken_back_and_put_back_and_becomes_a_job(catalogue):
    run = draw(count(catalogue), subruns=2)
    panel = EnsemblePanel(run.directory, "outputs/mu2e/ledger.sqlite", interactive=False)
    keeper, handover = panel.footer.keeper, panel.footer.handover
    assert keeper.steps == 0
    panel.form.set(ensemble="second", seed=2)
    keeper.save()
    keeper.undo()
    assert panel.form.checked().seed == 1
    keeper.load()
    assert panel.kept_values()["form"]["seed"] == 2
    p = panel.form.checked()
    assert (p.ensemble, p.step, p.yields, p.subruns) == ("second", "all", run.parameters.yields, 2)
    assert handover.checked() == panel.form.checked()
    panel.form.set(subruns=0)
    with pytest.raises(ParameterError, match="subruns is 0, below 1"):
        panel.form.checked()
    panel.close()


def test_a_closing_run_offers_a_whole_ensemble(catalogue):
    planned = draw(count(catalogue), step="plan", subruns=1)
    draw("", step="build", plan=str(planned.directory / "plan.json"), output="built")
    closed = draw("", step="close", inputs_built=["built"])
    panel = EnsemblePanel(closed.directory, "outputs/mu2e/ledger.sqlite", interactive=False)
    assert panel.form.checked().with_values(seed=1) == MixtureParameters.build(
        panel.form.checked().model_dump() | {"step": "all", "plan": "", "inputs_built": []}
    )
    panel.close()


def test_a_log_that_is_none_is_told_in_the_panel(catalogue, tmp_path):
    run = draw(count(catalogue))
    (tmp_path / "x.log").write_text("nothing")
    panel = EnsemblePanel(run.directory, "outputs/mu2e/ledger.sqlite", interactive=True)
    panel.log = "x.log"
    assert "there is no count summary of SamplingInput" in panel.error
    panel.close()


def test_a_blinded_ensemble_is_revealed_by_the_file_whose_checksum_was_told(make_catalogue, tmp_path):
    path = make_catalogue(CeMLL=([900], 900), DIO=([900], 9000))
    yields = count(path, processes=["CeMLL", "DIO"], r_mue=1e-11)
    seal(tmp_path / "s.json", 1e-12, 1e-11)
    seal(tmp_path / "other.json", 1e-12, 1e-11)
    run = draw(yields, blind=True, sealed="s.json")
    panel = EnsemblePanel(run.directory, "outputs/mu2e/ledger.sqlite", interactive=True)
    assert panel.pulls.caption == "no pulls are shown"
    before = panel.words.text
    panel.sealed.value = "other.json"
    _click(panel, "Reveal")
    assert "it is not what was sealed" in panel.error
    assert panel.words.text == before
    panel.sealed.value = "s.json"
    _click(panel, "Reveal")
    rate = json.loads((tmp_path / "s.json").read_text())["r_mue"]
    assert f"conversion rate {rate:g}, seed" in panel.words.text
    assert panel.view.comparison.drawn.sum() == run.summary["rows"]
    assert panel.error == ""
    panel.close()


def test_an_open_ensemble_has_nothing_to_reveal(catalogue):
    panel = EnsemblePanel(draw(count(catalogue)).directory, "outputs/mu2e/ledger.sqlite", interactive=False)
    with pytest.raises(ValueError, match="ensemble demo is not blinded: there is nothing to reveal"):
        panel.reveal("s.json")
    panel.close()


def test_events_are_given_back_by_the_name_of_their_ensemble(catalogue):
    run = draw(count(catalogue))
    panel = EnsemblePanel(run.directory, "outputs/mu2e/ledger.sqlite", interactive=True)
    panel.name.value = "dem"
    _click(panel, "Release events")
    assert "the name is 'dem', should be 'demo', whose events are given back" in panel.error
    assert {one["state"] for one in panel.browser.records} == {"used"}
    panel.name.value = "demo"
    _click(panel, "Release events")
    assert f"files of ensemble demo are still there: delete those in {run.directory} first" in panel.error
    assert {one["state"] for one in panel.browser.records} == {"used"}
    delete(run)
    _click(panel, "Release events")
    assert panel.error == ""
    assert f"{run.summary['rows']} events given back" in panel.words.text
    assert {one["state"] for one in panel.browser.records} == {"released"}
    assert all(one["free"] > 0 for one in panel.browser.records)
    panel.close()


def _click(panel, words):
    def buttons(widget):
        if getattr(widget, "description", "") == words:
            yield widget
        for child in getattr(widget, "children", ()):
            yield from buttons(child)

    (button,) = buttons(panel)
    button.click()


def test_a_run_that_failed_has_no_panel(catalogue):
    with pytest.raises(RunError):
        draw(count(catalogue, livetime_on_spill=1e7), output="failed")
    with pytest.raises(FormatError, match="failed is a run that is failed, should be a complete one"):
        EnsemblePanel(resolve("failed"), "ledger.sqlite", interactive=False)
    gc.collect()  # what was half made is closed without a word
