"""Weights: 1 in data, by the formula in simulation, and an error where a number is not known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.files import FormatError, write_json
from kit.opendata.chunks import Chunk
from kit.opendata.demo_extras import CHANNEL, GENERATED
from kit.opendata.origins import Origins, find_inputs
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader
from kit.opendata.weights import Weighing
from kit.opendata.wishes import Wish

DemoFile = Callable[..., Path]
EVENTS = 100
SIGMA = GENERATED["cross_section"] * GENERATED["efficiency"] * GENERATED["k_factor"]


def weigh(path: Path, origins: Origins | None = None, **values: Any) -> Chunk:
    p = Selection(inputs=[str(path)], weights="mc", **values)
    with Reader.of(str(path), wish=Wish() if p.sample == "data" else p.wish) as reader:
        chunk = reader.read(0, reader.source.entries)
        return Weighing.of(p, [str(path)], origins or Origins()).weigh(chunk, reader.source)


def event_weights() -> np.ndarray:
    number = 1 + np.arange(EVENTS)
    return (1 + (number % 5 - 1) / 4) * np.where(number % 11, 1, -1)


@pytest.mark.parametrize(("form", "luminosity"), [("2020e", 10.0), ("2025e", 36.0)])
def test_the_education_formats_tell_everything(demo_file: DemoFile, form: str, luminosity: float):
    path = demo_file(form, "sound", EVENTS, 3)
    bare = weigh(path, sample="simulation", scale_factors=[]).weights
    np.testing.assert_allclose(bare, luminosity * 1000 * SIGMA / GENERATED["sum"] * event_weights(), rtol=1e-12)
    number = 1 + np.arange(EVENTS)
    factors = np.prod([1 + (number % (3 + place)) / 64 for place in range(4)], axis=0)
    np.testing.assert_allclose(weigh(path, sample="simulation").weights, bare * factors, rtol=1e-7)


def test_the_luminosity_scales_all(demo_file: DemoFile):
    path = demo_file("2025e", "sound", EVENTS, 3)
    one, two = (weigh(path, sample="simulation", luminosity=value).weights for value in (1.0, 139.0))
    np.testing.assert_allclose(two, 139 * one, rtol=1e-14)


@pytest.mark.parametrize("name", ["data_A.4lep.root", "nano_dimuon.root"])
def test_real_data_have_weight_one_whatever_their_branches_say(shared_data: Path, name: str):
    chunk = weigh(shared_data / "opendata" / name, sample="data")
    assert set(chunk.weights) == {1.0}


def test_data_called_simulation_are_found_out(shared_data: Path):
    with pytest.raises(FormatError, match=r"data_A.*all weights of entries 0 to 38 are 0; is it data\?"):
        weigh(shared_data / "opendata" / "data_A.4lep.root", sample="simulation")


def test_nobody_tells_what_it_is(demo_file: DemoFile):
    with pytest.raises(
        FormatError, match=r"nobody tells whether it is data or simulation; name its catalogue\.json"
    ):
        weigh(demo_file("2020e", "sound", EVENTS, 3))


def test_nanoaod_needs_a_cross_section_and_sums_what_was_generated(demo_file: DemoFile):
    path = demo_file("NanoAOD", "sound", EVENTS, 3)
    with pytest.raises(FormatError, match="weights are on, and cross_section is not known; set it"):
        weigh(path, sample="simulation", luminosity=1.0)
    found = weigh(path, sample="simulation", luminosity=1.0, cross_section=SIGMA).weights
    np.testing.assert_allclose(found, 1000 * SIGMA / GENERATED["sum"] * event_weights(), rtol=1e-12)
    p = Selection(weights="mc", sample="simulation", cross_section=1.0)
    paths = [str(path), str(demo_file("NanoAOD", "sound", EVENTS, 4))]
    assert Weighing.of(p, paths, Origins()).generated == 2 * GENERATED["sum"]


def test_without_runs_the_sum_must_be_given(shared_data: Path):
    path = shared_data / "opendata" / "nano_tt_v12.root"
    with pytest.raises(FormatError, match=r"nano_tt_v12\.root: no tree Runs with a branch genEventSumw"):
        weigh(path, sample="simulation", cross_section=1.0, luminosity=1.0)
    assert weigh(path, sample="simulation", cross_section=1.0, luminosity=1.0, sum_of_weights=200.0).weights.any()


def test_a_luminosity_that_nobody_knows_must_be_given(demo_file: DemoFile):
    with pytest.raises(FormatError, match="luminosity is not set; nothing is known of nanoaod"):
        weigh(demo_file("NanoAOD", "sound", EVENTS, 3), sample="simulation", cross_section=1.0)


def told(tmp_path: Path, path: Path, **metadata: Any) -> Origins:
    known = {"cross_section_pb": 2.0, "genFiltEff": 0.5, "kFactor": 1.25, "sumOfWeights": 1000.0} | metadata
    entry = {"uri": f"root://h/{path.name}", "http": f"https://h/{path.name}", "path": str(path)}
    dataset = {
        "key": str(CHANNEL),
        "release": "2024r-pp",
        "kind": "simulation",
        "metadata": known,
        "files": [entry],
    }
    write_json(tmp_path / "catalogue.json", {"datasets": [dataset]})
    p = Selection(inputs=[str(path)], catalogue=str(tmp_path / "catalogue.json"))
    return find_inputs(p, tmp_path)[1]


@pytest.mark.parametrize("form", ["PHYSLITE", "PHYSLITE as RNTuple"])
def test_physlite_takes_its_numbers_from_the_catalogue(demo_file: DemoFile, tmp_path: Path, form: str):
    path = demo_file(form, "sound", EVENTS, 3)
    found = weigh(path, told(tmp_path, path), luminosity=1.0).weights
    np.testing.assert_allclose(found, 1000 * SIGMA / GENERATED["sum"] * event_weights(), rtol=1e-12)


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        (
            {"sumOfWeights": None, "kFactor": None},
            "the catalogue does not tell kFactor, sumOfWeights of dataset 410000",
        ),
        ({"sumOfWeights": 0.0}, "sumOfWeights of dataset 410000 is 0.0, should be a number that is not 0"),
    ],
)
def test_what_the_catalogue_does_not_tell_is_an_error_and_not_one(
    demo_file: DemoFile, tmp_path: Path, metadata: dict[str, Any], text: str
):
    path = demo_file("PHYSLITE", "sound", EVENTS, 3)
    with pytest.raises(FormatError, match=text):
        weigh(path, told(tmp_path, path, **metadata), luminosity=1.0)


def test_a_skim_without_weights_is_refused(demo_file: DemoFile, tmp_path: Path):
    from kit.opendata.events import EventParameters, read_events
    from kit.run import Run

    p = EventParameters(
        inputs=[str(demo_file("2020e", "sound", EVENTS, 3))], output=str(tmp_path / "e"), write_skim=True
    )
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    with pytest.raises(FormatError, match="this skim was written without; write it with weights mc"):
        weigh(tmp_path / "e" / "events_2020e-13tev_1.root", sample="simulation")
