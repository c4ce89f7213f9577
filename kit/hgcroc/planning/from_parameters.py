"""From parameters to the plan of a scan: its file is read and checked, nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kit import files
from kit.hgcroc.options import AcquisitionParameters, identity
from kit.hgcroc.planning.dialects import Layer, Procedure
from kit.hgcroc.planning.documents import Findings
from kit.hgcroc.planning.procedures import read_library, read_procedure
from kit.hgcroc.planning.scan import Plan, make_plan
from kit.hgcroc.registers import register_table

__all__ = ["keeps_events", "last_scan", "plan_from", "plan_of"]


def plan_of(p: AcquisitionParameters, overlays: Sequence[Layer] | None = None) -> tuple[Plan, Findings]:
    """Return the plan that the parameters ask for, and what is noticed about it.

    Without `overlays` it is a plan to look at: calibrations that are not made yet are left out, with a word about
    it, and of a workflow it is the plan of the last scan.

    Raises
    ------
    ProcedureError
        With all faults of the procedure.
    """
    name = p.procedure if overlays is not None else last_scan(p)
    procedure, findings = read_procedure(files.resolve(p.config), name, p.dialect)
    if overlays is None and procedure.calibrations:
        told = ", ".join(procedure.calibrations)
        findings.warn(procedure.spot, f"asks for calibration {told}, which is made before and is not in this plan")
        procedure = replace(procedure, calibrations=[])
    return plan_from(p, procedure, findings, overlays or ()), findings


def last_scan(p: AcquisitionParameters) -> str:
    """Return the procedure that the parameters name; of a workflow its last scan, for which it is made."""
    library = read_library(files.resolve(p.config))
    scans = [task for task in library.workflows.get(p.procedure, []) if task in library.names()]
    return scans[-1] if scans else p.procedure


def plan_from(
    p: AcquisitionParameters, procedure: Procedure, findings: Findings, overlays: Sequence[Layer] = ()
) -> Plan:
    """Return the plan of a procedure that has been read.

    This is the one place where calibrations come in. A procedure that names analyses in ``calibration:`` needs
    for each an overlay: a layer of kind ``calibration``, made by `dialects.sections` from a document with a
    register tree. They lie, in order, over init and override and below the axes; their registers and values are
    part of the hash, are written absolutely with everything else and are read back after each point. Without
    them such a procedure is refused.

    Raises
    ------
    ProcedureError
        With all faults.
    """
    if procedure.calibrations and not overlays:
        names = ", ".join(procedure.calibrations)
        findings.fault(procedure.spot, f"asks for calibration {names}, which is not there yet")
    return make_plan(
        procedure,
        register_table(p.board),
        findings,
        repeats=p.repeats,
        n_events=p.n_events,
        check=p.check_ranges,
        compat=p.compat,
        calibrations=overlays,
        about=f"{identity(p)} {p.mode}",
    )


def keeps_events(p: AcquisitionParameters, plan: Plan) -> bool:
    """Tell whether every single event is kept."""
    return (plan.procedure.mode if p.mode == "file" else p.mode) == "full"
