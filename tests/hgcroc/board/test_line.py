"""What both dialects share: who is spoken to, and starts that are asked for again."""

import pytest

from kit.hgcroc.board.current_line import CurrentLine
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.board.exchange import Role
from kit.hgcroc.board.legacy_line import LegacyLine
from kit.hgcroc.board.line import Line
from kit.hgcroc.wire import Responder, Wire

ANSWERS = {  # ready, refused, started
    CurrentLine: ("configured", "configured", "running"),
    LegacyLine: ("", "not aligned", "running"),
}


@pytest.fixture
def far():
    """Return a role behind which answers come from a list, and the list."""
    with Wire() as wire:
        answers = []
        responder = Responder(wire, "127.0.0.1", 0, lambda *_: [answers.pop(0).encode()], "far")
        responder.start()
        yield Role(wire, "server", "127.0.0.1", responder.port, 2.0), answers
        responder.stop()


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_start_is_asked_for_until_links_align_or_patience_ends(kind, far):
    role, answers = far
    ready, refused, started = ANSWERS[kind]
    line: Line = kind(role, role, None, 8888)
    answers[:] = [*filter(None, [ready]), refused, refused, started]
    line.start(5)
    assert answers == []
    answers[:] = [*filter(None, [ready]), *[refused] * 100]
    with pytest.raises(BoardError, match=r"does not align its links: \d+ attempts in 0\.1 s"):
        line.start(0.1)


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_client_that_is_not_used_is_not_spoken_to(kind, far):
    role, _ = far
    assert kind(role, role, None, 1).roles == [role, role]
    assert kind(role, role, role, 1).roles == [role, role, role]
