"""Names and places of registers: those of the public map, ranges and reset values."""

import json

import pytest

from kit.hgcroc.layout import BLOCKS, BOARDS
from kit.hgcroc.register_names import RegisterNames, dotted, frozen, nearest
from kit.hgcroc.registers import RegisterError, register_table

TABLE = register_table("ld")


def test_the_table_equals_the_public_register_map(shared_data):
    public = json.loads((shared_data / "hgcroc" / "rocv3_param_ranges.json").read_text())
    assert {block: entry["nblocks"] for block, entry in public.items()} == BLOCKS
    for index in range(TABLE.size):
        _, block, _, name = TABLE.path_of(index)
        fact = public[block]["params"][name]
        assert (TABLE.maximum[index], TABLE.reset[index]) == (fact["max"], fact["default"])


@pytest.mark.parametrize(("board", "rocs"), [("ld", 3), ("hd", 6), ("char", 1)])
def test_a_roc_has_2625_registers(board, rocs):
    assert register_table(board).size == 2625 * rocs
    assert len(BOARDS[board].rocs) == rocs


@pytest.mark.parametrize(
    ("name", "reset"), [("Inv_vref", 572), ("Noinv_vref", 128), ("Toa_vref", 112), ("Tot_vref", 432)]
)
def test_reference_voltages_have_the_reset_values_of_the_chip(name, reset):
    assert TABLE.reset[TABLE.index_of(("roc_s1", "ReferenceVoltage", 1, name))] == reset


def test_calib_is_a_12_bit_dac():
    assert TABLE.maximum[TABLE.index_of(("roc_s0", "ReferenceVoltage", 0, "Calib"))] == 4095


def test_a_path_that_is_none_is_refused_with_the_nearest_name():
    with pytest.raises(RegisterError, match=r"did you mean Calib\?"):
        TABLE.index_of(("roc_s0", "ReferenceVoltage", 0, "calib"))
    assert (
        TABLE.fault_of(("roc_s0", "Top", 0, "RunL", 1))
        == "roc_s0.Top.0.RunL is a register and has nothing below it"
    )


def test_describe_tells_every_range():
    (board, tree), *rest = TABLE.describe().items()
    assert (board, rest) == ("ld_hexaboard", [])
    assert tree["roc_s0"]["ReferenceVoltage"][0]["Calib"] == {"min": 0, "max": 4095}
    assert sum(len(names) for roc in tree.values() for block in roc.values() for names in block.values()) == 7875


def test_names_alone_know_where_everything_is():
    names = RegisterNames(BOARDS["char"])
    assert names.size == 2625
    assert all(names.index_of(names.path_of(index)) == index for index in range(0, names.size, 97))


def test_what_there_is_instead_is_told():
    assert nearest("Toop", ["Top", "ch"]) == " (did you mean Top?)"
    assert nearest("x", ["Top", "ch"]) == ", should be one of Top, ch"
    assert nearest(9, range(2)) == ", should be from 0 to 1"
    assert dotted(("roc_s0", "Top", 0)) == "roc_s0.Top.0"
    with pytest.raises(ValueError, match="read-only"):
        frozen([1, 2])[0] = 3
