"""Lights: never by colour alone."""

from kit.hgcroc.panels.stand_controls import lights_of


def test_every_light_has_a_sign_and_words():
    shown = lights_of({"slow control": "", "server": "refuses <5555>", "data": ""}, {"slow control": "x"})
    assert "● </b>" not in shown
    assert "●</b> slow control answers, x<" in shown
    assert "✗</b> server refuses &lt;5555&gt;<" in shown
    assert "○</b> data client not connected<" in shown
    assert shown.count("kit-answers") == 2
