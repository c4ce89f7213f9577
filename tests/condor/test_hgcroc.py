"""Emulated boards with different seeds, each measured, characterised and graded by jobs of a real pool."""

import json
import sys

import numpy as np
import pytest
import yaml

from kit import files
from kit.batch import campaign_commands
from kit.batch.campaign import read_campaign
from kit.batch.collecting import collect
from kit.batch.options import Options
from kit.batch.status import status_of
from kit.hgcroc.acquisition import AcquisitionParameters, acquire
from kit.hgcroc.measurements import Scan
from kit.run import Run, complete_below, load
from tests.condor import sweeps
from tests.conftest import PROJECT

PROCEDURES = PROJECT / "parameters" / "hgcroc" / "procedures"
PATIENCE = 1800.0  # s; a busy machine is slow

SEEDS = [1, 2]
PEDESTALS = """procedures:
- name: pedestals
  type: daq
  system_settings:
    default: [{folder}/as_reset.yaml]
    init: [{folder}/daq.yaml, {folder}/characterisation.yaml]
    override: {{daq: {{active_menu: randomL1A, menus: {{randomL1A: {{NEvents: 20}}}}}}}}
  parameters: [{{key: [target, roc_s0, HalfWise, [0, 1], trim_inv], values: [0, 20, 40]}}]
"""


def quiet(*_):
    return None


def campaign_of(folder, tasks, boards):
    """Write the shipped campaign with a workflow of some tasks, for some boards; return its file."""
    shipped = yaml.safe_load((PROJECT / "parameters" / "campaigns" / "hgcroc.yaml").read_text())
    main = {
        "libraries": [str(PROCEDURES / name) for name in ("quick_scans.yaml", "analyses.yaml")],
        "workflows": [{"name": "characterisation", "tasks": tasks}],
    }
    (folder / "main.yaml").write_text(yaml.safe_dump(main))
    scans, grades = shipped["stages"]
    scans["set"] |= {"config": str(folder / "main.yaml")}
    scans["each"]["seed"] = {"range": [1, boards]}
    for stage in shipped["stages"]:
        stage["notebook"] = str(PROJECT / "notebooks" / f"{stage['notebook']}.ipynb")
    assert grades["each"] == {"scans": {"outputs_of": "scans"}}
    shipped["options"] = {
        "memory_mb": 700, "disk_mb": 200, "try_first": False, "environment": {"python": sys.executable},
        "site": {"shared": [str(folder), str(PROJECT)]},
    }  # fmt: skip
    path = folder / "campaign.yaml"
    path.write_text(yaml.safe_dump(shipped))
    return path


def graded(folder, tasks, boards, eventually):
    """Run the campaign on the pool, and return the folders of the points of both stages."""
    path = campaign_of(folder, tasks, boards)
    made = read_campaign(path)
    campaign_commands.go_on(made, path, Options(profile="condor", dag=True), stale=False, say=quiet, show=quiet)

    def states():
        return [one.state for one in campaign_commands.follow(made, quiet)]

    assert eventually(lambda: states()[-1] == "complete" or {"stopped", "failed"} & set(states()), PATIENCE)
    assert states() == ["complete", "complete"], _reasons(made)
    runs = [load(made.records[name].run).directory for name in ("scans", "grades")]
    for run in runs:
        collect(status_of(run))
    return [[point.directory for point in complete_below(run)] for run in runs]


def _reasons(made):
    """Return in words what keeps the stages of a campaign from being complete."""
    told = []
    for one in campaign_commands.follow(made, quiet):
        told.append(f"{one.name}: {one.state}: {one.words}")
        if one.run and (files.resolve(one.run) / "points.jsonl").is_file():
            status = status_of(one.run)
            told += [f"  point {index}: {failure}" for index, failure in status.results.failures.items()]
            told += [f"  {state.chunk.label or state.process}: {state.state}: {about}" for state in status.chunks
                     if (about := "".join(text.read_text()[-2000:] for text in state.round.printed(state.chunk)
                                          if text.is_file()))]  # fmt: skip
    return "\n".join(told)


def test_two_boards_are_aligned_by_jobs_as_they_are_here(tmp_path, monkeypatch, eventually):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    scans, grades = graded(tmp_path, ["vrefnoinv", "pedestal_run"], 2, eventually)
    assert [len(scans), len(grades)] == [2, 2]
    overlays = {load(run).parameters["seed"]: next(run.glob("inv_vref-*/overlay.yaml")) for run in scans}
    trees = {seed: yaml.safe_load(path.read_text()) for seed, path in overlays.items()}
    assert trees[1] != trees[2]
    values = {"config": str(tmp_path / "main.yaml"), "procedure": "vrefnoinv", "seed": 2, "resume": False}
    with Run("hgcroc/acquisition", AcquisitionParameters.build(values | {"interactive": False})) as run:
        run.summary = acquire(run.parameters, run)
    (here,) = run.directory.glob("inv_vref-*/overlay.yaml")
    assert yaml.safe_load(here.read_text()) == trees[2]
    boards = {json.loads((run / "grade.json").read_text())["board"] for run in grades}
    assert boards == {"ld emulated 1", "ld emulated 2"}


@pytest.mark.slow
def test_ten_boards_are_characterised_and_graded(tmp_path, monkeypatch, eventually):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    tasks = yaml.safe_load((PROCEDURES / "quick.yaml").read_text())["workflows"][0]["tasks"]
    scans, grades = graded(tmp_path, tasks, 10, eventually)
    assert [len(scans), len(grades)] == [10, 10]
    told = [json.loads((run / "grade.json").read_text()) for run in grades]
    assert {each["board"] for each in told} == {f"ld emulated {seed}" for seed in range(1, 11)}
    assert all(len(each["analyses"]) == 16 for each in told)
    assert [each["grade"] for each in told].count("good") >= 8


def test_boards_are_measured_by_jobs_and_are_those_of_their_seeds(real_stage, tmp_path):
    main = tmp_path / "main.yaml"
    main.write_text(PEDESTALS.format(folder=PROCEDURES))
    fixed = {"config": str(main), "procedure": "pedestals", "board": "char"}
    site = {"shared": [str(tmp_path), str(PROJECT)]}
    runs = real_stage("hgcroc/acquisition", {"seed": SEEDS}, fixed, per_job=1, memory_mb=700, site=site)
    tables = []
    for status in runs:
        assert (status.counts["done"], status.total) == (2, 2)
        rows = sweeps.table(status.run)
        assert [(row["points"], row["good"], row["events"]) for row in rows] == [("3", "3", "60")] * 2
        for path in sorted((status.run.directory / "outputs").glob("*/*/scan.h5")):
            with Scan.open(path) as scan:
                assert scan.state(2)["roc_s0"]["HalfWise"][1]["trim_inv"] == 40
                tables.append(scan.array("adc_mean"))
    pool, here = tables[:2], tables[2:]
    for one, other in zip(pool, here, strict=True):
        assert (one == other).all()
    assert np.abs(pool[0] - pool[1]).max() > 1  # two boards


@pytest.mark.slow
def test_pedestals_of_ten_boards_are_brought_to_their_targets(tmp_path, monkeypatch, eventually):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    scans, grades = graded(tmp_path, ["pedestal_run", "pedestal_check"], 10, eventually)
    assert [len(scans), len(grades)] == [10, 10]
    for run in grades:
        (told,) = [json.loads((run / "grade.json").read_text())]
        assert all(chip["numbers"]["pedestal_spread"] < 10 for chip in told["chips"])
        assert told["analyses"]["trim_inv"]["reached"] > 0.9 * told["analyses"]["trim_inv"]["channels"]
