"""The panel of windows: choose one, see its clusters and why each is in or out, move the working point.

Every control is also an attribute or a method, so that all of it works in a cell, too.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from kit import files
from kit.ecal import display
from kit.ecal.access import Part
from kit.ecal.inspection import Inspection
from kit.ecal.panel_pictures import caption, draw_ratio, draw_views, ratio_caption, row_line
from kit.ecal.plots import draw_one
from kit.ecal.window_columns import COLUMNS
from kit.widgets import LiveFigure, Panel, Words
from kit.widgets.look import hooked, line

__all__ = ["WindowPanel"]

TABLE = ("cluster", "in", "score", "over WP", "energy", "et", "deta", "dphi")
LEAST = 1e-4  # end of the slider


class WindowPanel(Panel):
    """Windows of a run or of a dataset, one at a time.

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
    part, shown : Part, Shown
        The chosen one, as stored and as drawn.

    Examples
    --------
    >>> panel.filter = "et>20 diffcalo=yes differ=yes"
    >>> panel.next()
    >>> panel.threshold, panel.selected = 0.01, 2
    """

    filter = traitlets.Unicode(help="conditions: et>20 matched=yes ncls>=3")
    place = traitlets.Int(0, min=0, help="place of the window among those that pass the filter, from 0")
    selected = traitlets.Int(None, allow_none=True, help="place of the chosen cluster; None for none")
    threshold = traitlets.Float(None, allow_none=True, help="common working point; None takes that of the file")
    order = traitlets.Enum(TABLE, "et", help="column that the table is sorted by")
    logarithmic = traitlets.Bool(True, help="colours of the crystals by the logarithm of the energy")
    folder = traitlets.Unicode("outputs/exports", help="where exports are written")

    def __init__(self, paths: Sequence[Path | str], *, interactive: bool = True) -> None:
        self.inspection = Inspection(paths)
        self.numbers = np.arange(len(self.inspection))
        self.part: Part | None = None
        self.shown: display.Shown | None = None
        self._showing = False
        look: dict[str, Any] = {"experiment": "CMS", "interactive": interactive}
        self.picture = LiveFigure(draw_views, columns=3, size=(17, 5.2), caption=caption, **look)
        self.spectrum = LiveFigure(draw_ratio, size=(6.5, 3.4), caption=ratio_caption, **look)
        self.heading, self.told = Words("kit-heading", role="status"), Words("kit-told", role="status")
        super().__init__(hook="kit-windows", interactive=interactive)
        self._make_controls()
        self.observe(self.guarded(lambda _: self._filter()), "filter")
        self.observe(self.guarded(lambda _: self._look()), "place")
        self.observe(self.guarded(lambda _: self._show()), ["selected", "order", "logarithmic"])
        self.observe(self.guarded(lambda _: self._relabel()), "threshold")
        self.guarded(self._filter)()

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
        number = self.inspection.find(name)
        if number not in self.numbers:
            self.filter = ""
        self.place = int(np.searchsorted(self.numbers, number))

    def rows(self) -> list[dict[str, Any]]:
        """Return the table of clusters, sorted, with the reason of each label."""
        if self.shown is None:
            return []
        s, energy = self.shown, self.shown.part.cluster["en_cluster"]
        rows = [
            {
                "cluster": place,
                "in": bool(s.in_scluster[place]),
                "score": float(s.score[place]),
                "over WP": float(s.score[place] / s.threshold) if s.threshold > 0 else float("nan"),
                "energy": float(energy[place]),
                "et": float(s.et[place]),
                "deta": float(s.deta[place]),
                "dphi": float(s.dphi[place]),
                "why": display.reason(s, place),
            }
            for place in range(len(s.et))
        ]
        return sorted(rows, key=lambda row: row[self.order], reverse=self.order != "cluster")

    def values(self) -> dict[str, Any]:
        """Return what reproduces the view: ``WindowPanel(paths)`` with these set."""
        return {name: getattr(self, name) for name in ("filter", "place", "selected", "threshold", "logarithmic")}

    def export(self) -> list[Path]:
        """Write picture (PNG and PDF), table (CSV) and window with the view (JSON), and return the files."""
        if self.part is None or self.shown is None:
            message = "no window is chosen; the filter may match none"
            raise ValueError(message)
        name = str(self.part.window["window_index"][0]).replace(":", "_")
        stem = files.resolve(self.folder) / f"window_{name}"
        stem.parent.mkdir(parents=True, exist_ok=True)
        written = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "pdf", "csv", "json")]
        drawing = draw_one(self.part, self.threshold, self.selected)
        for path in written[:2]:
            with files.whole(path) as part:
                drawing.savefig(part)
        with files.whole(written[2]) as part, part.open("w", encoding="utf-8", newline="") as stream:
            lines = csv.DictWriter(stream, [*TABLE, "why"], lineterminator="\n")
            lines.writeheader()
            lines.writerows(self.rows())
        window = {name: values[0] for name, values in self.part.window.items()}
        clusters = {name: values.tolist() for name, values in self.part.cluster.items()}
        content = json.loads(files.json_text({"view": self.values(), "window": window, "clusters": clusters}))
        files.write_json(written[3], content)
        self.told.text = f"written: {', '.join(files.shown(path) for path in written)}"
        return written

    def static(self) -> dict[str, Any]:
        """Return the pictures, and the table as text."""
        bundle = super().static()
        bundle["text/plain"] = "\n".join([self.heading.text, *(str(row["why"]) for row in self.rows())])
        return bundle

    def _filter(self) -> None:
        self.numbers = self.inspection.matching(self.filter)
        place = min(self.place, max(len(self.numbers) - 1, 0))
        if place == self.place:
            self._look()
        self.place = place  # where it changes, that window is looked at
        self._show_spectrum()

    def _look(self) -> None:
        """Read the chosen window."""
        self.part = self.inspection.one(int(self.numbers[self.place])) if len(self.numbers) else None
        if self.selected is None:
            self._show()
        self.selected = None  # where it changes, that is shown

    def _relabel(self) -> None:
        self._show()
        self._show_spectrum()

    def _show(self) -> None:
        """Let pictures, table and controls show the traits."""
        here = self.controls
        self.shown = display.shown(self.part, self.threshold) if self.part is not None else None
        count = len(self.numbers)
        self.heading.text = (
            f"{self.place + 1} of {count} windows: {display.heading(self.shown)}"
            if self.shown
            else "no window matches"
        )
        rows = self.rows()
        if self.shown is not None:
            if self.selected is not None and not 0 <= self.selected < len(rows):
                message = f"cluster {self.selected} is not among the {len(rows)} of the window"
                raise ValueError(message)
            self.picture.show((self.shown, self.selected, self.logarithmic))
            self.told.text = display.reason(self.shown, self.selected) if self.selected is not None else ""
        self._showing = True
        try:
            here["filter"].value = self.filter
            here["number"].max, here["number"].value = max(count, 1), self.place + 1
            here["table"].options = [(row_line(row), row["cluster"]) for row in rows]
            here["table"].value = self.selected
            here["fixed"].value = self.threshold is None
            for name in ("slider", "value"):
                here[name].disabled = self.threshold is None
                here[name].value = LEAST if self.threshold is None else min(max(self.threshold, LEAST), 1.0)
        finally:
            self._showing = False

    def _show_spectrum(self) -> None:
        self.spectrum.show(self.inspection.relabel(self.numbers, self.threshold))

    def _make_controls(self) -> None:
        wide = {"layout": {"width": "28em"}}
        conditions = "; ".join(f"{name}: {meaning}" for name, meaning in COLUMNS.items())
        here: dict[str, Any] = {
            "filter": ipywidgets.Text(
                description="filter", placeholder="et>20 diffcalo=yes", tooltip=conditions, **wide
            ),
            "number": ipywidgets.BoundedIntText(description="number", value=1, min=1, max=1),
            "name": ipywidgets.Text(
                description="go to", placeholder="run:lumi:event:seed", continuous_update=False
            ),
            "table": hooked(
                ipywidgets.Select(description="clusters", rows=10, layout={"width": "auto"}), "kit-list"
            ),
            "order": ipywidgets.Dropdown(description="sort by", options=TABLE, value=self.order),
            "fixed": ipywidgets.Checkbox(description="working point of the file", value=True, indent=False),
            "slider": ipywidgets.FloatLogSlider(
                description="threshold", min=-4, max=0, step=0.02, value=LEAST, **wide
            ),
            "value": ipywidgets.BoundedFloatText(
                description="threshold", min=LEAST, max=1, step=1e-4, value=LEAST
            ),
            "logarithmic": ipywidgets.Checkbox(description="crystals logarithmic", value=True, indent=False),
        }
        self.controls = here
        acts = {
            "filter": lambda text: self.set_trait("filter", text),
            "number": lambda number: self.go_to(number - 1),
            "name": lambda text: self.find(text) if text else None,
            "table": lambda place: self.set_trait("selected", place),
            "order": lambda column: self.set_trait("order", column),
            "fixed": lambda on: self.set_trait("threshold", None if on else self._own_threshold()),
            "slider": lambda value: self.set_trait("threshold", value),
            "value": lambda value: self.set_trait("threshold", value),
            "logarithmic": lambda on: self.set_trait("logarithmic", on),
        }
        for name, act in acts.items():
            self._hear(here[name], act)
        buttons = [
            self.button("Previous", self.previous, "show the window before"),
            self.button("Next", self.next, "show the window after"),
            self.button("Random", self.random, "show any window that passes the filter"),
            self.button("Export", self.export, "write picture, table and window"),
        ]
        self.contain(
            line(here["filter"], here["number"], here["name"]),
            line(*buttons, here["logarithmic"]),
            self.heading,
            self.picture,
            line(here["table"], here["order"]),
            self.told,
            line(here["fixed"], here["slider"], here["value"]),
            self.spectrum,
        )

    def _own_threshold(self) -> float:
        known = self.part is not None and "simfraction_wp" in self.part.window
        return float(self.part.window["simfraction_wp"][0]) if known and self.part is not None else 0.01

    def _hear(self, control: Any, act: Any) -> None:
        """Do `act` with what a person, not this panel itself, has put into `control`."""
        guarded = self.guarded(act)
        control.observe(lambda change: None if self._showing else guarded(change.new), "value")
