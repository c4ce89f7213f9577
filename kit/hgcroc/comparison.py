"""In what two scans differ: procedure, axes, registers, settings of the programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from kit.hgcroc.measurements import Scan

__all__ = ["compare", "scans_below"]

MOST_NAMED = 20  # registers that are named one by one
ABOUT = ("procedure", "dialect", "board", "board_id", "mode", "software")


def scans_below(folder: Path) -> list[Path]:
    """Return the files of all scans below a folder, the newest first."""
    found = [path for path in folder.glob("**/scan.h5") if not path.name.startswith(".")]
    return sorted(found, key=lambda path: -path.stat().st_mtime_ns)


def compare(first: Scan, second: Scan) -> list[str]:
    """Return in words what is otherwise in the second of two scans; nothing for scans of equal settings."""
    told = [
        f"{name}: {first.about.get(name)}, then {second.about.get(name)}"
        for name in ABOUT
        if first.about.get(name) != second.about.get(name)
    ]
    if first.lengths[0] != second.lengths[0]:
        told.append(f"repeats: {first.lengths[0]}, then {second.lengths[0]}")
    axes = [[(label, scan.axis_values(k)) for k, label in enumerate(scan.labels)] for scan in (first, second)]
    if axes[0] != axes[1]:
        told.append("axes: {}, then {}".format(*(_axes_text(found) for found in axes)))
    programs = [json.dumps(scan.programs, sort_keys=True) for scan in (first, second)]
    if programs[0] != programs[1]:
        told.append(f"settings of the programs: {programs[0]}, then {programs[1]}")
    if first.table is not second.table:
        return told
    before, after = first.states.base, second.states.base
    other = np.flatnonzero((before != after) & ~first.table.read_only)
    told += [f"{first.table.text_of(int(k))}: {before[k]}, then {after[k]}" for k in other[:MOST_NAMED]]
    return told + ([f"and {len(other) - MOST_NAMED} more registers"] if len(other) > MOST_NAMED else [])


def _axes_text(axes: list[tuple[str, list[object]]]) -> str:
    return " by ".join(f"{label} ({len(values)}: {values[0]} to {values[-1]})" for label, values in axes) or "none"
