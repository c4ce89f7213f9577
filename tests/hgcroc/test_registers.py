"""The register table, trees and states, and what messages do; against the public facts and a plain chip."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.hgcroc.registers import RegisterError, register_table

TABLE = register_table("ld")
PLAIN_HALF = {"ch": 36, "calib": 1, "cm": 2}  # how many of a block a half has

any_index = st.integers(0, TABLE.size - 1)
channel_registers = [k for k in range(TABLE.size) if TABLE.path_of(k)[1] in ("HalfWise", "ch", "calib", "cm")]
busy_index = st.sampled_from([k for k in channel_registers if TABLE.path_of(k)[3] == "trim_inv"])
messages = st.dictionaries(busy_index, st.integers(0, 3), max_size=12)


def plain_write(chip, message):
    """Do to a nested dict what the spec says of a message: HalfWise goes first, then the others."""
    for first in (True, False):
        for roc, blocks in message.items():
            for block, numbers in blocks.items():
                for number, names in numbers.items():
                    for name, value in names.items():
                        if (block == "HalfWise") is not first:
                            continue
                        chip[roc][block][number][name] = value
                        if first:
                            for member, per_half in PLAIN_HALF.items():
                                for k in range(number * per_half, (number + 1) * per_half):
                                    chip[roc][member][k][name] = value
    return chip


@given(any_index)
def test_an_index_is_its_path(index):
    assert TABLE.index_of(TABLE.path_of(index)) == index


@given(st.dictionaries(any_index, st.just(0), max_size=50))
def test_a_tree_reads_back_as_its_leaves(leaves):
    index, value = TABLE.leaves(TABLE.tree(list(leaves), list(leaves.values())))
    assert dict(zip(index.tolist(), value.tolist(), strict=True)) == leaves


@given(st.lists(messages, max_size=4))
@settings(max_examples=40)
def test_messages_act_as_on_a_plain_chip(sequence):
    chip, state = TABLE.tree(range(TABLE.size), TABLE.reset), TABLE.reset.copy()
    for message in sequence:
        tree = TABLE.tree(list(message), list(message.values()))
        TABLE.write(state, *TABLE.leaves(tree))
        plain_write(chip, copy.deepcopy(tree))
    assert TABLE.tree(range(TABLE.size), state) == chip


@given(messages, messages)
def test_writes_lead_from_any_state_to_any_other(first, second):
    now, wanted = TABLE.reset.copy(), TABLE.reset.copy()
    for state, message in ((now, first), (wanted, second)):
        state[list(message)] = list(message.values())
    index = TABLE.writes(now, wanted)
    TABLE.write(now, index, wanted[index])
    assert (now == wanted).all()


@given(messages, messages)
def test_no_write_of_the_smallest_message_can_be_left_out(first, second):
    now, wanted = TABLE.reset.copy(), TABLE.reset.copy()
    for state, message in ((now, first), (wanted, second)):
        state[list(message)] = list(message.values())
    index = TABLE.writes(now, wanted)
    for left_out in index:
        rest, there = index[index != left_out], now.copy()
        TABLE.write(there, rest, wanted[rest])
        assert not (there == wanted).all()


def test_a_half_is_written_by_one_register_where_all_its_channels_follow():
    wanted = TABLE.reset.copy()
    half = TABLE.index_of(("roc_s2", "HalfWise", 1, "trim_toa"))
    TABLE.write(wanted, [half], [9])
    assert (wanted != TABLE.reset).sum() == 1 + 36 + 1 + 2
    assert TABLE.writes(TABLE.reset, wanted).tolist() == [half]


def test_status_registers_are_never_written():
    state, status = TABLE.reset.copy(), TABLE.index_of(("roc_s0", "Top", 0, "statusL"))
    TABLE.write(state, [status], [7])
    assert (state == TABLE.reset).all()
    state[status] = 7
    assert TABLE.writes(TABLE.reset, state).size == 0
    assert TABLE.read_only.sum() == 8 * 3


@pytest.mark.parametrize(
    "tree",
    [
        {"roc_s1": {"sc": {"calib": {"all": {"HighRange": 1}}}}},
        {"roc_s1": {"calib": {"0": {"HighRange": 1}, 1: {"HighRange": 1}}}},
    ],
)
def test_the_spelling_of_hexactrl_means_the_same(tree):
    index, value = TABLE.leaves(tree)
    assert [TABLE.text_of(k) for k in index] == [f"roc_s1.calib.{number}.HighRange" for number in (0, 1)]
    assert value.tolist() == [1, 1]


def test_the_beginning_of_roc_names_addresses_all_of_them():
    index, _ = TABLE.leaves({"roc_s": {"Top": {0: {"phase_strobe": 3}}}})
    assert [TABLE.path_of(k)[0] for k in index] == list(TABLE.rocs)


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"rok_s0": {}}, r"there is no ROC 'rok_s0' \(did you mean roc_s0\?\)"),
        ({"roc_s0": {"chan": {}}}, "roc_s0.chan: there is no block 'chan'"),
        ({"roc_s0": {"ch": {72: {}}}}, "roc_s0.ch.72: there is no number 72, should be from 0 to 71"),
        ({"roc_s0": {"ch": {True: {}}}}, "there is no number True"),
        ({"roc_s0": {"ch": {1: {"trim_inf": 1}}}}, r"there is no register 'trim_inf' \(did you mean trim_inv\?\)"),
        ({"roc_s0": {"ch": {1: {"trim_inv": 64}}}}, "roc_s0.ch.1.trim_inv: is 64, should be from 0 to 63"),
        ({"roc_s0": {"ch": {1: {"trim_inv": -1}}}}, "is -1, should be from 0 to 63"),
        ({"roc_s0": {"ch": {1: {"trim_inv": "a"}}}}, "is 'a', should be a whole number from 0 to 63"),
        ({"roc_s0": {"ch": {1: {"trim_inv": True}}}}, "is True, should be a whole number"),
        ({"roc_s0": {"Top": 4}}, "roc_s0.Top: is 4, should be a map"),
    ],
)
def test_what_the_board_does_not_have_is_refused(tree, told):
    with pytest.raises(RegisterError, match=told):
        TABLE.leaves(tree)


def test_all_faults_of_a_tree_are_told_at_once():
    with pytest.raises(RegisterError) as refused:
        TABLE.leaves({"roc_s0": {"ch": {99: {}}, "Top": {0: {"phase": 1, "phase_strobe": 16}}}})
    assert len(refused.value.faults) == 3


def test_ranges_need_not_be_checked():
    assert TABLE.leaves({"roc_s0": {"Top": {0: {"phase_strobe": 16}}}}, check_ranges=False)[1].tolist() == [16]
