import base64
import gc
import sys

import ipywidgets
import pytest

from kit.parameters import ParameterError
from kit.widgets.panel import WIDGET_VIEW, Panel, told

CLICK = {"event": "click"}  # what a front end sends


def fail():
    message = "bin_width is -1.0 GeV, not above 0.0 GeV"
    raise ParameterError(message)


def test_what_a_click_raises_stands_in_the_panel_in_words():
    panel = Panel()
    button = panel.button("Start", fail, "start it")
    button._handle_custom_msg(CLICK, [])
    assert panel.error == "bin_width is -1.0 GeV, not above 0.0 GeV"
    assert panel.children[-1].value == f'<div role="alert">{panel.error}</div>'


def test_the_fault_itself_is_kept_for_its_trace():
    panel = Panel()
    panel.button("Start", fail, "start it").click()
    with pytest.raises(ParameterError, match="not above"):
        raise panel.fault


def test_a_click_that_goes_well_clears_what_was_wrong():
    panel = Panel()
    panel.button("Start", fail, "start it").click()
    panel.button("Help", lambda: None, "do nothing").click()
    assert panel.error == ""


def test_what_goes_well_does_not_hide_what_else_is_wrong():
    panel = Panel()
    panel.guarded(fail)()
    panel.guarded(lambda: None)()
    assert "not above" in panel.error


def test_what_was_wrong_is_forgotten_when_the_same_thing_goes_well():
    panel, good = Panel(), []
    action = panel.guarded(lambda: None if good else fail())
    action()
    assert panel.error
    good.append(True)
    action()
    assert panel.error == ""


def test_an_observer_of_a_trait_is_guarded_alike():
    panel, field = Panel(), ipywidgets.Text()
    field.observe(panel.guarded(lambda _: fail()), "value")
    field.set_state({"value": "what a front end sends"})
    assert "not above" in panel.error


def test_a_guarded_function_returns_what_it_returns():
    assert Panel().guarded(lambda number: number + 1)(1) == 2


def test_where_nobody_clicks_faults_are_raised():
    panel = Panel(interactive=False)
    with pytest.raises(ParameterError, match="not above"):
        panel.guarded(fail)()
    assert panel.error


def test_our_own_faults_speak_for_themselves_and_others_are_named():
    assert told(ParameterError("pt is -1")) == "pt is -1"
    assert told(KeyError("pt")) == "KeyError: 'pt'"
    assert told(ZeroDivisionError()) == "ZeroDivisionError"


class Unfinished(Panel):
    """One whose construction breaks off, before the base's or after it."""

    def __init__(self, begun: bool) -> None:
        if begun:
            super().__init__()
        fail()
        self.piece = Panel()

    def close(self) -> None:
        self.piece.close()
        super().close()


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_panel_that_cannot_be_built_tells_of_one_fault_only(begun: bool, monkeypatch: pytest.MonkeyPatch):
    second: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: second.append(told.exc_value))
    with pytest.raises(ParameterError, match="not above"):
        Unfinished(begun)
    for widget in [one for one in ipywidgets.widgets.widget._instances.values() if type(one) is Unfinished]:
        widget.__del__()  # what the end of the session does to those that a front end has heard of
    gc.collect()
    assert second == []


def test_a_panel_that_is_built_closes_its_pieces_when_it_goes(monkeypatch: pytest.MonkeyPatch):
    closed: list[str] = []
    monkeypatch.setattr(Picture, "close", lambda _: closed.append("closed"), raising=False)
    Picture().__del__()
    assert closed[0] == "closed"


class Picture(Panel):
    def static(self):
        return {"text/plain": "a <picture>", "image/png": base64.b64encode(b"png").decode()}


class Sentence(Panel):
    def static(self):
        return {"text/plain": "12 < 13"}


def test_the_static_form_is_that_of_all_pieces_however_deep():
    panel = Panel([ipywidgets.HBox([Picture(), ipywidgets.Button()]), Sentence()])
    static = panel.static()
    assert static["text/plain"] == "a <picture>\n12 < 13"
    assert static["image/png"] == base64.b64encode(b"png").decode()
    assert 'alt="a &lt;picture&gt;"' in static["text/html"]
    assert "12 &lt; 13" in static["text/html"]


def test_a_front_end_gets_the_widget_and_batch_the_static_form_alone():
    assert WIDGET_VIEW in Panel([Picture()])._repr_mimebundle_()
    assert "image/png" in Panel([Picture()])._repr_mimebundle_()
    assert WIDGET_VIEW not in Panel([Picture()], interactive=False)._repr_mimebundle_()
    assert "image/png" in Panel([Picture()], interactive=False)._repr_mimebundle_()


def test_it_shows_itself_as_text_without_all_its_bytes():
    assert repr(Panel([Picture()])) == "Panel(no faults)"


def test_while_a_button_works_the_panel_says_so():
    seen, panel = [], Panel()
    button = panel.button("Animation", lambda: seen.append(panel.children[-2].value), "write it")
    button.click()
    assert seen == ['<div role="status" aria-live="polite">Animation …</div>']
    assert panel.children[-2].value == ""


def test_a_panel_that_keeps_nothing_takes_nothing_back():
    assert Panel().kept_values() == {}
    with pytest.raises(ValueError, match="time is not kept by Panel, should be nothing"):
        Panel().put_back({"time": 1.0})
