import pytest

from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.board.exchange import Role
from kit.hgcroc.ports import free_port
from kit.hgcroc.wire import Responder, Wire


@pytest.fixture
def wire():
    with Wire() as made:
        yield made


@pytest.fixture
def role(wire):
    record = []

    def answer(_who, parts):
        return {b"hello": [b"world"], b"binary": [b"\xff\xfe"]}.get(parts[0])

    responder = Responder(wire, "127.0.0.1", 0, answer, "far end")
    responder.start()
    made = Role(wire, "server", "127.0.0.1", responder.port, 0.3, record=record.append)
    made.recorded = record
    yield made
    responder.stop()


def test_an_exchange_is_recorded_with_its_time(role):
    role.greet()
    assert role.ask("hello") == "world"
    role.expect("world", "hello")
    assert [{**each, "seconds": each["seconds"] < 10} for each in role.recorded] == [
        {"role": "server", "message": "hello", "reply": "world", "seconds": True}
    ] * 2


def test_silence_is_told_with_role_address_and_message_and_recorded(role):
    with pytest.raises(
        BoardError, match=r"server at tcp://127\.0\.0\.1:\d+, asked to status, gives no answer in 0\.3 s"
    ):
        role.ask("status")
    assert role.recorded[-1]["reply"] is None


def test_another_answer_than_expected_is_told(role):
    with pytest.raises(BoardError, match="answers 'world', should be 'configured'"):
        role.expect("configured", "hello")
    with pytest.raises(BoardError, match="answers what is no text"):
        role.ask("binary")


def test_an_address_where_nothing_listens_is_told_before_anything_is_asked(wire):
    nobody = Role(wire, "server", "127.0.0.1", free_port(), 1.0)
    with pytest.raises(BoardError, match=r"server at tcp://127\.0\.0\.1:\d+ refuses the connection"):
        nobody.greet()
