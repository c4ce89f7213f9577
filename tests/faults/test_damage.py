"""Every stage with every kind of damage to its input: refused by name, or harmless."""

import random

import pytest

from tests.faults.damage import DAMAGES
from tests.faults.places import found_stages

QUICK = {
    ("opendata/events", "cut"),
    ("mu2e/yields", "empty"),
}


def cells():
    for damage in DAMAGES:
        for notebook in found_stages():
            marks = [] if (notebook.stage, damage.name) in QUICK else [pytest.mark.slow]
            yield pytest.param(damage, notebook, marks=marks, id=f"{damage.name}-{notebook.stage}")


@pytest.mark.parametrize(("damage", "notebook"), list(cells()))
def test_a_damaged_input_is_refused_by_name_or_does_no_harm(damage, notebook, bench, request, record_property):
    option = request.config.getoption
    door = option("--door", None) or "cells"
    faults = []
    for seed in range(option("--seeds", 1)):
        draw = random.Random(f"{notebook.stage} {damage.name} {seed}")
        for name, verdict in bench.damaged(notebook, damage, door, draw):
            word = "wrong" if verdict.faults else verdict.word
            record_property("fault", (f"input: {damage.name}", notebook.stage, word, verdict.said))
            faults += [f"{name}, seed {seed}: {fault}" for fault in verdict.faults]
    assert not faults, "\n".join(faults)
