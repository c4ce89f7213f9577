import pytest
import traitlets

from kit.widgets.browser import PAGE, Browser

CLICK = {"event": "click"}  # what a front end sends
MANY = 10_000


def records(count=MANY):
    return [
        {"name": f"{number % 5}e{number % 3}m", "entries": count - number, "number": number}
        for number in range(count)
    ]


@pytest.fixture
def browser():
    return Browser(records(), noun="spectra")


def shown_numbers(browser):
    return [int(line.split()[-1]) for line, _ in browser.controls.list.options]


def test_the_first_record_is_selected_first(browser):
    assert browser.selected == browser.records[0]
    assert browser.index == 0
    assert browser.state.text == "1 of 10000 spectra"


def test_a_front_end_never_holds_more_than_a_page(browser):
    for place in (0, PAGE, MANY - 1, MANY // 2):
        browser.go_to(place)
        assert len(browser.controls.list.options) <= PAGE
        assert browser.selected["number"] in shown_numbers(browser)


def test_next_and_previous_walk_over_the_ends_of_pages(browser):
    browser.go_to(PAGE - 1)
    browser.controls.next._handle_custom_msg(CLICK, [])
    assert browser.selected["number"] == PAGE
    assert shown_numbers(browser)[0] == PAGE
    browser.controls.previous._handle_custom_msg(CLICK, [])
    assert browser.selected["number"] == PAGE - 1


def test_there_is_nothing_before_the_first_and_after_the_last(browser):
    browser.previous()
    assert browser.index == 0
    browser.go_to(MANY)
    browser.next()
    assert browser.index == MANY - 1


def test_a_choice_in_the_list_selects(browser):
    browser.go_to(250)
    browser.controls.list.set_state({"index": 7})
    assert browser.selected["number"] == 207
    assert browser.controls.number.value == 208


def test_a_number_in_the_field_selects(browser):
    browser.controls.number.set_state({"value": 5000})
    assert browser.index == 4999
    assert browser.controls.list.index == 99


def test_the_filter_keeps_what_matches_and_the_number_of_it_is_told(browser):
    browser.controls.filter.set_state({"value": "2e entries>9000"})
    assert len(browser.matching) == 200
    assert browser.selected["number"] == 2
    assert browser.state.text == "1 of 200 spectra, chosen from 10000"
    assert browser.controls.number.max == 200


def test_a_filter_with_a_fault_is_told_and_the_list_stays(browser):
    browser.filter = "2e"
    browser.filter = "2e entriez>9000"
    assert browser.error == "filter: entriez is not a column (did you mean entries?)"
    assert len(browser.matching) == MANY // 5
    browser.filter = "2e entries>9000"
    assert browser.error == ""


def test_a_filter_of_the_panels_own_goes_with_the_line_of_text(browser):
    browser.where = lambda record: record["number"] % 2 == 0
    browser.filter = "number<10"
    assert [browser.records[place]["number"] for place in browser.matching] == [0, 2, 4, 6, 8]


def test_the_selected_record_stays_selected_while_it_matches(browser):
    browser.go_to(12)
    browser.filter = "2e"
    assert (browser.selected["number"], browser.index) == (12, 2)
    browser.order = "entries"
    assert browser.selected["number"] == 12
    browser.filter = "3e"
    assert browser.selected == browser.records[browser.matching[0]]


def test_where_nothing_matches_nothing_is_selected(browser):
    browser.filter = "nothing"
    assert (browser.selected, browser.index) == (None, None)
    assert browser.state.text == "no spectra, chosen from 10000; nothing fits nothing"
    assert browser.controls.next.disabled
    browser.next()
    browser.filter = ""
    assert browser.index == 0
    assert not browser.controls.next.disabled


def test_the_list_can_be_sorted_by_any_column(browser):
    browser.controls.order.set_state({"index": 2})
    assert browser.order == "entries"
    assert browser.records[browser.matching[0]]["number"] == MANY - 1
    browser.controls.descending.set_state({"value": True})
    assert browser.records[browser.matching[0]]["number"] == 0


def test_an_order_that_is_no_column_is_refused(browser):
    with pytest.raises(
        traitlets.TraitError, match=r"order is 'entriez', should be one of .* \(did you mean entries\?\)"
    ):
        browser.order = "entriez"


def test_an_index_beyond_the_list_is_refused(browser):
    with pytest.raises(traitlets.TraitError, match="index is 10000, should be from 0 to 9999"):
        browser.index = MANY


def test_a_record_can_be_selected_itself(browser):
    browser.selected = browser.records[4321]
    assert browser.index == 4321
    assert browser.controls.number.value == 4322


def test_a_record_that_does_not_match_cannot_be_selected(browser):
    browser.filter = "2e"
    with pytest.raises(ValueError, match="not among the 2000 matching spectra"):
        browser.selected = browser.records[3]
    assert browser.selected["number"] == 2


def test_index_and_selected_agree_for_whoever_observes_either(browser):
    seen = []
    browser.observe(lambda _: seen.append((browser.index, browser.selected["number"])), ["index", "selected"])
    browser.next()
    browser.controls.number.value = 40
    assert seen == [(1, 1), (1, 1), (39, 39), (39, 39)]


def test_records_that_replace_others_inherit_the_selection(browser):
    browser.filter = "2e"
    browser.go_to(3)
    browser.records = [{**record, "entries": 7} for record in browser.records]
    assert (browser.index, browser.selected["number"], browser.selected["entries"]) == (3, 17, 7)


def test_records_with_other_columns_bring_their_own(browser):
    browser.order = "entries"
    browser.records = [{"job": 1, "state": "done"}, {"job": 2, "state": "failed"}]
    assert browser.order == ""
    assert browser.controls.order.options == ("as given", "job", "state")
    assert browser.index == 0


def test_columns_can_be_chosen_and_the_filter_still_sees_all_words():
    browser = Browser([{"name": "a", "path": "/here"}, {"name": "b", "path": "/there"}], ["name"])
    assert [line for line, _ in browser.controls.list.options] == ["a\u00a0\u00a0\u00a0", "b\u00a0\u00a0\u00a0"]
    browser.filter = "there"
    assert browser.selected["name"] == "b"


def test_a_list_of_nothing_says_so():
    browser = Browser([], noun="runs")
    assert browser.state.text == "no runs"
    assert browser.selected is None
    browser.records = [{"name": "first"}]
    assert browser.selected == {"name": "first"}


def test_equal_lines_are_different_records():
    browser = Browser([{"name": "twin"}, {"name": "twin"}])
    browser.controls.list.set_state({"index": 1})
    assert browser.index == 1
    assert browser.selected is browser.records[1]


def test_without_a_front_end_it_is_a_page_of_text():
    text = Browser(records(3), interactive=False)._repr_mimebundle_()["text/plain"].replace("\u00a0", " ")
    assert text.splitlines() == [
        "name  entries  number",
        "0e0m        3       0",
        "1e1m        2       1",
        "2e2m        1       2",
        "1 of 3 records",
    ]
