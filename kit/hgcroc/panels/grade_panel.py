"""The panel of a graded board: what each analysis says of each channel, with its points and its fit.

Every control is also an attribute; nothing is computed anew, so that a page of an old run works as well.
"""

from __future__ import annotations

import html
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from kit.files import read_json
from kit.hgcroc.calibration.units import label_of
from kit.hgcroc.distillation import BEFORE, GRADE, DistillationParameters
from kit.hgcroc.panels.channel_view import channel_records, channel_view, draw_channel
from kit.hgcroc.pictures.board_plots import BoardView, draw_board
from kit.hgcroc.pictures.distillate_plots import draw_before_after
from kit.hgcroc.plots import distillates_of
from kit.hgcroc.summaries import ROWS
from kit.manifest import FinishedRun
from kit.run import Run
from kit.widgets import Browser, Footer, LiveFigure, Panel, ParameterForm, Words
from kit.widgets.look import hooked, line

__all__ = ["GradePanel"]


class GradePanel(Panel):
    """The channels of a distilled board.

    Parameters
    ----------
    run : Run or FinishedRun
        A run of hgcroc/distillation.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    channels : Browser
        The rows of the chosen analysis; ``channels.filter = "noisy"``, ``"chip=1 gain>3.3"``.
    curve, board, change : LiveFigure
        Points and fit of the chosen row; a result on the board; pedestals before and after calibration.
    form : ParameterForm
        The values of the run, to change them and let a job distil the scans again.

    Examples
    --------
    >>> panel = GradePanel(run)
    >>> panel.analysis, panel.quantity = "toa_curves", "q50"
    >>> panel.search = "dead"
    >>> panel.row = 5
    """

    kept = ("form", "analysis", "quantity", "search", "row")

    analysis = traitlets.Unicode(help="which analysis is shown")
    quantity = traitlets.Unicode(help="its result that is drawn on the board")
    search = traitlets.Unicode(help="filter of the channels: words and conditions")
    row = traitlets.Int(0, min=0, help="row of the board whose curve is shown")
    grade = traitlets.Unicode(help="grades of the chips, and why")

    def __init__(self, run: Run | FinishedRun, *, interactive: bool = True) -> None:
        self.found = distillates_of(run)
        before = self.found.pop(BEFORE, None)
        content = read_json(run.directory / GRADE)
        super().__init__(hook="kit-grade", interactive=interactive)
        look: dict[str, Any] = {"interactive": interactive}
        values = run.parameters if isinstance(run.parameters, dict) else run.parameters.model_dump()
        p = DistillationParameters.build({**values, "output": "", "interactive": interactive})
        self.form = ParameterForm(p, folded=True, **look)
        self.summary = Words("kit-told", role="status")
        self.channels = Browser(noun="channels", **look)
        self.curve = LiveFigure(draw_channel, caption=lambda view: view.title, size=(6.0, 4.2), **look)
        self.board = LiveFigure(
            draw_board, caption=lambda view: f"{view.title}: {view.label}", size=(6.0, 5.0), **look
        )
        self.change = LiveFigure(
            draw_before_after, caption="pedestals before and after calibration", size=(6.0, 3.6), **look
        )
        self.grade = "\n".join(
            [f"board {content['board']}: {content['grade']}", *map(_chip_words, content["chips"])]
        )
        self.summary.text = self.grade
        chosen = hooked(ipywidgets.Dropdown(options=list(self.found), description="analysis"), "kit-analysis")
        shown = hooked(ipywidgets.Dropdown(description="result"), "kit-quantity")
        self._choices = shown
        traitlets.link((self, "search"), (self.channels, "filter"))
        self.footer = Footer(self, "hgcroc/distillation", self.form, interactive=interactive)
        again = ipywidgets.Accordion([self.form], titles=["Distil again, with other values"], selected_index=None)
        self.contain(
            self.summary, line(chosen, shown), self.channels, line(self.curve, self.board), self.change, again,
            self.footer,
        )  # fmt: skip
        self.observe(self.guarded(lambda _: self._choose()), "analysis")
        self.observe(self.guarded(lambda _: self._draw_board()), "quantity")
        self.observe(self.guarded(lambda _: self._draw_curve()), "row")
        self.channels.observe(self.guarded(self._follow), "selected")
        if before is not None and "pedestals" in self.found:
            self.change.show((before, self.found["pedestals"]))
        if self.found:
            with_curves = (name for name, each in self.found.items() if "x" in each.curves and each.rows)
            self.analysis = next(with_curves, next(iter(self.found)))
            traitlets.link((self, "analysis"), (chosen, "value"))
        self.footer.begin()

    def close(self) -> None:
        """Stop drawing, and leave the front end; what was submitted goes on."""
        for piece in (self.curve, self.board, self.change, self.footer):
            piece.close()
        super().close()

    def static(self) -> dict[str, Any]:
        """Return the grades in words, and the pictures."""
        bundle = Panel([self.channels, self.curve, self.board, self.change], interactive=False).static()
        bundle["text/plain"] = f"{self.grade}\n{bundle['text/plain']}"
        bundle["text/html"] = f"<pre>{html.escape(self.grade)}</pre>{bundle['text/html']}"
        return bundle

    @traitlets.validate("analysis")
    def _known(self, proposal: Any) -> str:
        if proposal.value not in self.found:
            message = f"there is no analysis {proposal.value!r}, should be one of {', '.join(self.found)}"
            raise traitlets.TraitError(message)
        return str(proposal.value)

    @traitlets.validate("row")
    def _on_the_board(self, proposal: Any) -> int:
        rows = len(next(iter(self.found.values())).chip) if self.found else 1
        if not 0 <= proposal.value < rows:
            message = f"there is no row {proposal.value}, should be 0 to {rows - 1}"
            raise traitlets.TraitError(message)
        return int(proposal.value)

    def _choose(self) -> None:
        found = self.found[self.analysis]
        names = [name for name in found.rows if not name.endswith("_error")]
        self.channels.records = channel_records(found)
        with self.hold_trait_notifications():
            self.quantity = names[0] if names else ""
        self._choices.options = names
        if names:
            self._choices.value = self.quantity
            self._choices.observe(lambda change: setattr(self, "quantity", change.new or ""), "value")
        self._draw_curve()
        self._draw_board()

    def _follow(self, change: Any) -> None:
        """Show the row that is selected in the list."""
        if change.new is not None:
            place = next(
                k for k, each in enumerate(self.channels.records) if each is change.new or each == change.new
            )
            self.row = place

    def _draw_curve(self) -> None:
        found = self.found[self.analysis]
        self.curve.show(channel_view(found, min(self.row, len(found.chip) - 1)))

    def _draw_board(self) -> None:
        found = self.found[self.analysis]
        if self.quantity in found.rows:
            values = np.asarray(found.rows[self.quantity], float).reshape(-1, ROWS)
            self.board.show(BoardView(values, label_of(self.analysis, self.quantity), self.analysis))


def _chip_words(chip: dict[str, Any]) -> str:
    why = f" ({'; '.join(chip['reasons'])})" if chip["reasons"] else ""
    return f"chip {chip['chip']}: {chip['grade']}{why}"
