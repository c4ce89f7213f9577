"""What demo files hold besides objects."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import uproot

from kit.opendata.demo_extras import CHANNEL, GENERATED
from kit.opendata.sources import Reader
from kit.opendata.wishes import Wish

DemoFile = Callable[..., Path]
WEIGHTED = ["PHYSLITE", "PHYSLITE as RNTuple", "2020e", "2025e", "NanoAOD", "NanoAOD as RNTuple"]


@pytest.mark.parametrize("form", WEIGHTED)
def test_the_same_events_have_the_same_weights_in_every_schema(demo_file: DemoFile, form: str):
    found = []
    for name in ("NanoAOD", form):
        with Reader.of(str(demo_file(name, "sound", 200, 3)), wish=Wish(weights=True)) as reader:
            found.append(reader.read(0, 200).numbers["weight"])
    assert found[0].tolist() == found[1].tolist()
    assert min(found[0]) < 0 < max(found[0])


def test_what_was_generated_is_told_where_the_release_tells_it(demo_file: DemoFile):
    with Reader.of(str(demo_file("NanoAOD", "sound", 200, 3))) as reader:
        assert reader.sum_of("Runs", "genEventSumw") == GENERATED["sum"]
    with uproot.open(demo_file("PHYSLITE", "sound", 200, 3)) as file:
        assert set(file["CollectionTree/EventInfoAuxDyn.mcChannelNumber"].array().to_list()) == {CHANNEL}


@pytest.mark.parametrize("form", ["2020e", "2025e"])
def test_triggers_fire_for_hard_leptons(demo_file: DemoFile, form: str):
    with Reader.of(str(demo_file(form, "sound", 500, 3)), wish=Wish(triggers=("trigE",))) as reader:
        chunk = reader.read(0, 500)
    electrons = chunk.objects["e"]
    entry = np.repeat(np.arange(500), np.diff(electrons.offsets))
    scale = 1.0 if reader.source.unit == "GeV" else 1e3
    hard = np.bincount(entry[electrons.pt > 26 * scale], minlength=500) > 0
    assert chunk.triggers["trigE"].tolist() == hard.tolist()
    assert 0 < hard.sum() < 500


@pytest.mark.parametrize("form", ["PHYSLITE", "PHYSLITE as RNTuple", "2020e", "2025e"])
def test_cones_hold_less_than_the_electron(demo_file: DemoFile, form: str):
    with Reader.of(str(demo_file(form, "sound", 200, 3)), wish=Wish(isolation=True)) as reader:
        electrons = reader.read(0, 200).objects["e"]
    assert electrons.isolation is not None
    share = electrons.isolation / electrons.pt
    assert share.min() >= 0
    assert 0.1 < share.max() <= 0.3001
