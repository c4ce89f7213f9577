import pytest
import yaml

from kit.hgcroc.archive import HEAD
from kit.hgcroc.ports import free_port, probe
from kit.hgcroc.standins.command import write_tools
from kit.hgcroc.wire import Publisher, Requester, Wire


@pytest.fixture
def client(python, eventually):
    def start(*options):
        port = free_port()
        process = python("-m", "kit.hgcroc.standins.client", "-p", port, *options)
        assert eventually(lambda: probe("127.0.0.1", port, 1.0) == "")
        return process, port

    return start


def test_it_plays_the_data_client_of_the_current_dialect(client, tmp_path, eventually):
    process, port = client()
    with Wire() as wire:
        pushing = Publisher(wire, "127.0.0.1", 0)
        asking = Requester(wire, f"tcp://127.0.0.1:{port}", 60.0)
        where = {"outputDirectory": str(tmp_path), "run_type": "Datenraffinerie"}
        settings = {"client": {"serverIP": "127.0.0.1", "zmqPushPull_port": pushing.port}}
        assert asking.ask("initialize", yaml.safe_dump(settings)) == [b"initialized"]
        assert asking.ask("configure", yaml.safe_dump({"client": where})) == [b"configured"]
        assert asking.ask("start") == [b"running"]
        for message in (b"START_RUN_HGCROC", HEAD + b"data", b"END_OF_RUN"):
            assert pushing.send(message, lambda: False)
        assert eventually((tmp_path / "Datenraffinerie0.raw").exists)
    process.terminate()
    assert process.wait(5) == 0


def test_it_plays_the_one_of_the_legacy_dialect_too(client):
    _, port = client("--dialect", "legacy")
    with Wire() as wire:
        assert Requester(wire, f"tcp://127.0.0.1:{port}", 60.0).ask("stop") == [b"Data puller stopped"]


def test_a_taken_port_is_told(client, python):
    _, port = client()
    second = python("-m", "kit.hgcroc.standins.client", "-p", port)
    assert f"port {port} of 127.0.0.1 cannot be used" in second.communicate(timeout=120)[1]
    assert second.returncode == 1


@pytest.mark.parametrize("seconds", [0, 3])
def test_it_ends_with_the_program_that_started_it_however_soon_that_is_over(
    python, alive, eventually, tmp_path, seconds
):
    write_tools(tmp_path)
    code = (
        "import subprocess, time\n"
        f"child = subprocess.Popen(['{tmp_path / 'daq-client'}', '-p', '{free_port()}'])\n"
        f"print(child.pid, flush=True)\ntime.sleep({seconds})"
    )
    parent = python("-c", code)
    child = int(parent.stdout.readline())
    parent.wait(30)
    assert eventually(lambda: not alive(child), 30)
