"""Scans on a real HTCondor: each job starts the emulated board that it measures, and ends it."""

import numpy as np

from kit.hgcroc.measurements import Scan
from tests.condor import sweeps
from tests.condor.test_smartpixels import PROJECT

SEEDS = [1, 2]
PROCEDURE = """procedures:
- name: pedestals
  type: daq
  system_settings:
    default: [{folder}/as_reset.yaml]
    init: [{folder}/daq.yaml, {folder}/characterisation.yaml]
    override: {{daq: {{active_menu: randomL1A, menus: {{randomL1A: {{NEvents: 20}}}}}}}}
  parameters: [{{key: [target, roc_s0, HalfWise, [0, 1], trim_inv], values: [0, 20, 40]}}]
"""


def test_boards_are_measured_by_jobs_and_are_those_of_their_seeds(real_stage, tmp_path):
    main = tmp_path / "main.yaml"
    main.write_text(PROCEDURE.format(folder=PROJECT / "parameters" / "hgcroc" / "procedures"))
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
