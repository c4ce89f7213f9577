"""Clicks on a picture, as the page writes them."""

from kit.widgets.pick import Pick


def test_every_click_is_told_with_its_place_and_its_key():
    heard = []
    pick = Pick("kit-view", "kit-map", lambda x, y, add: heard.append((x, y, add)))
    pick.field.value = "0.25 0.5 only 1700000000000"
    pick.field.value = "0.25 0.5 only 1700000000001"  # the same place once more
    pick.field.value = "1 0 add 1700000000002"
    assert heard == [(0.25, 0.5, False), (0.25, 0.5, False), (1.0, 0.0, True)]


def test_the_script_finds_picture_and_field_by_their_classes():
    pick = Pick("kit-view", "kit-map", print)
    script = pick.children[1].value
    assert ".kit-map img" in script
    assert ".kit-map-pick input" in script
    assert "{{" not in script
    assert pick.layout.display == "none"
