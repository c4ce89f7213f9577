"""What faults make of the data of a stretch of triggers."""

import numpy as np
import pytest

from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.emulator.chip_settings import ChipSettings
from kit.hgcroc.emulator.injected import Faults
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.emulator.triggering import ORBIT, sent_words
from kit.hgcroc.emulator.truth import Truth
from kit.hgcroc.rawdata import CRC_WORD, checksum
from kit.hgcroc.registers import register_table
from tests.hgcroc.stands import initial

EVENTS = 400


def sent(bunch_counter=44, **faults):
    made = Faults()
    for name, value in faults.items():
        made.add(name, {"value": value})
    plan = RunPlan(Trigger(), EVENTS, bunch_counter, "current")
    settings = ChipSettings.of(register_table("char"), initial("char"))
    truth, rng = Truth.drawn(1, 1), np.random.default_rng(1)
    return sent_words(truth, settings, made, plan, np.arange(EVENTS), rng)


def wrong_checksums(words):
    return (checksum(words.reshape(-1, words.shape[-1])) != words[..., CRC_WORD].ravel()).mean()


def test_without_faults_all_arrives_and_all_checksums_are_right():
    words, kept = sent()
    assert kept.all()
    assert wrong_checksums(words) == 0
    assert ((words[..., 0] >> 16 & 0xFFF) == 44).all()


def test_a_random_trigger_has_any_bunch_crossing_of_the_orbit():
    words, _ = sent(bunch_counter=None)
    found = words[..., 0] >> 16 & 0xFFF
    assert found.max() < ORBIT
    assert len(np.unique(found)) > EVENTS / 2


@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_damage_comes_as_often_as_asked(chance):
    _, kept = sent(lost_event=chance)
    assert kept.mean() == pytest.approx(1 - chance, abs=0.08)
    assert wrong_checksums(sent(bad_crc=chance)[0]) == pytest.approx(chance, abs=0.08)
    words, _ = sent(bad_header=chance)
    assert (words[..., 0] >> 28 != 5).mean() == pytest.approx(chance, abs=0.08)
    assert wrong_checksums(words) == 0  # the header alone is wrong
