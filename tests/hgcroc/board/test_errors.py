from kit.hgcroc.board.errors import BoardError, NackError


def test_an_error_says_who_was_asked_what_and_where():
    fault = NackError("slow control", "tcp://board:5555", "set", "refuses: out of range")
    assert str(fault) == "slow control at tcp://board:5555, asked to set, refuses: out of range"
    assert (fault.role, fault.address, fault.message) == ("slow control", "tcp://board:5555", "set")
    assert isinstance(fault, BoardError)


def test_where_nothing_was_asked_nothing_is_told():
    assert (
        str(BoardError("data", "tcp://board:8888", "", "came to nothing"))
        == "data at tcp://board:8888 came to nothing"
    )
