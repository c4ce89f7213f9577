"""The procedure's part of the panel: choose one, search registers, fan them out, and make axes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from kit import files, wording
from kit.hgcroc.options import AcquisitionParameters
from kit.hgcroc.panels import building
from kit.hgcroc.panels.axis_controls import lay_out, make_controls
from kit.hgcroc.panels.drafts import Draft, read_draft
from kit.hgcroc.planning.procedures import read_library
from kit.hgcroc.registers import RegisterTable, register_table
from kit.widgets import Panel, Words

__all__ = ["FOLDER", "AxisPanel"]

FOLDER = "outputs/hgcroc/procedures"
TEMPLATE = "target:\n  roc_s0:\n    ch:\n      {{ value }}: {HighRange: 1}\n"


class AxisPanel(Panel):
    """A procedure and its axes.

    Parameters
    ----------
    parameters : callable
        Returns the present parameters: main file, procedure, board.
    choose : callable
        Takes main file and procedure when another one is chosen.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    draft : Draft
        The procedure as it stands; ``draft.changed`` tells whether it is not that of the file any more.
    workflow : bool
        Whether it is a workflow, which has no axes of its own.
    limits : ndarray or None
        Highest values as a connected board tells them.
    controls : namespace
        All fields and buttons.

    Examples
    --------
    >>> panel.axes = []
    >>> panel.add("ReferenceVoltage.Calib", "0:2048:64")
    >>> panel.add("ch.trim_inv", "0:64:8", rocs=["roc_s0"], numbers="0-71:4")
    >>> panel.couple("ReferenceVoltage.Toa_vref", "lin 100 200 8")
    """

    kept = ("axes", "search", "name")

    axes: Any = traitlets.List(help="axes, the slowest first, as dialect 1.0.15 writes them")
    search = traitlets.Unicode("Calib", help="parts of the name of a register, or of a setting of the programs")
    register = traitlets.Unicode(help="the register or setting that is added next")
    rocs = traitlets.Tuple(help="ROCs that it fans out to; empty for all")
    numbers = traitlets.Unicode("all", help="channels or halves that it fans out to, such as 0-71:4")
    values = traitlets.Unicode("0:2048:128", help="start:stop:step, a list, lin or log START END COUNT")
    template = traitlets.Unicode(TEMPLATE, help="text of a template axis, with {{ value }}")
    default = traitlets.Unicode(help="text that lies below all steps of a template axis")
    chosen = traitlets.Int(-1, help="the axis that is moved, coupled or removed; -1 is the last")
    name = traitlets.Unicode("panel_scan", help="of the procedure that is saved")
    programs: Any = traitlets.Dict(help="settings of the acquisition programs, which can be stepped, too")

    def __init__(
        self,
        parameters: Callable[[], AcquisitionParameters],
        choose: Callable[[str, str], object],
        *,
        interactive: bool = True,
    ) -> None:
        self._parameters, self._choose = parameters, choose
        self.limits: Any = None
        self._source: tuple[str, str] | None = None
        self.showing = self.workflow = False
        super().__init__(hook="kit-build", interactive=interactive)
        self.range, self.dialect = Words("kit-range"), Words("kit-dialect", role="status")
        self.controls = make_controls(self)
        lay_out(self)
        self.draft = Draft({}, "1.0.15", ())
        self.load()
        self.refresh()

    @property
    def table(self) -> RegisterTable:
        """The registers of the kind of board."""
        return register_table(self._parameters().board)

    def load(self) -> None:
        """Take over the procedure that the parameters name, if it is not the one that is here."""
        p = self._parameters()
        if self._source == (p.config, p.procedure):
            return
        self.workflow = p.procedure in read_library(files.resolve(p.config)).workflows
        # the axes of a workflow are those of its scans
        self.draft = Draft({}, "1.0.15", ()) if self.workflow else read_draft(files.resolve(p.config), p.procedure)
        self._source = p.config, p.procedure
        self.axes = list(self.draft.axes)
        self.draft = Draft(self.draft.content, self.draft.dialect, self.draft.axes)
        self._show()

    def choose(self, procedure: str) -> None:
        """Choose another procedure of the main file."""
        self._choose(self._parameters().config, procedure)

    def procedures(self) -> list[str]:
        """Return the names of all scans and workflows of the main file."""
        library = read_library(files.resolve(self._parameters().config))
        return [*library.names(), *library.workflows]

    def open_file(self, path: str, procedure: str = "") -> None:
        """Choose another main file, of either dialect, and a procedure in it; the first where none is named."""
        names = read_library(files.resolve(path)).names()
        if not names:
            message = f"{path}: holds no daq procedure"
            raise ValueError(message)
        self._choose(path, procedure or names[0])

    def save(self, path: str = "") -> Path:
        """Write the procedure with its axes, in its dialect, choose it, and return its path.

        Where no path is given, it goes below ``outputs/hgcroc/procedures``, by its name.
        """
        chosen = files.resolve(path or f"{FOLDER}/{self.name}.yaml")
        self.draft.write(chosen, self.name)
        self._source = files.shown(chosen), self.name
        self.draft = Draft(self.draft.content, self.draft.dialect, self.draft.axes)
        self._choose(*self._source)
        self._show()
        return chosen

    def find(self) -> list[str]:
        """Return the registers and settings that the search means."""
        found = building.find_registers(self.table, self.search)
        return found + building.find_settings(self.programs, self.search)

    def axis(self, register: str = "", values: str = "", **fan_out: Any) -> dict[str, Any]:
        """Return an axis over a register or setting; what is not given is taken from the controls."""
        name, values = register or self.register, values or self.values
        if name.split(".")[0] in building.SETTINGS:
            return building.setting_axis(name, values)
        if not register:
            fan_out = {"rocs": list(self.rocs) or None, "numbers": self.numbers} | fan_out
        return building.axis_of(self.table, name, values, **fan_out)

    def add(self, register: str = "", values: str = "", **fan_out: Any) -> None:
        """Add an axis, the fastest so far: ``add("ch.trim_inv", "0:64:8", rocs=["roc_s0"], numbers="0-71:4")``.

        Raises
        ------
        ValueError
            If there is no such register, or the texts mean nothing.
        """
        self.axes = [*self.axes, self.axis(register, values, **fan_out)]

    def add_template(self, template: str = "", values: str = "", default: str = "") -> None:
        """Add an axis of a text that is filled in; what is not given is taken from the controls."""
        made = building.template_axis(
            template or self.template, values or self.values, default if template else self.default
        )
        self.axes = [*self.axes, made]

    def couple(self, register: str = "", values: str = "", **fan_out: Any) -> None:
        """Let another register step together with the chosen axis."""
        place = self._place()
        both = building.coupled(self.axes[place], self.axis(register, values, **fan_out))
        self.axes = [*self.axes[:place], both, *self.axes[place + 1 :]]

    def remove(self) -> None:
        """Take the chosen axis away."""
        place = self._place()
        self.axes = [*self.axes[:place], *self.axes[place + 1 :]]

    def move(self, steps: int) -> None:
        """Make the chosen axis slower (-1) or faster (1)."""
        place = self._place()
        to = min(max(place + steps, 0), len(self.axes) - 1)
        axes = list(self.axes)
        axes.insert(to, axes.pop(place))
        self.axes, self.chosen = axes, to

    def _place(self) -> int:
        if not self.axes:
            message = "there is no axis: add one"
            raise ValueError(message)
        return self.chosen if 0 <= self.chosen < len(self.axes) else len(self.axes) - 1

    def refresh(self) -> None:
        """Search again: the board, its limits or the settings are others."""
        here = self.controls
        found = self.find()
        self.showing = True
        try:
            here.register.options = found
            self.register = self.register if self.register in found else (found[0] if found else "")
            here.register.value = self.register or None
            if here.rocs.options != self.table.rocs:
                here.rocs.options, self.rocs = self.table.rocs, ()
        finally:
            self.showing = False
        self._tell_range()

    @traitlets.validate("axes")
    def _axes_are_axes(self, proposal: Any) -> Any:
        for number, axis in enumerate(proposal["value"]):
            if not isinstance(axis, dict) or "values" not in axis or not {"key", "template"} & set(axis):
                shown = wording.short(repr(axis))
                message = f"axis {number} is {shown}, should be a map with values and with key or template"
                raise traitlets.TraitError(message)
        return proposal["value"]

    @traitlets.observe("axes")
    def _axes_changed(self, _change: Any) -> None:
        if hasattr(self, "draft"):
            self.draft = self.draft.with_axes(self.axes)
        self._show()

    def _show(self) -> None:
        """Let the lists show the axes and the procedure."""
        here = self.controls
        self.showing = True
        try:
            words = [f"{k}  {building.axis_words(axis)}" for k, axis in enumerate(self.axes, 1)]
            here.axes.options = [(text, k) for k, text in enumerate(words)]
            here.axes.value = self._place() if self.axes else None
            if hasattr(self, "draft"):
                changed = ", changed: it is saved when it is started" if self.draft.changed else ""
                self.dialect.text = f"dialect {self.draft.dialect}{changed}"
            p = self._parameters()
            here.procedure.options = names = self.guarded(self.procedures, "names")() or [p.procedure]
            here.procedure.value = p.procedure if p.procedure in names else None
            here.file.value = p.config
        finally:
            self.showing = False

    def _tell_range(self) -> None:
        if self.register and self.register.split(".")[0] not in building.SETTINGS:
            self.range.text = building.range_of(self.table, self.register, self.limits)
        else:
            self.range.text = "a setting of the acquisition programs" if self.register else "nothing is found"

    def follow(self) -> None:
        """Let the controls show what is chosen."""
        if self.register in self.controls.register.options:
            self.controls.register.value = self.register
        self.controls.rocs.value = tuple(roc for roc in self.rocs if roc in self.controls.rocs.options)
        if self.axes:
            self.controls.axes.value = self._place()
        self._tell_range()
