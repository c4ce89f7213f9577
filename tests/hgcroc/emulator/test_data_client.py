import pytest

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator.data_client import DataClient
from kit.hgcroc.emulator.packing import END_OF_RUN, START_OF_RUN
from kit.hgcroc.messages import MessageError
from kit.hgcroc.wire import Publisher, Wire


@pytest.fixture
def wire():
    with Wire() as made:
        yield made


@pytest.fixture
def client(wire, tmp_path):
    warnings = []
    made = DataClient(wire, warnings.append)
    made.warnings = warnings
    (tmp_path / "data").mkdir()
    made.change({"outputDirectory": str(tmp_path / "data"), "run_type": "Datenraffinerie"})
    yield made
    made.stop()


def send(client, *messages):
    for message in messages:
        client.accept(message)


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "data").iterdir())


def test_each_run_is_one_file_with_one_head(client, tmp_path):
    send(client, START_OF_RUN, HEAD + b"one", HEAD + b"two", END_OF_RUN)
    send(client, START_OF_RUN, HEAD + b"three", END_OF_RUN)
    assert names(tmp_path) == ["Datenraffinerie0.raw", "Datenraffinerie1.raw"]
    assert (tmp_path / "data" / "Datenraffinerie0.raw").read_bytes() == HEAD + b"onetwo"
    assert client.files() == 2


def test_a_run_that_does_not_end_leaves_no_file_and_nothing_beside(client, tmp_path):
    send(client, START_OF_RUN, HEAD + b"one", START_OF_RUN, HEAD + b"again", END_OF_RUN)
    assert (tmp_path / "data" / "Datenraffinerie0.raw").read_bytes() == HEAD + b"again"
    send(client, HEAD + b"after the end")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_it_pulls_from_the_server_that_its_settings_name(client, wire, tmp_path, eventually):
    pushing = Publisher(wire, "127.0.0.1", 0)
    client.change({"serverIP": "127.0.0.1", "data_push_port": str(pushing.port)})
    client.start()
    assert client.listens(pushing.port)
    assert not client.listens(1)
    for message in (START_OF_RUN, HEAD + b"x", END_OF_RUN):
        assert pushing.send(message, lambda: False)
    assert eventually(lambda: names(tmp_path) == ["Datenraffinerie0.raw"])
    client.stop()
    assert not client.listens(pushing.port)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"serverIP": "", "data_push_port": 1}, "the server's address is missing"),
     ({"serverIP": "127.0.0.1"}, "the server's address is missing"),
     ({"serverIP": "127.0.0.1", "data_push_port": 1, "outputDirectory": ""}, "outputDirectory is missing")],
)  # fmt: skip
def test_it_does_not_start_without_an_address_and_a_folder(client, settings, words):
    client.change(settings)
    with pytest.raises(MessageError, match=words):
        client.start()


def test_a_dead_one_takes_nothing_until_it_lives_again(client, tmp_path):
    state = [True]
    dead = DataClient(client._wire, client.warnings.append, lambda: state[0])
    dead.change(client.settings)
    send(dead, START_OF_RUN, HEAD + b"lost", END_OF_RUN)
    state[0] = False
    send(dead, HEAD + b"lost", END_OF_RUN, START_OF_RUN, HEAD + b"kept", END_OF_RUN)
    assert (tmp_path / "data" / "Datenraffinerie0.raw").read_bytes() == HEAD + b"kept"


def test_a_folder_that_is_not_there_leaves_a_warning(client):
    client.change({"outputDirectory": "/nowhere/data"})
    send(client, START_OF_RUN, HEAD, END_OF_RUN)
    assert "/nowhere/data/Datenraffinerie0.raw cannot be written" in client.warnings[0]
    assert client.files() == 0
