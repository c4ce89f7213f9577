"""The current dialect, message by message, as its table has them, over real sockets."""

import pytest
import yaml

from kit.hgcroc.wire import Puller, Requester, Wire
from tests.hgcroc.stands import CURRENT, init_tree

PHASE = {"roc_s0": {"Top": {0: {"phase_strobe": 7}}}}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.fixture
def stood(stand):
    return stand(dialect="current")


@pytest.fixture
def wire():
    with Wire() as made:
        yield made


@pytest.fixture
def say(stood, wire):
    made = {}

    def ask(role, *parts):
        if role not in made:
            made[role] = Requester(wire, f"tcp://127.0.0.1:{stood.ports[role]}", 60.0)
        return made[role].ask(*parts)[0].decode()

    return ask


@pytest.fixture
def control(say):
    def ask(kind, args=None, **options):
        request = {"type": kind, "status": "send", "args": args or {}, **options}
        return yaml.load(say("slow-control", yaml.safe_dump(request)), Loader=LOADER)

    return ask


def text(tree):
    return yaml.safe_dump(tree)


def test_set_and_get_and_reset(control):
    done = {"type": "set", "status": "success", "args": {}}
    assert control("set", PHASE, read_back=True, from_hardware=False) == done
    question = {"roc_s0": {"Top": {0: {"phase_strobe": None}}}}
    for from_hardware in (True, False):
        assert control("get", question, read_back=False, from_hardware=from_hardware) == {
            "type": "get", "status": "success", "args": PHASE
        }  # fmt: skip
    assert control("reset") == {"type": "reset", "status": "success", "args": {}}
    assert control("get", question)["args"]["roc_s0"]["Top"][0]["phase_strobe"] == 0
    assert control("stop")["status"] == "success"


def test_the_board_describes_all_its_registers(control, stood):
    described = control("describe")["args"]
    assert described == stood.board.table.describe()
    leaves = sum(
        len(below)
        for roc in described["ld_hexaboard"].values()
        for block in roc.values()
        for below in block.values()
    )
    assert leaves == 7875


@pytest.mark.parametrize(
    ("kind", "args", "words"),
    [("set", {"roc_s0": {"Top": {0: {"phase": 1}}}}, "there is no register 'phase'"),
     ("set", {"roc_s0": {"Top": {0: {"phase_strobe": 99}}}}, "is 99, should be from 0 to 15"),
     ("get", {"roc_s0": {"Topp": {}}}, "there is no block 'Topp'"),
     ("write", {}, "no request of type 'write'")],
)  # fmt: skip
def test_refusals_have_args_and_a_reason_and_nothing_is_written(control, stood, kind, args, words):
    reply = control(kind, args)
    assert reply["status"] == "error"
    assert reply["args"] == {}
    assert words in reply["errmsg"]
    assert (stood.board.state == stood.board.power_on).all()


def test_a_nack_is_an_error(control, stood):
    stood.inject("i2c_nack", value=1)
    assert "NACK" in control("set", PHASE)["errmsg"]


def test_what_is_no_request_is_an_error(say):
    for message in ("{", "[]", "7", "{type: set, args: 3}"):
        assert yaml.safe_load(say("slow-control", message))["status"] == "error"


def test_the_server_goes_through_its_states(say, stood, wire, eventually):
    stood.board.write(init_tree())
    assert say("server", "status") == "created"
    assert say("server", "start") == "error"
    assert say("server", "configure", text({"daq": {}})) == "error"
    assert say("server", "initialize", text({"daq": CURRENT["daq"]})) == "initialized"
    section = {"active_menu": "randomL1A", "menus": {"randomL1A": {"NEvents": 7}}}
    assert say("server", "configure", text({"daq": section})) == "configured"
    pull = Puller(wire, f"tcp://127.0.0.1:{stood.ports['data']}")
    assert say("server", "start") == "running"
    messages = [pull.receive(5) for _ in range(3)]
    assert messages[0] == b"START_RUN_HGCROC"
    assert len(messages[1]) == 45 + 7 * 3 * 392
    assert messages[2] == b"END_OF_RUN"
    assert eventually(lambda: say("server", "status") == "configured")
    assert say("server", "stop") == "configured"
    assert say("server", "destroy") == "destroyed"
    assert say("server", "start") == "error"


