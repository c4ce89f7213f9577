"""A test system that somebody has connected to: lights, description, read-back, faults, in both dialects."""

import pytest

from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.board.ownership import OwnershipError
from kit.hgcroc.panels.stand import Stand
from tests.hgcroc.hands import parameters_on
from tests.hgcroc.scans import FOLDERS, parameters

ROLES = ["slow control", "server", "data client", "data"]


@pytest.fixture
def on(stand):
    def make(dialect="1.0.15", **options):
        emulator = stand("char", **options)
        return Stand(parameters_on(network=emulator.network(dialect), board="char"), dialect), emulator

    return make


@pytest.mark.parametrize("dialect", FOLDERS)
def test_every_role_has_a_light_and_goes_out_with_its_server(on, dialect):
    made, emulator = on(dialect)
    assert made.look() == dict.fromkeys(ROLES, "")
    emulator.stop()
    assert all(text.startswith("refuses") for text in made.look().values())


def test_server_and_client_tell_their_states_where_the_dialect_can_ask(on):
    made, emulator = on()
    assert made.states() == {"server": "created", "data client": "created"}
    emulator.inject("silent", role="client", value=1)
    assert made.states() == {"server": "created"}
    assert on("0.1.2")[0].states() == {}


@pytest.mark.parametrize("dialect", FOLDERS)
def test_the_board_is_described_and_left_to_others(on, dialect):
    made, _ = on(dialect)
    told = made.describe()
    assert told.startswith("char_board: 1 ROC (roc_s0), 2625 registers; ")
    assert ("cannot ask the board itself" in told) is (dialect == "0.1.2")
    assert made.limits is None
    with made.board(), pytest.raises(OwnershipError):
        Stand(made.p.with_values(start_timeout=0.1), dialect).describe()
    made.describe()


def test_a_board_with_narrower_registers_has_its_limits_told(on):
    made, emulator = on()
    emulator.inject("narrow_register", path="roc_s0.Top.0.phase_strobe", value=7)
    assert "1 are not as in the table: roc_s0.Top.0.phase_strobe is from 0 to 7, should be" in made.describe()
    assert made.limits[emulator.board.table.index_of(("roc_s0", "Top", 0, "phase_strobe"))] == 7


@pytest.mark.parametrize("dialect", FOLDERS)
def test_what_is_read_back_is_compared_with_the_reset_and_with_files(on, dialect):
    made, emulator = on(dialect)
    emulator.board.write({"roc_s0": {"Top": {0: {"phase_strobe": 9}}}})
    found = made.read_back()
    assert (found.values == emulator.board.state).all()
    assert found.told == {"after reset": ["roc_s0.Top.0.phase_strobe is 9, 0 after reset"]}
    assert made.reset() is (dialect == "1.0.15")
    assert (emulator.board.state == emulator.board.table.reset).all() == (dialect == "1.0.15")


def test_files_of_defaults_are_compared_with_too(shared_data, stand, example):
    emulator = stand()
    made = Stand(parameters(shared_data, emulator), "1.0.15")
    plan = example("small2d")
    told = made.read_back(plan).told["in the files of defaults"]
    other = (emulator.board.state != plan.default) & plan.named & ~plan.table.read_only
    assert len(told) == other.sum()


def test_another_board_than_asked_for_is_refused(on):
    made, _ = on()
    wrong = Stand(made.p.with_values(board="ld"), "1.0.15")
    with pytest.raises(BoardError, match="describes itself as char_board, should be ld_hexaboard"):
        wrong.describe()


def test_scans_reach_the_stand_that_is_connected_and_no_other(on):
    made, _ = on()
    assert made.parameters(made.p, "1.0.15") == made.p
    with pytest.raises(ValueError, match=r"connected in dialect 1\.0\.15, the procedure speaks 0\.1\.2"):
        made.parameters(made.p, "0.1.2")
    with pytest.raises(ValueError, match="disconnect, and connect again"):
        made.parameters(made.p.with_values(board="hd"), "1.0.15")
    with pytest.raises(RuntimeError, match="a real board takes no faults"):
        made.inject("slow_run 1")


def test_without_a_network_an_emulated_board_is_started_with_its_faults_and_ends_with_the_stand():
    p = parameters_on(board="char", fault=["slow_run 0.1"])
    made = Stand(p, "1.0.15")
    try:
        assert made.describe().startswith("char_board")
        assert made.inject("lost_event 0.5 runs=2") == ["slow_run 0.1", "lost_event 0.5 for 2 runs"]
        assert made.clear() == []
        assert "i2c_nack" in made.faults()
        with pytest.raises(RuntimeError, match="there is no fault 'slow_rum'"):
            made.inject("slow_rum 1")
        for dialect in FOLDERS:
            reached = made.parameters(p, dialect)
            assert (reached.network, reached.fault) == (made.emulator.networks[dialect], [])
    finally:
        made.close()
    assert not made.emulator.running
