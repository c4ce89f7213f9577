"""The legacy dialect, message by message, as its table has them, over real sockets."""

import pytest
import yaml

from kit.hgcroc.wire import Requester, Wire
from tests.hgcroc.stands import LEGACY, init_tree


@pytest.fixture
def stood(stand):
    return stand(dialect="legacy")


@pytest.fixture
def say(stood):
    with Wire() as wire:
        made = {}

        def ask(role, *messages):
            """Return the answers to messages that follow each other."""
            if role not in made:
                made[role] = Requester(wire, f"tcp://127.0.0.1:{stood.ports['legacy-' + role]}", 60.0)
            return [made[role].ask(message)[0].decode() for message in messages]

        yield ask


def text(tree):
    return yaml.safe_dump(tree)


@pytest.mark.parametrize("command", ["configure", "Initialize"])
def test_the_target_takes_settings_after_a_command(say, stood, command):
    answers = say("target", command, text({"roc_s0": {"Top": {0: {"phase_strobe": 7}}}}))
    assert answers == ["ReadyForConfig", "ROC(s) CONFIGURED\n...\n"]
    assert stood.board.state[stood.board.table.index_of(("roc_s0", "Top", 0, "phase_strobe"))] == 7


def test_the_target_answers_only_what_was_written_to_an_empty_question(say):
    tree = {"roc_s0": {"Top": {0: {"phase_strobe": 7}}}}
    say("target", "configure", text(tree))
    assert yaml.safe_load(say("target", "READ", "")[1]) == tree
    wanted = {"roc_s1": {"ReferenceVoltage": {0: {"Inv_vref": None}}}}
    assert yaml.safe_load(say("target", "read", text(wanted))[1]) == {
        "roc_s1": {"ReferenceVoltage": {0: {"Inv_vref": 572}}}
    }


@pytest.mark.parametrize(
    ("tree", "words"),
    [({"roc_s0": {"Top": {0: {"phase": 1}}}}, "there is no register 'phase'"),
     ({"roc_s0": {"Top": {0: {"phase_strobe": 16}}}}, "is 16, should be from 0 to 15"),
     ({"roc_s9": {"Top": {0: {"phase_strobe": 1}}}}, "there is no ROC 'roc_s9'")],
)  # fmt: skip
def test_the_target_refuses_what_the_board_does_not_have(say, stood, tree, words):
    answer = say("target", "configure", text(tree))[1]
    assert answer.startswith("Error: ")
    assert words in answer
    assert (stood.board.state == stood.board.power_on).all()


def test_a_nack_is_an_answer_that_is_not_configured(say, stood):
    stood.inject("i2c_nack", value=1)
    answer = say("target", "configure", text({"roc_s0": {"Top": {0: {"phase_strobe": 7}}}}))[1]
    assert answer == "Error: a chip did not acknowledge the write (NACK)"


def test_voltages_and_currents_come_as_text(say):
    assert set(yaml.safe_load(say("target", "read_pwr")[0])) == {"piv_a", "piv_d"}
    for command in ("measadc", "read_adc"):
        ready, measured = say("target", command, "{}")
        assert ready == "ReadyForConfig"
        values = yaml.safe_load(measured)
        assert set(values) == {"roc_s0", "roc_s1", "roc_s2"}
        assert all(isinstance(value, str) for halves in values.values() for value in halves.values())


@pytest.mark.parametrize("command", ["resettdc", "reset_tdc"])
def test_resetting_the_tdc_pulses_its_counter_in_both_halves(say, stood, command):
    writes = stood.board.counters["register_writes"]
    assert say("target", command) == ["masterTDCs reset."]
    assert stood.board.counters["register_writes"] - writes == 2 * 3 * 2
    for half in range(2):
        assert stood.board.state[stood.board.table.index_of(("roc_s2", "MasterTdc", half, "START_COUNTER"))] == 1


def test_the_server_runs_through_its_commands(say):
    assert say("server", "start")[0].startswith("Error")
    assert say("server", "configure", text({"daq": LEGACY["server"]})) == ["ReadyForConfig", "Configured"]
    assert "running" in say("server", "start")[0]
    assert "notdone" in say("server", "run_done")[0]  # nobody takes its data
    assert say("server", "stop") == ["Stopped"]
    assert say("server", "run_done") == ["done"]
    assert say("server", "delayscan") == ["delay_scan_done"]


def test_refused_starts_do_not_say_running(say, stood):
    stood.inject("link_misaligned", value=1)
    say("server", "configure", text({"daq": LEGACY["server"]}))
    assert "running" not in say("server", "start")[0]
    assert "running" in say("server", "start")[0]


def test_the_client_needs_the_address_of_the_server(say):
    assert say("client", "configure", text({"global": {"outputDirectory": "/"}})) == [
        "ReadyForConfig",
        "ConfigError",
    ]


def test_a_run_through_all_three_roles_leaves_one_file(say, stood, tmp_path, eventually):
    say("target", "configure", text(init_tree()))
    port = stood.ports["legacy-data"]
    settings = {"serverIP": "127.0.0.1", "data_push_port": port, "outputDirectory": str(tmp_path), "run_type": "x"}
    assert say("client", "configure", text({"global": settings})) == ["ReadyForConfig", "Configured"]
    say("server", "configure", text({"daq": LEGACY["server"] | {"zmqPushPull_port": str(port)}}))
    assert say("client", "start") == ["Data puller running"]
    assert say("server", "start") == ["running"]
    assert eventually(lambda: say("server", "run_done") == ["done"])
    # done is said only when the file is whole and in its place
    assert [path.name for path in tmp_path.iterdir()] == ["x0.raw"]
    assert (tmp_path / "x0.raw").stat().st_size == 45 + 50 * 3 * 392
    assert say("server", "stop") == ["Stopped"]
    assert say("client", "stop") == ["Data puller stopped"]


@pytest.mark.parametrize("role", ["target", "server", "client"])
def test_unknown_commands_and_broken_settings_are_errors(say, role):
    assert say(role, "hello")[0].startswith("Error")
    assert say(role, "configure", "{")[1].startswith("Error: the message is no YAML")
    assert say(role, "hello")[0].startswith("Error")  # and the next message is a command again


def test_a_second_talker_does_not_get_between_a_command_and_its_settings(say, stood):
    say("target", "configure")
    with Wire() as wire:
        other = Requester(wire, f"tcp://127.0.0.1:{stood.ports['legacy-target']}", 60.0)
        assert b"piv_a" in other.ask("read_pwr")[0]
    assert say("target", text({"roc_s0": {"Top": {0: {"phase_strobe": 7}}}})) == ["ROC(s) CONFIGURED\n...\n"]
