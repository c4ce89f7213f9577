"""Every reason has a text of its own."""

from kit.hgcroc.calibration.reasons import Reason, no_reasons, reasons_text


def test_every_reason_has_a_text_of_its_own():
    texts = [reasons_text(reason) for reason in Reason]
    assert all(texts)
    assert len(set(texts)) == len(texts)
    assert reasons_text(Reason.DEAD | Reason.NOISY) == "dead: no noise, noisy"
    assert reasons_text(int(no_reasons(1)[0])) == ""
