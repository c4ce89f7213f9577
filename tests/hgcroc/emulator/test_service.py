import threading
import time

import pytest
import yaml

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.emulator.service import Emulator, power_on_state
from kit.hgcroc.messages import MessageError
from kit.hgcroc.ports import probe
from kit.hgcroc.rawdata import decode
from kit.hgcroc.registers import RegisterError, register_table
from kit.hgcroc.wire import Requester, Wire
from tests.hgcroc.stands import init_tree


def test_network_files_have_the_shape_of_each_dialect_and_the_ports_in_use(stand):
    stood = stand()
    legacy, current = stood.network("0.1.2"), stood.network("1.0.15")
    assert set(legacy) == {"daq_coordinator", "target", "client", "server"}
    assert set(current) == {"daq_coordinator", "server", "client"}
    assert set(current["server"]) == {"hostname", "sc_ctrl_port", "daq_ctrl_port", "data_port"}
    for role in ("target", "client", "server"):
        assert probe("127.0.0.1", legacy[role]["port"], 5.0) == ""
    for port in ("sc_ctrl_port", "daq_ctrl_port", "data_port"):
        assert probe("127.0.0.1", current["server"][port], 5.0) == ""


def test_it_ends_at_once_and_leaves_no_thread_and_no_socket():
    before = threading.active_count()
    emulator = Emulator()
    emulator.start()
    ports = dict(emulator.ports)
    begun = time.monotonic()
    emulator.stop()
    assert time.monotonic() - begun < 10
    assert threading.active_count() == before
    assert {probe("127.0.0.1", port, 1.0)[:7] for port in ports.values()} == {"refuses"}


def test_it_ends_in_the_middle_of_a_run_too(stand):
    stood = stand(time_scale=1000)
    with Wire() as wire:
        asking = Requester(wire, f"tcp://127.0.0.1:{stood.ports['server']}", 60.0)
        asking.ask("initialize", yaml.safe_dump({"daq": {"active_menu": "randomL1A", "menus": {"randomL1A": {}}}}))
        asking.ask("configure", "{}")
        assert asking.ask("start") == [b"running"]
    begun = time.monotonic()
    stood.stop()
    assert time.monotonic() - begun < 10


def test_the_roles_of_one_dialect_and_of_those_that_others_play_are_left_out(stand):
    assert "legacy-target" not in stand(dialect="current").ports
    assert "client" not in stand(dialect="current", without=("client",)).ports


def test_a_taken_port_is_told_and_leaves_nothing_behind(stand):
    taken = stand().ports["server"]
    before = threading.active_count()
    with pytest.raises(OSError, match=f"port {taken} of 127.0.0.1 cannot be used"):
        Emulator(ports={"server": taken})
    assert threading.active_count() == before


def test_silent_sockets_leave_messages_without_an_answer(stand):
    stood = stand()
    stood.inject("silent", role="server", value=1)
    with Wire() as wire:
        asking = Requester(wire, f"tcp://127.0.0.1:{stood.ports['server']}", 0.2)
        with pytest.raises(TimeoutError):
            asking.ask("status")
        assert asking.ask("status") == [b"created"]
    assert stood.board.counters["messages"] == 2


def test_registers_after_power_up_are_reset_values_zeros_or_those_of_a_file(tmp_path):
    table = register_table("ld")
    assert (power_on_state("ld", "regmap") == table.reset).all()
    assert power_on_state("ld", "zeros").sum() == 0
    file = tmp_path / "power.yaml"
    file.write_text("hostname: somewhere\nroc_s0: {Top: {0: {phase_strobe: 5}}}\n")
    state = power_on_state("ld", str(file))
    assert state[table.index_of(("roc_s0", "Top", 0, "phase_strobe"))] == 5
    assert (state != table.reset).sum() == 1
    file.write_text("target: {roc_s0: {Top: {0: {phase: 5}}}}\n")
    with pytest.raises(RegisterError, match="there is no register 'phase'"):
        power_on_state("ld", str(file))
    file.write_text("- 1\n")
    with pytest.raises(MessageError, match="should be a map"):
        power_on_state("ld", str(file))


def test_a_power_on_file_of_the_package_can_be_used(shared_data):
    for name in ("defaults/V3LDHexaboard-poweron-default.yaml", "examples_1015/defaults/reset_state.yaml"):
        state = power_on_state("ld", str(shared_data / "hgcroc" / name))
        assert state[register_table("ld").index_of(("roc_s0", "Top", 0, "EN_PLL"))] == 1


def test_the_noise_of_a_run_follows_from_seed_and_number(stand):
    first, second = (stand("char", first_run=runs).board for runs in (0, 1))
    plan = RunPlan(Trigger(), 10, 44, "current")
    for board in (first, second):
        board.write(init_tree(board.table))
    list(first.take(plan))  # the second emulator has this one behind it
    seen = [decode(HEAD + b"".join(board.take(plan))) for board in (first, second)]
    assert (seen[0].adc == seen[1].adc).all()
