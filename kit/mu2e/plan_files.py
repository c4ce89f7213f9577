"""Plans in files: as JSON with a checksum of each key, and taken back only as they were written.

Jobs build from a plan without the ledger. A range that somebody has moved would use events of another ensemble, so
that what has been edited is refused, as is what does not fit together.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kit.files import FormatError, read_json
from kit.mu2e.checksums import checksum, identity
from kit.mu2e.plan_faults import plan_faults
from kit.mu2e.plans import Plan
from kit.mu2e.sources import Source
from kit.run import Run, RunError

__all__ = [
    "PLAN", "identity_of", "plan_from", "plan_record", "plan_text", "read_plan", "refuse_other",
    "write_plan",
]  # fmt: skip

PLAN = "plan.json"
FORMAT = 2
SHOWN = 5  # faults that a message tells


def plan_record(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON holds it; sources as lists, since there may be many."""
    values = asdict(plan) | {"sources": [list(asdict(source).values()) for source in plan.sources]}
    return {"format": FORMAT} | values | {"checksums": _checksums(values)}


def plan_text(plan: Plan) -> str:
    """Return a plan as text, one line for each of its keys."""
    lines = [
        f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for name, value in plan_record(plan).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def identity_of(plan: Plan) -> str:
    """Return a checksum of all that a plan says."""
    return identity(plan_record(plan))


def read_plan(path: Path) -> Plan:
    """Return the plan in a file.

    Raises
    ------
    FormatError
        If it is none, or was changed since it was written; it names the keys.
    """
    return plan_from(read_json(path), str(path))


def plan_from(content: Any, where: str) -> Plan:
    """Return the plan that a JSON object describes; see `read_plan`."""
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        message = f"{where}: should be the plan.json that mu2e/mixture writes, of format {FORMAT}"
        raise FormatError(message)
    values = {name: value for name, value in content.items() if name not in ("format", "checksums")}
    _refuse_edited(values, content.get("checksums"), where)
    try:
        sources = [Source(*source) for source in values.pop("sources")]
        takes = [[[(p, a, b) for p, a, b in takes] for takes in subrun] for subrun in values.pop("takes")]
        thinning = [(str(branch), float(largest)) for branch, largest in values.pop("thinning")]
        plan = Plan(**values, sources=sources, takes=takes, thinning=thinning)
        faults = plan_faults(plan)
    except (TypeError, ValueError, KeyError, AttributeError) as fault:
        message = f"{where}: {fault}; should be the plan.json that mu2e/mixture writes"
        raise FormatError(message) from None
    if faults:
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        message = f"{where}: cannot be built:\n  " + "\n  ".join([*faults[:SHOWN], *more])
        raise FormatError(message)
    return plan


def write_plan(plan: Plan, run: Run, folder: str = "") -> None:
    """Write a plan into the directory of a run.

    Raises
    ------
    RunError
        If the directory has files that were built from another one; see `refuse_other`.
    """
    refuse_other(plan, run, folder)
    with run.writing(folder + PLAN) as part:
        part.write_text(plan_text(plan), encoding="utf-8")


def refuse_other(plan: Plan, run: Run, folder: str = "") -> None:
    """Refuse to go on with files that an earlier attempt has built from another plan.

    Raises
    ------
    RunError
        If there are any: the ensemble was released and planned anew since, and these events may be another's now.
    """
    place = run.directory / folder
    there = (place / PLAN).read_text(encoding="utf-8") if (place / PLAN).is_file() else ""
    if there != plan_text(plan) and any(place.glob("nts.*.root")):
        message = (
            f"{place} holds files of another plan of ensemble {plan.ensemble}, whose events were given back since;"
            " delete them or choose another output"
        )
        raise RunError(message)


def _checksums(values: dict[str, Any]) -> dict[str, str]:
    return {name: checksum(value) for name, value in values.items()}


def _refuse_edited(values: dict[str, Any], told: Any, where: str) -> None:
    """Refuse keys whose content is not what was written."""
    if not isinstance(told, dict) or not told:
        message = f"{where}: there are no checksums; should be the plan.json that mu2e/mixture writes"
        raise FormatError(message)
    found = _checksums(values)
    if edited := [name for name in told.keys() | found.keys() if told.get(name) != found.get(name)]:
        message = (
            f"{where}: {', '.join(sorted(edited))}: not what was planned, by its checksum: an edited plan may use"
            " events of another ensemble, plan anew"
        )
        raise FormatError(message)