def test_configuring_merges_into_what_initialising_brought(say, stood, wire):
    pull = Puller(wire, f"tcp://127.0.0.1:{stood.ports['data']}")
    say("server", "initialize", text({"daq": CURRENT["daq"]}))
    section = {"active_menu": "calibAndL1A", "menus": {"calibAndL1A": {"NEvents": 7}}}
    say("server", "configure", text({"daq": section}))
    assert say("server", "start") == "running"
    while pull.receive(5) != b"END_OF_RUN":
        pass
    assert stood.board.stretches[-1].events == 7


def test_links_that_do_not_align_leave_it_configured(say, stood):
    stood.inject("link_misaligned", value=2)
    say("server", "initialize", text({"daq": CURRENT["daq"]}))
    say("server", "configure", text({"daq": {}}))
    assert [say("server", "start") for _ in range(3)] == ["configured", "configured", "running"]


def test_the_client_receives_run_after_run_once_it_is_started(say, stood, tmp_path, eventually):
    port = stood.ports["data"]
    assert (
        say("client", "initialize", text({"client": {"serverIP": "127.0.0.1", "zmqPushPull_port": port}}))
        == "initialized"
    )
    assert say("client", "start") == "error"
    where = {"outputDirectory": str(tmp_path), "run_type": "Datenraffinerie"}
    assert say("client", "configure", text({"client": where})) == "configured"
    assert say("client", "start") == "running"
    say("server", "initialize", text({"daq": CURRENT["daq"] | {"zmqPushPull_port": port}}))
    say("server", "configure", text({"daq": {}}))
    for number in range(3):
        assert say("server", "start") == "running"
        assert eventually(lambda: say("server", "status") == "configured")
        # the file is whole and in its place before the state is
        assert [path.name for path in tmp_path.iterdir()] == [f"Datenraffinerie{number}.raw"]
        next(tmp_path.iterdir()).unlink()
    assert say("client", "stop") == "configured"


def test_a_taken_data_port_is_got_around_within_the_process(say, stood, stand, tmp_path, eventually):
    taken = stand().ports["data"]
    client = {"serverIP": "127.0.0.1", "zmqPushPull_port": taken}
    say("client", "initialize", text({"client": client}))
    say("client", "configure", text({"client": {"outputDirectory": str(tmp_path), "run_type": "x"}}))
    say("client", "start")
    say("server", "initialize", text({"daq": CURRENT["daq"] | {"zmqPushPull_port": str(taken)}}))
    say("server", "configure", text({"daq": {}}))
    say("server", "start")
    assert eventually(lambda: say("server", "status") == "configured")
    assert [path.name for path in tmp_path.iterdir()] == ["x0.raw"]
    assert any(f"port {taken}" in warning for warning in stood.warnings)


@pytest.mark.parametrize("role", ["server", "client"])
def test_unknown_commands_and_broken_settings_are_errors(say, role):
    assert say(role, "hello") == "error"
    assert say(role, "initialize", "{") == "error"
    assert say(role, "initialize", "{daq: 3, client: 3}") == "error"
    assert say(role, "initialize", "{}", "and more") == "error"
    assert say(role, "status") == "created"


def test_a_run_that_is_over_at_once_has_been_started_all_the_same(say, stood, wire):
    stood.board.write(init_tree())
    pull = Puller(wire, f"tcp://127.0.0.1:{stood.ports['data']}")
    menu = {"active_menu": "randomL1A", "menus": {"randomL1A": {"NEvents": 1}}}
    say("server", "initialize", text({"daq": menu}))
    say("server", "configure", text({"daq": {}}))
    for _ in range(50):
        assert say("server", "start") == "running"
        while pull.receive(5) != b"END_OF_RUN":
            pass
        while say("server", "status") != "configured":
            pass
    assert stood.board.counters["runs"] == 50
