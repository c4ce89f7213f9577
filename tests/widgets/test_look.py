import ipywidgets

from kit.widgets.look import Words, hooked, line, style_sheet


def test_words_are_text_and_never_markup():
    words = Words("kit-state", text="<b>1 < 2</b>")
    assert words.value == "<div>&lt;b&gt;1 &lt; 2&lt;/b&gt;</div>"


def test_an_alert_is_read_out_and_an_empty_one_is_not_there():
    words = Words("kit-error", role="alert")
    assert words.value == ""
    words.text = "wrong"
    assert words.value == '<div role="alert">wrong</div>'
    words.text = ""
    assert words.value == ""


def test_a_status_is_a_polite_live_region():
    assert 'aria-live="polite"' in Words("kit-state", role="status", text="idle").value


def test_hooks_are_classes_of_the_element():
    button = hooked(ipywidgets.Button(), "kit-start", "kit-wide")
    assert button._dom_classes == ("kit-start", "kit-wide")


def test_widgets_on_a_line_wrap_where_the_page_is_narrow():
    row = line(ipywidgets.Button(), ipywidgets.Button())
    assert row.layout.flex_flow == "row wrap"


def test_the_style_sheet_takes_no_place():
    assert style_sheet().layout.display == "none"
