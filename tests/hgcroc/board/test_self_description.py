from kit.hgcroc.board.self_description import ABSENT, limits_of, unlike
from kit.hgcroc.registers import register_table


def test_a_board_as_it_should_be_leaves_nothing_to_say():
    described = register_table("ld").describe()
    assert unlike(described, register_table("ld").describe(), "") == []


def test_a_board_that_describes_itself_otherwise_is_remarked():
    mine = {"roc": {"Top": {0: {"a": {"min": 0, "max": 1}, "b": {"min": 0, "max": 1}}}}}
    theirs = {"roc": {"Top": {0: {"a": {"min": 0, "max": 3}, "c": {"min": 0, "max": 1}}}}}
    assert unlike(mine, theirs, "") == [
        "roc.Top.0.b is missing",
        "roc.Top.0.c is not known",
        "roc.Top.0.a is from 0 to 3, should be from 0 to 1",
    ]


def test_limits_are_what_the_board_says_and_none_where_it_has_no_register():
    table = register_table("char")
    (described,) = table.describe().values()
    assert (limits_of(table, described) == table.maximum).all()
    described["roc_s0"]["Top"][0]["phase_strobe"]["max"] = 7
    del described["roc_s0"]["ch"][3]
    limits = limits_of(table, described)
    assert limits[table.index_of(("roc_s0", "Top", 0, "phase_strobe"))] == 7
    assert (limits[table.columns("roc_s0", "ch", 3)] == ABSENT).all()
    assert (limits == ABSENT).sum() == 29
