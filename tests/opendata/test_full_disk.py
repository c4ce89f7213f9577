"""A disk that is full in the middle of a stage: what is named, what is left, and that the next attempt goes on.

A limit on the size of files, which the system sets for one process, stands for the disk.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from kit.opendata.demo import demo
from kit.opendata.events import EventParameters, read_events
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.massfile import read_masses
from kit.run import Run, load

STAGES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "masses": (MassParameters, make_masses, {}),
    "events": (EventParameters, read_events, {"write_skim": True}),
}
FULL = """
import json, resource, sys
from kit.opendata.{stage} import {parameters}, {function}
from kit.run import Run
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
p = {parameters}(**json.loads(sys.argv[1]))
with Run("opendata/{stage}", p) as run:
    run.summary = {function}(p, run)
"""
PIECES = 4
EVENTS = 1000 * PIECES


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo("2024r-pp", tmp_path_factory.mktemp("demo") / "demo.root", EVENTS, 1)


def _values(file: Path, stage: str, output: Path) -> dict[str, Any]:
    settings = {"inputs": [str(file)], "output": str(output), "chunk_events": 1000, "interactive": False}
    return settings | STAGES[stage][2]


def _run(file: Path, stage: str, output: Path) -> Run:
    parameters, function, _ = STAGES[stage]
    p = parameters(**_values(file, stage, output))
    with Run(f"opendata/{stage}", p) as run:
        run.summary = function(p, run)
    return run


def _content(directory: Path, stage: str) -> list[Any]:
    if stage == "masses":
        return list(read_masses(directory / "masses.parquet").records())
    with uproot.open(directory / "events_2024r-pp_1.root") as skim:
        columns = {
            name: np.concatenate(list(branch.array(library="np")), axis=None).tolist()
            for name, branch in skim["events"].items()
        }
    return [columns, *(json.loads((directory / name).read_text()) for name in ("objects.json", "cutflow.json"))]


@pytest.mark.parametrize(
    ("stage", "limit", "named", "done"),
    [
        ("masses", 5_000, r"\.work/\S+_\d+\.parquet", 0),
        ("masses", "masses.parquet", r"masses\.parquet", PIECES),
        ("events", 80_000, r"\.work/\S+_\d+\.root", 0),
        ("events", "events_2024r-pp_1.root", r"events_2024r-pp_1\.root", PIECES),
    ],
)
def test_a_stage_on_a_full_disk_names_the_file_and_goes_on_when_there_is_room(
    file: Path, tmp_path: Path, python: Callable[..., Any], stage: str, limit: int | str, named: str, done: int
):
    whole = _run(file, stage, tmp_path / "whole").directory
    if isinstance(limit, str):
        limit = (whole / limit).stat().st_size * 3 // 4
    parameters, function, _ = STAGES[stage]
    code = FULL.format(stage=stage, parameters=parameters.__name__, function=function.__name__)
    output = tmp_path / "full"
    process = python("-c", code, json.dumps(_values(file, stage, output)), limit)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert re.search(rf"File too large: '{output}/{named}'", said), said
    assert load(output).state == "failed"
    last = "masses.parquet" if stage == "masses" else "events_2024r-pp_1.root"
    assert not (output / last).exists()
    assert list(output.rglob(".*.part*")) == []
    run = _run(file, stage, output)
    assert run.summary["pieces_done_before"] == done
    assert _content(output, stage) == _content(whole, stage)


def test_a_full_disk_is_no_fault_of_an_input_that_may_fail(file: Path, tmp_path: Path, python: Callable[..., Any]):
    code = FULL.format(stage="masses", parameters="MassParameters", function="make_masses")
    values = _values(file, "masses", tmp_path / "full") | {"max_failed_fraction": 1.0}
    process = python("-c", code, json.dumps(values), 5_000)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert re.search(r"File too large: '\S+\.parquet'$", said.strip()), said
    assert load(tmp_path / "full").state == "failed"
