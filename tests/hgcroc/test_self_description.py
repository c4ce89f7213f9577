from kit.hgcroc.registers import register_table
from kit.hgcroc.self_description import unlike


def test_a_board_as_it_should_be_leaves_nothing_to_say():
    described = register_table("ld").describe()
    assert unlike(described, register_table("ld").describe(), "") == []


def test_a_board_that_describes_itself_otherwise_is_remarked():
    mine = {"roc": {"Top": {0: {"a": {"min": 0, "max": 1}, "b": {"min": 0, "max": 1}}}}}
    theirs = {"roc": {"Top": {0: {"a": {"min": 0, "max": 3}, "c": {"min": 0, "max": 1}}}}}
    assert unlike(mine, theirs, "") == [
        "roc.Top.0.b is missing",
        "roc.Top.0.c is not known",
        "roc.Top.0.a is {'min': 0, 'max': 3}, should be {'min': 0, 'max': 1}",
    ]
