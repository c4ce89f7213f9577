"""The panel of masses: ten thousand spectra to filter, sort, compare, cut and split by hand."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from kit import files
from kit.opendata.histograms import HistogramParameters
from kit.opendata.mass_sets import contributions, open_set
from kit.opendata.mass_view import MassView
from kit.opendata.pair_looks import LOOKS, PairLooks
from kit.opendata.panel_controls import MassControls
from kit.opendata.signatures import joined_bins
from kit.opendata.view_exports import KINDS, write_view
from kit.opendata.view_plots import PLACES, SIZE, draw_view
from kit.widgets import Footer, LiveFigure, Words
from kit.widgets.look import line

__all__ = ["MassPanel"]

NOTHING = "no pair matches"


class MassPanel(PairLooks):
    """All pairs of final state and combination of merged masses, one at a time.

    Parameters
    ----------
    p : HistogramParameters
        Its inputs are looked through, its minimum of events and its width of a bin are begun with; never changed.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    browser, states : Browser
        The pairs and the final states, see `PairLists`.
    picture : LiveFigure
        The spectrum of the selected pair.
    view : MassView
        The numbers behind it.

    Examples
    --------
    >>> panel = MassPanel(p)
    >>> panel.browser.filter, panel.browser.order = "entries>1000", "excess"
    >>> panel.peak_cut, panel.split = 120.0, 800.0
    >>> panel.view.verdict()
    """

    kept = (
        *("min_entries", "verdict", "within", "browser", "scale", "joined", "normalised", "marked", "overlays"),
        *("peak_cut", "split", "folder"),
    )
    folder = traitlets.Unicode("outputs/exports", help="where exports are written")

    def __init__(self, p: HistogramParameters, *, interactive: bool = True) -> None:
        self.p = p
        first = open_set("this", p.inputs)
        joined = joined_bins(p.bin_width, first.spectra.grid)
        self.picture = LiveFigure(
            draw_view,
            caption=lambda view: view.words,
            rows=2,
            size=SIZE,
            height_ratios=[3, 1],
            keeps_ticks=True,
            interactive=interactive,
        )
        self.picture.figure.set_layout_engine("none")
        for axes, place in zip(self.picture.figure.axes, PLACES, strict=True):
            axes.set_position(place)
        self.told = Words("kit-told", role="status")
        self.view: MassView | None = None
        super().__init__(first, hook="kit-masses", interactive=interactive)
        self.joined = joined
        self.controls = MassControls(self, self.guarded(self._take))
        self.footer = Footer(self, "opendata/histograms", parameters=self.parameters, interactive=interactive)
        self._lay_out()
        self.list_pairs(first, p.min_events)
        self.guarded(self.look)()
        self.browser.observe(self.guarded(lambda _: self._choose()), "selected")
        self.observe(self.guarded(lambda _: self.look()), [*LOOKS, "overlays"])
        self.footer.begin()

    def look(self) -> None:
        """Draw the selected pair as all traits say."""
        if self.browser.selected is None:
            self.told.text = NOTHING
            return
        if self.told.text == NOTHING:
            self.told.text = ""
        self.view = self.viewed()
        self._show(self.view)
        self.picture.show(self.view)

    def contributions(self) -> dict[str, int]:
        """Return how many masses of the selected pair each input file has given."""
        found = contributions(self.this.merged, self.pair)
        shown = [f"{name} {number}" for name, number in list(found.items())[:5]]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        self.told.text = f"{len(found)} files: " + "; ".join(shown) + more
        return found

    def parameters(self) -> HistogramParameters:
        """Return the parameters of a run that gives the histograms with the bins that are looked at."""
        width = self.this.spectra.grid.width * self.joined
        return HistogramParameters.build(self.p.model_dump() | {"bin_width": width, "output": ""})

    def export(self, *kinds: str) -> list[Path]:
        """Write what is looked at, and return the paths.

        Parameters
        ----------
        *kinds : str
            ``png`` and ``pdf`` pictures, the main part as ``root`` histogram, a ``yaml`` file of parameters,
            beside which a ``json`` file keeps the view.
        """
        if not kinds:
            message = f"kinds is empty, should be at least one of {', '.join(KINDS)}"
            raise ValueError(message)
        if self.view is None:
            message = "no pair is selected: there is nothing to export"
            raise ValueError(message)
        stem = files.resolve(self.folder) / "_".join(self.view.pair)
        written = write_view(stem, kinds, self.view, self.picture.write, self.parameters(), self.state())
        self.told.text = "written: " + ", ".join(files.shown(path) for path in written)
        return written

    def static(self) -> dict[str, Any]:
        """Return the picture with its caption."""
        return self.picture.static()

    def close(self) -> None:
        """Stop drawing, and leave the front end."""
        self.picture.close()
        super().close()

    def _choose(self) -> None:
        """Look at another pair, cut and split by the rules."""
        with self.hold_trait_notifications():
            self.peak_cut, self.split = None, None
        self.look()

    def _lay_out(self) -> None:
        here = self.controls
        export = [
            self.button(f"Save {kind}", functools.partial(self.export, kind), f"write {kind}") for kind in KINDS
        ]
        jump = self.button("Jump", self.jump, "the pair with the next smaller excess over its neighbourhood")
        over = self.button("Overlay", self.overlay, "lay this pair over the next, or take it away")
        rule = self.button("Rules", self.by_rule, "cut and split by the rules again")
        files_of = self.button("Files", self.contributions, "how much each file has given")
        states = ipywidgets.Accordion([ipywidgets.VBox([self.states, here.within])], titles=("Final states",))
        self.contain(
            line(here.min_entries, here.verdict),
            self.browser,
            states,
            line(here.scale, here.joined, here.marked, here.normalised),
            line(here.peak, here.peak_slider, here.split, here.split_slider, rule),
            self.picture,
            line(jump, over, files_of, here.overlays, *export),
            self.told,
            self.footer,
        )

    def _show(self, view: MassView) -> None:
        """Let the controls show the view."""
        self.controls.show(view, self.overlays)

    def _take(self, name: str, value: Any) -> None:
        """Do what a person has set."""
        self.set_trait(name, value)
