"""The panel of scans: connect, choose registers, see what it costs, run, watch it grow, hold it, go on.

Its parts are panels of their own, one room each: the board (`stand`), the axes (`builder`), the plan (`plan`), the
run (`scan`), the pictures (`view`), the past (`history`). Every control is also an attribute or a method of its
part; long work runs in a thread. The panel never changes the parameters it was given: `form.parameters` is a new
set, ready to be copied into a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets

from kit import files
from kit.hgcroc.acquisition import AcquisitionParameters
from kit.hgcroc.calibration.chains import scans_of
from kit.hgcroc.panels.axis_panel import FOLDER, AxisPanel
from kit.hgcroc.panels.history_panel import HistoryPanel
from kit.hgcroc.panels.plan_panel import PlanPanel
from kit.hgcroc.panels.run_panel import RunPanel
from kit.hgcroc.panels.stand_panel import StandPanel
from kit.hgcroc.panels.view_panel import ViewPanel
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.planning.from_parameters import plan_from
from kit.hgcroc.planning.limits import beyond
from kit.hgcroc.planning.preview import preview_of
from kit.hgcroc.planning.procedures import read_procedure
from kit.hgcroc.planning.scan import Plan
from kit.widgets import Footer, Panel, ParameterForm
from kit.widgets.look import hooked, line

__all__ = ["ScanPanel"]

GROUPS = {
    "Board": ["network", "board", "board_id", "dialect", "data_path", "seed", "time_scale", "fault"],
    "When something goes wrong": [
        "readback", "on_base_difference", "timeout", "start_timeout", "max_retries", "on_fail", "accept",
        "keep_raw", "check_ranges", "compat", "resume",
    ],
}  # fmt: skip
PAGES = ("Scan", "Board", "Settings", "History")


class ScanPanel(Panel):
    """A scan from its axes to its curves.

    Parameters
    ----------
    p : AcquisitionParameters
        What to begin with; never changed.
    interactive : bool
        See `Panel`; where false the pictures of the scan alone are shown.

    Attributes
    ----------
    form : ParameterForm
        All parameters of the stage; ``form.parameters`` is the checked set.
    stand, builder, plan, scan, view, history : panels
        The parts.

    Examples
    --------
    >>> panel = ScanPanel(p)
    >>> panel.stand.connect()
    >>> panel.builder.axes = []
    >>> panel.builder.add("ReferenceVoltage.Calib", "0:2048:64")
    >>> panel.scan.start()
    >>> panel.view.quantity, panel.view.channels = "tot_median", "0.10 1.20"
    """

    kept = ("form", "builder", "view")

    def __init__(self, p: AcquisitionParameters, *, interactive: bool = True) -> None:
        self.planned: Plan | None = None
        look: dict[str, Any] = {"interactive": interactive}
        self.form = ParameterForm(p, groups=GROUPS, folded=True, **look)
        self.stand = StandPanel(self.form.checked, lambda: self.planned, **look)
        self.plan = PlanPanel(**look)
        self.view = ViewPanel(**look)
        self.scan = RunPanel(self._prepare, self._reached, self.view.follow, **look)
        self.history = HistoryPanel(self.view.look_at, **look)
        self.builder = AxisPanel(self.form.checked, self._choose, **look)
        self.stand.scanning = lambda: self.scan.going
        super().__init__(hook="kit-scan", interactive=interactive)
        scan = line(self.builder, self.plan)
        scan.layout.align_items = "flex-start"
        pages = hooked(ipywidgets.Tab([scan, self.stand, self.form, self.history], titles=PAGES), "kit-pages")
        self.footer = Footer(self, "hgcroc/acquisition", self.form, interactive=interactive)
        self.contain(pages, self.scan, self.view, self.footer)
        look_again = self.guarded(lambda _: self.look(), "plan")
        self.form.observe(look_again, "parameters")
        self.builder.observe(look_again, "axes")
        self.stand.observe(look_again, "description")
        look_again(None)
        self.footer.begin()

    def look(self) -> None:
        """Plan the scan as it stands, and show what it costs; nothing is sent anywhere.

        Raises
        ------
        ProcedureError
            With all faults of the plan, those among them that only the connected board knows.
        """
        if self.form.parameters is None:
            return
        p, self.planned = self.form.checked(), None
        self.builder.load()
        if self.builder.workflow:
            self._look_at_workflow(p)
            return
        if self.builder.draft.changed:
            procedure, findings = self.builder.draft.procedure(self.builder.name)
        else:
            procedure, findings = read_procedure(files.resolve(p.config), p.procedure, p.dialect)
        if procedure.calibrations:  # what they will set is not known before they are made
            names = ", ".join(procedure.calibrations)
            findings.warn(procedure.spot, f"the calibrations {names} are made before, with the scans they need")
        plan = plan_from(p, replace(procedure, calibrations=[]), findings)
        limits = self.stand.stand.limits if self.stand.stand is not None else None
        told = beyond(plan, limits) if limits is not None and p.check_ranges != "off" else []
        if told and p.check_ranges == "error":
            raise ProcedureError(told)
        self.planned = plan
        self.builder.programs = plan.settings(0)
        self.builder.limits = limits
        self.builder.refresh()
        self.plan.show(preview_of(p, plan), [*findings.warnings, *told])

    def _look_at_workflow(self, p: AcquisitionParameters) -> None:
        """Show what all scans of a workflow cost; what calibrations will set is not known before they are made."""
        if self.builder.draft.changed:
            message = f"{p.procedure} is a workflow: choose one of its scans to change axes"
            raise ProcedureError([message])
        previews = []
        for name in scans_of(p):
            procedure, findings = read_procedure(files.resolve(p.config), name, p.dialect)
            previews.append(preview_of(p, plan_from(p, replace(procedure, calibrations=[]), findings)))
        self.plan.show_chain(previews)

    def look_at(self, path: Any) -> None:
        """Look at a scan that was measured before: its file or folder."""
        self.view.look_at(path)

    def static(self) -> dict[str, Any]:
        """Return what the scan costs, and the pictures."""
        shown = self.view.static()
        return shown | {"text/plain": f"{self.plan.static()['text/plain']}\n{shown['text/plain']}"}

    def close(self) -> None:
        """End the scan and the emulated board, and leave the front end."""
        self.scan.runner.stop()
        self.scan.runner.wait(20)
        for part in (self.stand, self.view, self.footer):
            part.close()
        super().close()

    def _choose(self, config: str, procedure: str) -> None:
        self.form.set(config=config, procedure=procedure)

    def _prepare(self) -> AcquisitionParameters:
        """Return the parameters of the scan as it stands; a procedure that was changed is saved."""
        self.look()
        if self.builder.draft.changed:
            self.builder.save(self._free_path())
        return self.form.checked().with_values(interactive=self.interactive)

    def _free_path(self) -> str:
        """Return where the changed procedure goes: not over that of a scan which waits."""
        taken = {p.config for p in self.scan.queue}
        stem = f"{FOLDER}/{self.builder.name}"
        paths = (f"{stem}.yaml", *(f"{stem}_{k}.yaml" for k in range(2, len(taken) + 3)))
        return next(path for path in paths if path not in taken)

    def _reached(self, p: AcquisitionParameters, interrupt: Callable[[], bool]) -> AcquisitionParameters:
        """Return parameters as the connected board is reached; connect where that was not done."""
        stand = self.stand.join(interrupt)
        procedure, _ = read_procedure(files.resolve(p.config), scans_of(p)[-1], p.dialect)
        return stand.parameters(p, procedure.dialect)
