"""The plan's part of the panel: what a scan costs before it is started, and all its points, page by page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import traitlets

from kit import files, wording
from kit.hgcroc.planning.preview import Preview, Step, chain_words
from kit.widgets import Panel, Words
from kit.widgets.look import hooked, line

__all__ = ["PlanPanel"]

ROWS = 12  # points of a page
STYLE = "padding: 1px 12px 1px 0; text-align: right"


class PlanPanel(Panel):
    """What a scan would do; nothing is sent anywhere.

    Attributes
    ----------
    preview : Preview or None
        What is shown; None where the plan has faults.
    """

    cost = traitlets.Unicode(help="points, writes, time and disk, in words")
    first = traitlets.Int(0, min=0, help="place of the first point of the table in the order")
    shown = traitlets.Unicode(help="the table as text")

    def __init__(self, *, interactive: bool = True) -> None:
        self.preview: Preview | None = None
        self._warnings: list[str] = []
        self._told, self._table = Words("kit-told", role="status"), hooked(ipywidgets.HTML(), "kit-preview")
        super().__init__(hook="kit-plan", interactive=interactive)
        self.number = ipywidgets.BoundedIntText(
            description="from place",
            min=0,
            max=0,
            layout={"width": "12em"},
            style={"description_width": "initial"},
        )
        self.number.observe(lambda change: self.set_trait("first", change.new), "value")
        self.contain(
            self._told,
            self._table,
            line(self.button("Back", lambda: self.turn(-1), "the points before"),
                 self.button("On", lambda: self.turn(1), "the points behind"), self.number),
        )  # fmt: skip

    def show(self, preview: Preview, warnings: Sequence[str] = ()) -> None:
        """Show a plan, and what was noticed about it."""
        self.preview, self._warnings = preview, list(warnings)
        if trouble := preview.room(files.resolve("outputs")):
            self._warnings.append(trouble)
        self.cost = preview.words
        self.number.max = max(len(preview.order) - 1, 0)
        self.first = min(self.first, self.number.max)
        self._draw()

    def show_chain(self, previews: Sequence[Preview], warnings: Sequence[str] = ()) -> None:
        """Show the scans of a workflow, one line each."""
        self.preview, self._warnings, self.cost = None, list(warnings), chain_words(previews)
        self._told.text = "\n".join([f"dry run: {self.cost}", *self._warnings])
        rows = [
            [each.plan.procedure.name, str(each.cost.points), f"{each.cost.seconds:.3g} s"] for each in previews
        ]
        self.shown = "\n".join(f"{name}: {points} points, {seconds}" for name, points, seconds in rows)
        self._table.value = _table(["scan", "points", "time"], rows)

    def turn(self, pages: int) -> None:
        """Go some pages on, or back."""
        self.first = min(max(self.first + pages * ROWS, 0), self.number.max)

    def static(self) -> dict[str, Any]:
        """Return the cost as text."""
        return {"text/plain": self._told.text}

    @traitlets.observe("first")
    def _draw(self, _change: Any = None) -> None:
        if self.preview is None:
            return
        self.number.value = self.first
        self._told.text = "\n".join([f"dry run: {self.cost}", *self._warnings])
        labels = [axis.label for axis in self.preview.plan.axes]
        steps = self.preview.steps(self.first, ROWS)
        rows = [[str(step.place), str(step.point), *map(_value, step.values), str(step.writes)] for step in steps]
        self.shown = "\n".join(_line(labels, step) for step in steps)
        self._table.value = _table(["place", "point", *labels, "writes"], rows)


def _line(labels: Sequence[str], step: Step) -> str:
    told = ", ".join(f"{label} {_value(value)}" for label, value in zip(labels, step.values, strict=True))
    return f"{step.point}: {told or 'one point'} ({step.writes} writes)"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {number}" for name, number in value.items())
    return wording.short(str(value))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [[f'<th style="{STYLE}">{html.escape(word)}</th>' for word in heads]]
    cells += [[f'<td style="{STYLE}">{html.escape(word)}</td>' for word in row] for row in rows]
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return f'<table style="border-collapse: collapse; line-height: 1.35">{lines}</table>'
