"""What a plan is put together from: registers of a layer, settings of the programs, and what is odd about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.planning.axes import Axis, CheckRanges, spread_axis
from kit.hgcroc.planning.dialects import Layer, Procedure
from kit.hgcroc.planning.documents import Findings
from kit.hgcroc.planning.expansion import laid_over
from kit.hgcroc.registers import RegisterError, RegisterTable

__all__ = [
    "Settings", "check_programs", "events_of", "registers_of", "started_tdcs", "warn_of_overlaps", "with_events",
]  # fmt: skip

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """The registers that a layer sets, as it is written, and where that stands."""

    kind: str
    index: IntArray
    value: IntArray


def events_of(settings: dict[str, Any]) -> int | None:
    """Return NEvents of the settings of the acquisition server, in either dialect."""
    daq = settings.get("daq") or {}
    if "menus" in daq:
        daq = (daq["menus"] or {}).get(daq.get("active_menu")) or {}
    events = daq.get("NEvents")
    return int(events) if isinstance(events, int) else None


def with_events(settings: dict[str, Any], events: int) -> dict[str, Any]:
    """Return settings that ask for `events`."""
    daq = settings.get("daq") or {}
    patch: dict[str, Any] = {"NEvents": events}
    if "menus" in daq:
        patch = {"menus": {daq.get("active_menu"): patch}}
    return laid_over([settings, {"daq": patch}])


def registers_of(layer: Layer, table: RegisterTable, findings: Findings, check: CheckRanges) -> Settings | None:
    """Return the registers that a layer sets, None where it sets none; faults and warnings are noted."""
    tree = layer.tree.get("target")
    if not tree:
        return None
    try:
        index, value = table.leaves(tree, check_ranges=check != "off")
    except RegisterError as error:
        for path, told in error.faults:
            soft = check == "warn" and told.startswith("is ") and "whole" not in told
            (findings.warn if soft else findings.fault)(layer.spot("target", path), told)
        if len(findings.faults):
            return None
        index, value = table.leaves(tree, check_ranges=False)
    return Settings(layer.kind, index, value)


def started_tdcs(table: RegisterTable) -> Settings:
    """Return what the procedure that starts the master TDCs leaves behind."""
    left = {"EN_MASTER_CTDC_VOUT_INIT": 0, "EN_MASTER_FTDC_VOUT_INIT": 0}
    left |= {
        f"VD_{kind}_P_{what}": value for kind in ("CTDC", "FTDC") for what, value in (("DAC_EN", 1), ("D", 16))
    }
    tree = {roc: {"MasterTdc": dict.fromkeys((0, 1), left)} for roc in table.rocs}
    return Settings("calibration", *table.leaves(tree))


def check_programs(procedure: Procedure, programs: dict[str, Any], findings: Findings) -> None:
    """Note an active menu that is not there."""
    daq = programs["daq"] or {}
    menus = daq.get("menus")
    if menus is not None and (not isinstance(menus, dict) or daq.get("active_menu") not in menus):
        told = ", ".join(map(str, menus)) if isinstance(menus, dict) else repr(menus)
        findings.fault(
            procedure.spot, f"active_menu is {daq.get('active_menu')!r}, should be one of the menus: {told}"
        )


def warn_of_overlaps(procedure: Procedure, axes: list[Axis], table: RegisterTable, findings: Findings) -> None:
    """Note registers that two axes set."""
    for place, axis in enumerate(axes):
        for later, text in zip(axes[place + 1 :], procedure.axes[place + 1 :], strict=True):
            if len(both := np.intersect1d(spread_axis(axis, table).index, spread_axis(later, table).index)):
                told = f"{table.text_of(int(both[0]))} is set by axis {place + 1}, too: the later axis wins"
                findings.warn(text.spot(), f"{told} ({len(both)} registers)")
