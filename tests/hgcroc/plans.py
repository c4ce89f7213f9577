"""Plans of procedures made on the spot."""

from pathlib import Path

import yaml

from kit.hgcroc.planning.documents import Document, Findings, Mapped
from kit.hgcroc.planning.entries import read_current, read_legacy
from kit.hgcroc.planning.scan import make_plan
from kit.hgcroc.registers import register_table

PHASE = ["target", ["roc_s0", "roc_s1", "roc_s2"], "Top", 0, "phase_strobe"]
CALIB = ["target", ["roc_s0", "roc_s1", "roc_s2"], "ReferenceVoltage", [0, 1], "Calib"]


def plan_of(axes, override=None, board="ld", findings=None, procedure=None, **options):
    """Return the plan of axes of dialect 1.0.15 over settings of its own."""
    content = {"name": "scan", "type": "daq", "parameters": axes, **(procedure or {})}
    content["system_settings"] = {"default": [], "override": override or {}}
    text = yaml.safe_dump([content], sort_keys=False)
    findings = findings or Findings()
    read = read_current(
        Mapped(Document(Path("scan.yaml"), text, yaml.safe_load(text)), (0,), findings), deep=False
    )
    return make_plan(read, register_table(board), findings, **options)


def legacy_plan_of(axes, **options):
    """Return the plan of axes of dialect 0.1.2, without any files."""
    files = {"power_on_default": "a.yaml", "initial_config": "b.yaml"}
    content = {"name": "scan", "type": "daq", "target_settings": files, "daq_settings": {"default": "c.yaml"}}
    text = yaml.safe_dump([content | {"parameters": axes}], sort_keys=False)
    findings = Findings()
    read = read_legacy(Mapped(Document(Path("scan.yaml"), text, yaml.safe_load(text)), (0,), findings), deep=False)
    return make_plan(read, register_table("ld"), findings, **options)
