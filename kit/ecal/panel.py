"""The panel of windows: choose one, see its clusters and why each is in or out, move the working point.

Every control is also an attribute or a method, so that all of it works in a cell, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from kit import files
from kit.ecal import display
from kit.ecal.access import Part
from kit.ecal.cluster_table import TABLE, rows_of
from kit.ecal.events import IntArray
from kit.ecal.inspection import Inspection
from kit.ecal.panel_beside import Beside
from kit.ecal.panel_controls import RINGS, Controls, arrangement, energy_of, threshold_of, within
from kit.ecal.panel_exports import export_window
from kit.ecal.panel_handover import source_of
from kit.ecal.panel_pictures import View, caption, cluster_at, draw_ratio, draw_views, ratio_caption
from kit.ecal.panel_reading import Reading
from kit.ecal.plots import draw_one
from kit.parameters import Parameters
from kit.widgets import Footer, LiveFigure, Panel, Words
from kit.widgets.picking import listen, pixel_of

__all__ = ["WindowPanel"]

VIEW = ("filter", "place", "selected", "threshold", "outline", "ringed", "logarithmic", "compared")


class WindowPanel(Panel):
    """Windows of a run or of a dataset, one at a time or two.

    Parameters
    ----------
    paths : sequence of paths
        Parquet files of windows; any number of them.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    inspection : Inspection
        The windows.
    numbers : ndarray of int
        Those that pass the filter.
    source : Source
        The run they come from, whose parameters can be copied and submitted.
    part, shown : Part, Shown
        The chosen one, as stored and as drawn.

    Examples
    --------
    >>> panel.filter = "et>20 and (diffcalo=yes or differ=yes)"
    >>> panel.next()
    >>> panel.threshold, panel.selected = 0.01, 2
    """

    kept = (*VIEW, "order", "folder")
    filter = traitlets.Unicode(help="condition: et>20 matched=yes, or et>20 and (ncls>=3 or abs(phi)<1)")
    place = traitlets.Int(0, min=0, help="place of the window among those that pass the filter, from 0")
    selected = traitlets.Int(None, allow_none=True, help="place of the chosen cluster; None for none")
    threshold = traitlets.Float(None, allow_none=True, help="common working point; None takes that of the file")
    outline = traitlets.Float(None, allow_none=True, help="energy of the mustache, GeV; None: the selected one's")
    ringed = traitlets.Enum(
        [name for _, name in RINGS], "mustache", help="ringed clusters: in the mustache, its shape"
    )
    order = traitlets.Enum(TABLE, "et", help="column that the table is sorted by")
    logarithmic = traitlets.Bool(True, help="colours of the crystals by the logarithm of the energy")
    compared = traitlets.Int(
        None, allow_none=True, help="number of the window that is shown beside; None for none"
    )
    folder = traitlets.Unicode("outputs/exports", help="where exports are written")

    def __init__(self, paths: Sequence[Path | str], *, interactive: bool = True) -> None:
        self.inspection = Inspection(paths)
        self.numbers = np.arange(len(self.inspection))
        self.part: Part | None = None
        self.shown: display.Shown | None = None
        self._second: tuple[tuple[Any, ...], View] | None = None
        look: dict[str, Any] = {"experiment": "CMS", "settled": True, "interactive": interactive}
        views: dict[str, Any] = {"columns": 3, "size": (17, 5.2), "caption": caption, **look}
        self.picture = LiveFigure(draw_views, **views)
        self.beside = Beside(LiveFigure(draw_views, **views), interactive=interactive)
        self.spectrum = LiveFigure(draw_ratio, size=(6.5, 3.4), caption=ratio_caption, **look)
        self.heading, self.told = Words("kit-heading", role="status"), Words("kit-told", role="status")
        super().__init__(hook="kit-windows", interactive=interactive)
        listen(self.picture, lambda x, y, _add: self.pick(x, y))
        self.reading = Reading(self.inspection, self.told, self.guarded, interactive=interactive)
        self.source = source_of(paths)
        self.footer = Footer(self, self.source.stage, parameters=self.parameters, interactive=interactive)
        self.controls = Controls(self._act)
        self.contain(*arrangement(self))
        for names, act in (
            (["filter"], self._filter),
            (["place"], self._look),
            (["selected", "order", "logarithmic", "outline"], self._show),
            (["compared"], self._compare),
            (["threshold", "ringed"], self._relabel),
        ):
            self.observe(self.guarded(lambda _, act=act: act()), names)
        self.guarded(self._filter)()
        self.footer.begin()

    @traitlets.validate("threshold", "outline", "compared")
    def _within(self, proposal: Any) -> Any:
        """Refuse what cannot be shown before it is kept: a trait that is wrong would spoil all that follows."""
        return within(proposal["trait"].name, proposal["value"], len(self.inspection))

    def next(self) -> None:
        """Show the window after this one; after the last comes none."""
        self.go_to(self.place + 1)

    def previous(self) -> None:
        """Show the window before this one; before the first is none."""
        self.go_to(self.place - 1)

    def random(self) -> None:
        """Show any window that passes the filter."""
        self.go_to(int(np.random.default_rng().integers(max(len(self.numbers), 1))))

    def go_to(self, place: int) -> None:
        """Show the window at `place` among those that pass the filter, or the nearest that there is."""
        self.place = int(np.clip(place, 0, max(len(self.numbers) - 1, 0)))

    def find(self, name: str) -> None:
        """Show the window called ``run:lumi:event:seed``, whatever the filter."""
        self.reading.find(name, self._show_number)

    def pick(self, x: float, y: float) -> None:
        """Choose the cluster at a place of the picture, in shares from its top left; none where none is near."""
        if self.shown is not None:
            self.picture.flush()
            self.selected = cluster_at(self.picture.figure.axes, self.shown, pixel_of(self.picture, x, y))

    def compare(self) -> None:
        """Keep the shown window beside those that come; a second time: no more."""
        own = int(self.numbers[self.place]) if len(self.numbers) else None
        self.compared = None if self.compared == own else own

    def rows(self) -> list[dict[str, Any]]:
        """Return the table of clusters, sorted, with the reason of each label."""
        return rows_of(self.shown, self.order) if self.shown is not None else []

    def values(self) -> dict[str, Any]:
        """Return what reproduces the view: ``WindowPanel(paths)`` with these set."""
        return {name: getattr(self, name) for name in VIEW}

    def parameters(self) -> Parameters:
        """Return the parameters of a run that labels the windows as they are looked at; see `Source`."""
        return self.source.parameters(self.threshold, self.folder)

    def export(self) -> list[Path]:
        """Write picture (PNG and PDF), table (CSV) and window with the view (JSON), and return the files."""
        if self.part is None:
            message = "no window is chosen; the filter may match none"
            raise ValueError(message)
        drawing = draw_one(self.shown_of(self.part), self.selected, self.outline)
        view = {"paths": [str(path) for path in self.inspection.files.paths], **self.values()}
        written = export_window(self.folder, drawing, self.rows(), self.part, view)
        self.told.text = f"written: {', '.join(files.shown(path) for path in written)}"
        return written

    def shown_of(self, part: Part) -> display.Shown:
        """Return a window as it is drawn at the chosen threshold."""
        return display.shown(part, self.threshold, self.ringed)

    def static(self) -> dict[str, Any]:
        """Return the pictures, and the table as text."""
        bundle = super().static()
        bundle["text/plain"] = "\n".join([self.heading.text, *(str(row["why"]) for row in self.rows())])
        return bundle

    def close(self) -> None:
        """Stop reading and drawing, and leave the front end."""
        for picture in (self.picture, self.beside.picture, self.spectrum):
            picture.close()
        self.reading.close()
        super().close()

    def _filter(self) -> None:
        text = self.filter
        self.reading.match(text, lambda numbers: self._choose(numbers) if text == self.filter else None)

    def _show_number(self, number: int) -> None:
        if number not in self.numbers:
            self.filter = ""
        self.go_to(int(np.searchsorted(self.numbers, number)))

    def _choose(self, numbers: IntArray) -> None:
        self.numbers = numbers
        place = min(self.place, max(len(self.numbers) - 1, 0))
        if place == self.place:
            self._look()
        self.place = place  # where it changes, that window is looked at
        self._show_spectrum()

    def _look(self) -> None:
        """Read the chosen window."""
        count = len(self.numbers)
        if count and self.place >= count:
            message = f"place is {self.place}, should be below {count}, the windows that pass the filter"
            self.place = count - 1
            raise ValueError(message)
        self.part = self.inspection.one(int(self.numbers[self.place])) if count else None
        if self.selected is None:
            self._show()
        self.selected = None  # where it changes, that is shown

    def _relabel(self) -> None:
        self._show()
        self._show_spectrum()

    def _show(self) -> None:
        """Let pictures, table and controls show the traits."""
        self.shown = self.shown_of(self.part) if self.part is not None else None
        count, rows = len(self.numbers), self.rows()
        self.heading.text = "no window matches"
        if self.shown is not None:
            self.heading.text = f"{self.place + 1} of {count} windows: {display.heading(self.shown)}"
            if self.selected is not None and not 0 <= self.selected < len(rows):
                message = f"cluster {self.selected} is not among the {len(rows)} of the window"
                raise ValueError(message)
            self.picture.show(View(self.shown, self.selected, self.logarithmic, self.outline))
            self.told.text = display.reason(self.shown, self.selected) if self.selected is not None else ""
        self.controls.show({**self.values(), "order": self.order}, rows, count)
        self._compare()

    def _compare(self) -> None:
        look = (self.compared, self.threshold, self.ringed, self.logarithmic, self.outline)
        if self.compared is None:
            self._second = None
        elif self._second is None or self._second[0] != look:  # else it is drawn already
            shown = self.shown_of(self.inspection.one(self.compared))
            self._second = look, View(shown, None, self.logarithmic, self.outline)
        self.beside.show(self.shown, self._second[1] if self._second else None)

    def _show_spectrum(self) -> None:
        self.spectrum.show(self.inspection.relabel(self.numbers, self.threshold))

    def _act(self, name: str, value: Any) -> None:
        """Do what a person has set."""
        acts: dict[str, Callable[[], object]] = {
            "number": lambda: self.go_to(value - 1),
            "name": lambda: self.find(value.strip()) if value.strip() else None,
            "fixed": lambda: self.set_trait("threshold", None if value else threshold_of(self.part)),
            "outline": lambda: self.set_trait("outline", energy_of(value)),
        }
        self.guarded(acts.get(name, lambda: self.set_trait(name, value)), name)()
