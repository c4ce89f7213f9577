import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.parameters import ParameterError
from kit.widgets.filters import WIDEST, Table, arrange, compile_filter, search_text, shown, unmatched

RECORDS = [
    {"name": "Zmumu", "pt": 41.5, "count": 3, "matched": True, "flavour": None},
    {"name": "Zee", "pt": 20.0, "count": 12, "matched": False, "flavour": "e"},
    {"name": "tt two words", "pt": 7.25, "count": 1, "matched": True, "flavour": "b"},
]


def names(line):
    wanted = compile_filter(line, list(RECORDS[0]))
    return [record["name"] for record in RECORDS if wanted(record, search_text(record))]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", ["Zmumu", "Zee", "tt two words"]),
        ("z", ["Zmumu", "Zee"]),
        ("Z MU", ["Zmumu"]),
        ("41.5", ["Zmumu"]),
        ("pt>20", ["Zmumu"]),
        ("pt>=20", ["Zmumu", "Zee"]),
        ("count<12 pt<20", ["tt two words"]),
        ("count>2", ["Zmumu", "Zee"]),
        ("name=zee", ["Zee"]),
        ("name!=zee", ["Zmumu", "tt two words"]),
        ("matched=true", ["Zmumu", "tt two words"]),
        ("matched=no", ["Zee"]),
        ("flavour=e", ["Zee"]),
        ("flavour!=e", ["Zmumu", "tt two words"]),
        ("flavour>a", ["Zee", "tt two words"]),
        ('"two words"', ["tt two words"]),
        ('"pt>20"', []),
        ('name="tt two words"', ["tt two words"]),
        ('flavour!="b" zee', ["Zee"]),
    ],
)
def test_words_and_conditions_find(line, found):
    assert names(line) == found


def test_a_column_that_is_not_there_is_refused_with_a_suggestion():
    with pytest.raises(ParameterError, match=r"filter: cuont is not a column \(did you mean count\?\)"):
        names("cuont>2")


@pytest.mark.parametrize("condition", ["pt>>1", "pt>nan", "pt=<1"])
def test_a_condition_with_a_value_that_nothing_compares_with_is_refused(condition):
    with pytest.raises(
        ParameterError, match=f"filter: {condition} compares with .*, should be a number or a word"
    ):
        names(condition)


def test_a_condition_without_a_value_is_refused():
    with pytest.raises(ParameterError, match="pt> has no value after >"):
        names("pt>")


@pytest.mark.parametrize("line", ['"', 'z "two', 'name="tt two'])
def test_a_quote_that_is_not_closed_is_refused(line: str):
    with pytest.raises(ParameterError, match=r"filter: the last quote of .* is not closed"):
        names(line)


@pytest.mark.parametrize("condition", ["pt>abc", "pt=e", "count!=many", "pt>(((", "pt>True"])
def test_numbers_are_compared_with_nothing_but_numbers(condition: str):
    numeric = Table(RECORDS, list(RECORDS[0])).numeric
    assert numeric == {"pt", "count"}
    with pytest.raises(ParameterError, match=r"compares numbers with .*, should be a number"):
        compile_filter(condition, list(RECORDS[0]), numeric)
    assert Table([], ["pt"]).numeric == set()


def test_what_no_record_matches_by_itself_is_told():
    texts = [search_text(record) for record in RECORDS]
    assert unmatched("z xor (((  pt>100 pt>20 count>3", list(RECORDS[0]), RECORDS, texts) == [
        "xor",
        "(((",
        "pt>100",
    ]


rows = st.lists(st.fixed_dictionaries({"x": st.none() | st.integers() | st.floats(allow_nan=False)}))


@given(rows, st.booleans())
def test_order_keeps_every_record_and_puts_absent_values_last(records, descending):
    places = arrange(records, list(range(len(records))), "x", descending=descending)
    assert sorted(places) == list(range(len(records)))
    values = [records[place]["x"] for place in places]
    present = [value for value in values if value is not None]
    assert present == sorted(present, reverse=descending)
    assert values[len(present) :] == [None] * (len(records) - len(present))


def test_numbers_are_ordered_as_numbers_and_words_without_regard_to_case():
    records = [{"a": 10}, {"a": 9}, {"a": 1.5}]
    assert arrange(records, [0, 1, 2], "a") == [2, 1, 0]
    records = [{"a": "b"}, {"a": "C"}, {"a": "A"}]
    assert arrange(records, [0, 1, 2], "a") == [2, 0, 1]


def test_without_a_column_the_order_is_that_given_or_its_reverse():
    assert arrange(RECORDS, [0, 2], "") == [0, 2]
    assert arrange(RECORDS, [0, 2], "", descending=True) == [2, 0]


def test_all_lines_of_a_table_are_equally_wide_and_numbers_stand_right():
    table = Table(RECORDS, ["name", "matched", "pt", "count"])
    lines = [table.head, *map(table.line, RECORDS)]
    assert {len(line) for line in lines} == {len(table.head)}
    assert [line.replace("\u00a0", " ") for line in lines] == [
        "name          matched    pt  count",
        "Zmumu         yes      41.5      3",
        "Zee           no         20     12",
        "tt two words  yes      7.25      1",
    ]


def test_a_long_cell_is_cut_visibly():
    table = Table([{"path": "x" * 200}], ["path"])
    assert table.line({"path": "x" * 200}).endswith("x…")


def test_values_read_as_people_write_them():
    assert [shown(value) for value in (None, True, 0.1 + 0.2, 12, "x")] == ["–", "yes", "0.3", "12", "x"]


def test_a_long_column_takes_the_room_that_the_others_leave():
    records = [{"file": "f" * 60, "size": 3}]
    assert "f" * 60 in Table(records, ["file", "size"]).line(records[0])
    crowd = {f"c{number}": "x" * 30 for number in range(8)}
    assert len(Table([crowd], list(crowd)).line(crowd)) == 8 * WIDEST + 7 * 2
