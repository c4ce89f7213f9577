"""What the acquisition can be told, and what it refuses."""

import pytest
import yaml

from kit.hgcroc.marks import Mark
from kit.hgcroc.options import AcquisitionParameters, connected, fault_words, network_of
from kit.hgcroc.planning.documents import ProcedureError
from kit.parameters import ParameterError


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("slow_run 2", ("slow_run", {"value": 2})),
        ("lost_event 0.1 runs=3", ("lost_event", {"value": 0.1, "runs": 3})),
        ("power_cycle", ("power_cycle", {})),
        ("register_upset path=roc_s0.Top.0.RunL at_event=5",
         ("register_upset", {"path": "roc_s0.Top.0.RunL", "at_event": 5})),
    ],
)  # fmt: skip
def test_faults_are_a_name_and_values(text, fault):
    assert fault_words(text) == fault


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"accept": ["shorter"]}, r"accept has 'shorter', which is no mark \(did you mean short\?\)"),
        ({"fault": ["slow_run 2 3"]}, "'3' should be NAME=VALUE"),
        ({"fault": ["slow_run 2"], "network": "net.yaml"}, "fault is of an emulated board"),
        ({"fault": ["bad_crcs 0.1"]}, r"there is no fault 'bad_crcs' \(did you mean bad_crc\?\)"),
        ({"fault": [""]}, "there is no fault '', should be one of link_misaligned, i2c_nack"),
        ({"fault": ["power_cycle 1"]}, "value is not known, power_cycle takes after_messages and at_event"),
        ({"fault": ["bad_crc 2"]}, "value is 2, should be a probability from 0 to 1"),
        ({"n_events": 0}, "n_events is 0, below 1"),
        ({"order": "zigzag"}, "order is 'zigzag'"),
        ({"max_retries": 11}, "max_retries is 11, above 10"),
        ({"timeout": 0.0}, "timeout is 0.0 s"),
    ],
)
def test_values_that_cannot_be_used_are_refused(values, told):
    with pytest.raises(ParameterError, match=told):
        AcquisitionParameters.build(values)


def test_marks_are_accepted_by_their_names():
    p = AcquisitionParameters(accept=["short", "cut", "short"])
    assert p.accepted == Mark.SHORT | Mark.CUT


def test_effort_does_not_make_it_another_run():
    assert AcquisitionParameters(order="random", timeout=3.0).compared() == AcquisitionParameters().compared()


def test_a_network_is_a_map_or_a_file(tmp_path):
    network = {"server": {"hostname": "h"}}
    (tmp_path / "net.yaml").write_text(yaml.safe_dump(network))
    assert network_of(AcquisitionParameters(network=network)) == network
    assert network_of(AcquisitionParameters(network="net.yaml")) == network
    (tmp_path / "list.yaml").write_text("[1]")
    with pytest.raises(ProcedureError, match=r"list\.yaml: should be a map of roles"):
        network_of(AcquisitionParameters(network="list.yaml"))
    with pytest.raises(ProcedureError, match=r"gone\.yaml: No such file"):
        network_of(AcquisitionParameters(network="gone.yaml"))


def test_without_a_network_a_board_is_started_with_its_faults_and_ends_with_the_block():
    p = AcquisitionParameters(board="char", fault=["slow_run 2"], interactive=False)
    with connected(p, "1.0.15") as (board, emulator):
        assert board.table.board.name == "char"
        assert emulator.running
        assert emulator.ask("counters")["messages"] > 0
    assert not emulator.running


def test_a_board_of_another_kind_is_refused(stand):
    from kit.hgcroc.board.errors import BoardError

    network = stand(board="char").network("1.0.15")
    p = AcquisitionParameters(network=network, board="ld", timeout=5.0, start_timeout=1.0)
    with (
        pytest.raises(BoardError, match="describes itself as char_board, should be ld_hexaboard"),
        connected(p, "1.0.15"),
    ):
        pass


def test_a_port_where_nobody_listens_is_told_with_role_and_address():
    from kit.hgcroc.board.errors import BoardError
    from kit.hgcroc.ports import free_port

    server = {"hostname": "127.0.0.1", "sc_ctrl_port": free_port("127.0.0.1"), "daq_ctrl_port": 1, "data_port": 2}
    p = AcquisitionParameters(network={"server": server}, timeout=1.0, start_timeout=1.0)
    with pytest.raises(BoardError, match=r"slow control at tcp://127\.0\.0\.1:\d+"), connected(p, "1.0.15"):
        pass
