"""Wishes can be changed by name; what is not known, or no number, is refused."""

import pytest

from kit.hgcroc.calibration.wishes import Wishes, wishes_with


def test_wishes_can_be_changed_by_name():
    assert wishes_with(Wishes(), {"target_inv": 180}).target_inv == 180
    assert wishes_with(Wishes(target_trim=100), {"target_trim": None}).target_trim is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"target_in": 3}, r"target_in is not known \(did you mean target_inv\?\)"),
        ({"target_inv": "high"}, "target_inv is 'high', should be a number"),
        ({"target_inv": None}, "target_inv is None, should be a number"),
    ],
)
def test_what_cannot_be_wished_is_refused(values, told):
    with pytest.raises(ValueError, match=told):
        wishes_with(Wishes(), values)
