"""Faults of an emulated board: when they come, and when they end."""

from kit.hgcroc.emulator.injected import Faults
from kit.hgcroc.faults import FAULTS


def faults(name, **wish):
    made = Faults()
    made.add(name, wish)
    return made


def test_refused_starts_are_counted_down():
    made = faults("link_misaligned", value=2)
    assert [made.misaligned() for _ in range(4)] == [True, True, False, False]


def test_silence_is_counted_by_role():
    made = faults("silent", value=1, role="server")
    assert not made.falls_silent("client")
    assert [made.falls_silent("server") for _ in range(2)] == [True, False]


def test_a_dead_client_is_silent_for_ever_in_both_dialects():
    made = faults("dead_client")
    assert all(made.falls_silent(role) for role in ("client", "legacy-client") for _ in range(3))
    assert not made.falls_silent("server")


def test_what_befalls_registers_comes_before_the_message_it_was_asked_for():
    made = faults("power_cycle", after_messages=2)
    assert [len(made.message_passed()) for _ in range(5)] == [0, 0, 1, 0, 0]


def test_what_befalls_registers_in_a_run_comes_with_no_message():
    made = faults("register_upset", path="roc_s0.Top.0.phase_strobe", at_event=3)
    assert [made.message_passed() for _ in range(3)] == [[], [], []]
    assert made.registers[0].event == 3


def test_a_fault_for_some_runs_ends_after_them():
    made = faults("lost_event", value=0.5, runs=2)
    seen = []
    for _ in range(3):
        seen.append(made.value("lost_event"))
        made.run_over()
    assert seen == [0.5, 0.5, 0.0]


def test_clearing_ends_all():
    made = faults("bad_crc", value=0.1)
    made.add("silent", {})
    made.add("dead_client", {})
    made.clear()
    assert made == Faults()


def test_every_fault_can_be_asked_for_as_its_words_say():
    channel = {"chip": 0, "channel": 1}
    path = {"path": "x"}
    wishes = {"register_upset": path, "narrow_register": path, "dead_channel": channel, "noisy_channel": channel}
    for name in FAULTS:
        assert faults(name, **wishes.get(name, channel if name.endswith("_channel") else {})) != Faults()


def test_what_is_wrong_now_can_be_told():
    made = faults("lost_event", value=0.5, runs=1)
    for name, wish in (("silent", {"value": 2, "role": "server"}), ("dead_client", {}),
                       ("power_cycle", {"at_event": 3})):  # fmt: skip
        made.add(name, wish)
    assert made.told() == ["lost_event 0.5 for 1 run", "silent 2 (server)", "dead_client", "power_cycle to come"]
