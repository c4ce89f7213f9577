"""What happens to a chunk before cuts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.files import FormatError, write_json
from kit.opendata.chunks import Chunk, nothing
from kit.opendata.origins import Origins
from kit.opendata.pieces import Piece
from kit.opendata.preparation import Preparation, prepared_inputs
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader
from kit.parameters import ParameterError
from kit.run import Run, load

DemoFile = Callable[..., Path]


def prepare(path: Path, tmp_path: Path, **values: Any) -> Chunk:
    p = Selection(inputs=[str(path)], output=str(tmp_path / "run"), **values)
    with Run("opendata/masses", p) as run:
        paths, preparation = prepared_inputs(p, run)
        with Reader.of(paths[0], wish=preparation.wish(paths[0])) as reader:
            piece = Piece(paths[0], *reader.source.identity, 0, reader.source.entries)
            return preparation.prepare(preparation.read(reader, piece), reader.source)


def test_without_options_a_chunk_stays_as_it_is(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("2020e", "sound", 200, 3)
    chunk = prepare(path, tmp_path)
    assert (chunk.steps, chunk.weights, chunk.left) == ({}, None, None)
    assert chunk.objects["j"].score is None


def test_steps_tell_what_each_option_leaves(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("2020e", "bad, unsorted, repeated", 200, 3)
    chunk = prepare(path, tmp_path, deduplicate=True, triggers=["trigE", "trigM"])
    assert list(chunk.steps) == ["read", "de-duplicated", "trigger"]
    numbers = [events for events, _ in chunk.steps.values()]
    assert numbers[0] == 200 > numbers[1] == 196 > numbers[2] == chunk.events > 0
    assert all(len(objects.offsets) == chunk.events + 1 for objects in chunk.objects.values())


def test_jets_are_split_and_none_is_lost(demo_file: DemoFile, tmp_path: Path):
    path = demo_file("NanoAOD", "sound", 200, 3)
    whole, split = prepare(path, tmp_path / "a"), prepare(path, tmp_path / "b", b_tag=True)
    assert split.objects["b"].score is not None
    assert split.objects["b"].score.min() >= 0.5 > split.objects["j"].score.max()
    both = np.concatenate([split.objects[letter].pt for letter in "jb"])
    assert np.sort(both).tolist() == np.sort(whole.objects["j"].pt).tolist()
    counts = [np.diff(split.objects[letter].offsets) for letter in "jb"]
    assert (sum(counts) == np.diff(whole.objects["j"].offsets)).all()


def test_a_file_of_b_jets_is_not_split_again(tmp_path: Path):
    chunk = Chunk(0, 0, "GeV", {"j": nothing(0), "b": nothing(0)})
    source = type("Source", (), {"path": "x.root"})()
    with pytest.raises(FormatError, match=r"x\.root: b_tag is on, and it has b-jets of its own"):
        Preparation(Selection(b_tag=True), Origins()).prepare(chunk, source)


@pytest.mark.parametrize("sample", ["data", "simulation"])
def test_of_data_no_weights_are_read(sample: str):
    preparation = Preparation(Selection(weights="mc", sample=sample), Origins())
    assert preparation.wish("x").weights == (sample == "simulation")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"deduplicate": True, "jobs": 2},
            "veto_list is None, but deduplicate with several jobs needs that of a run",
        ),
        ({"veto_list": "x.json"}, r"veto_list is x\.json, but deduplicate is False"),
        ({"b_tag": True, "objects": ["e"]}, "b_tag is True, but objects, .*, are without jets"),
        ({"b_tag": True, "objects": ["b", "j"]}, "should be without b"),
        ({"luminosity": 3.0}, "weights is off, so luminosity and scale_factors should not be set"),
    ],
)
def test_options_that_contradict_each_other_are_refused(values: dict[str, Any], text: str):
    with pytest.raises(ParameterError, match=text):
        Selection.build(values)


@pytest.mark.parametrize(("kinds", "told"), [(("data", "simulation"), 1), (("data", "data"), 0)])
def test_collisions_and_simulation_that_would_be_added_are_told(tmp_path: Path, kinds: tuple[str, str], told: int):
    datasets = []
    for number, kind in enumerate(kinds):
        path = tmp_path / f"{number}.root"
        path.touch()
        files = [{"uri": f"root://x//eos/{path.name}", "http": "http://x/a", "path": str(path)}]
        datasets.append({"key": str(number), "kind": kind, "release": "2020e-13tev", "files": files})
    write_json(tmp_path / "catalogue.json", {"datasets": datasets})
    p = Selection(inputs=[str(tmp_path / "catalogue.json")], output=str(tmp_path / "run"))
    with Run("opendata/masses", p) as run:
        prepared_inputs(p, run)
    notices = load(tmp_path / "run").manifest["notices"]
    assert sum("are added; should be runs of their own" in text for text in notices) == told
