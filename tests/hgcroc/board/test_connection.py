import socket
import threading

import pytest

from kit.hgcroc.board.connection import NetworkError, addresses, connect
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.board.ownership import OwnershipError
from kit.hgcroc.ports import free_port

CURRENT = {"server": {"hostname": "h", "sc_ctrl_port": 5555, "daq_ctrl_port": 6000, "data_port": 8888}}
LEGACY = {
    name: {"hostname": "h", "port": number}
    for name, number in (("target", 5555), ("server", 6000), ("client", 6001))
}


def test_each_dialect_says_where_its_roles_are():
    assert addresses(CURRENT, "1.0.15") == {
        "slow control": ("h", 5555),
        "server": ("h", 6000),
        "data client": ("localhost", 6001),  # the programs of 1.0.15 know no other
        "data": ("h", 8888),
    }
    assert addresses(LEGACY, "0.1.2") == {
        "slow control": ("h", 5555),
        "server": ("h", 6000),
        "data client": ("h", 6001),
        "data": ("h", 8888),
    }


def test_network_files_of_the_examples_are_understood(shared_data):
    from kit.parameters import read_yaml

    for folder, dialect in (("examples_012", "0.1.2"), ("examples_1015", "1.0.15")):
        network = read_yaml(shared_data / "hgcroc" / folder / "network.yaml")
        assert addresses(network, dialect)["slow control"] == ("localhost", 5555)


def test_all_that_is_missing_is_told_at_once():
    broken = {"targets": {}, "server": {"hostname": "", "port": 0}, "client": {"hostname": "h", "port": "x"}}
    with pytest.raises(NetworkError) as found:
        addresses(broken, "0.1.2")
    assert found.value.faults == [
        "target is missing (did you mean targets?)",
        "server.hostname is '', should be the name of a host",
        "server.port is 0, should be a port from 1 to 65535",
        "client.port is 'x', should be a port from 1 to 65535",
    ]


@pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])
@pytest.mark.parametrize("data_path", ["direct", "client"])
def test_a_board_that_answers_is_connected(stand, joined, dialect, data_path):
    board = joined(stand("char"), dialect, data_path=data_path, board="char")
    assert board.line.dialect == dialect
    assert board.remarks == []
    assert board.state is None


@pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])
def test_a_role_that_is_not_there_is_named_and_the_board_left_to_others(stand, joined, dialect):
    stood = stand()
    network = stood.network(dialect)
    network["server"]["port" if dialect == "0.1.2" else "daq_ctrl_port"] = free_port()
    for _ in range(2):
        with pytest.raises(BoardError, match=r"server at tcp://127\.0\.0\.1:\d+ refuses the connection"):
            connect(network, dialect, start_timeout=0.1)


def test_a_wrong_greeting_is_told(stand):
    network = stand("char").network("1.0.15")
    with socket.create_server(("127.0.0.1", 0)) as server:
        network["server"]["daq_ctrl_port"] = server.getsockname()[1]

        def greet():
            line, _ = server.accept()
            line.sendall(b"SSH-2.0-OpenSSH")
            line.close()

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(
            BoardError, match=r"server at tcp://127\.0\.0\.1:\d+ greets with b'S', which is not ZeroMQ"
        ):
            connect(network, "1.0.15", board="char")
        thread.join()


def test_another_kind_of_board_is_refused(stand, joined):
    with pytest.raises(BoardError, match="describes itself as char_board, should be ld_hexaboard"):
        joined(stand("char"), "1.0.15")
    assert joined(stand("char"), "1.0.15", board="char").table.size == 2625


def test_a_second_client_waits_and_is_told_who_is_there(stand, joined):
    stood = stand("char")
    first = joined(stood, "1.0.15", board="char")
    with pytest.raises(OwnershipError, match="in use by process"):
        joined(stood, "1.0.15", board="char", start_timeout=0.1)
    first.close()
    joined(stood, "1.0.15", board="char", start_timeout=0.1)
