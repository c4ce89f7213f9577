"""The panel of masses: ten thousand spectra to filter, sort, compare, cut and split by hand."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from kit import files
from kit.opendata.contents import Contents, contents_of
from kit.opendata.histograms import HistogramParameters
from kit.opendata.mass_sets import MassSet, Pair, contributions, open_set
from kit.opendata.mass_view import MassView, view_of
from kit.opendata.pair_lists import PairLists
from kit.opendata.panel_controls import MassControls
from kit.opendata.signatures import joined_bins
from kit.opendata.view_exports import KINDS, write_view
from kit.opendata.view_plots import PLACES, SIZE, draw_view
from kit.parameters import ParameterError
from kit.widgets import Footer, LiveFigure, Words
from kit.widgets.look import line

__all__ = ["MassPanel"]

LOOKS = ("scale", "joined", "peak_cut", "split", "normalised", "marked")  # traits that change the picture
CONDITIONS = ("min_entries", "verdict", "within")  # and those that change the list


class MassPanel(PairLists):
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
    sets : dict of str to MassSet
        What can be laid over it; see `add`.

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
    scale = traitlets.Enum(["log", "linear"], "log", help="of the counts")
    joined = traitlets.Int(1, min=1, help="filled bins that become one")
    peak_cut = traitlets.Float(None, allow_none=True, help="GeV; none cuts at the highest bin")
    split = traitlets.Float(None, allow_none=True, help="GeV; none splits at the first gap, 0 nowhere")
    overlays = traitlets.Tuple(help="names of sets, and pairs of this one, that are laid over it")
    normalised = traitlets.Bool(False, help="scale what is laid over to the entries of the pair")
    marked = traitlets.Bool(True, help="mark the masses of known particles")
    folder = traitlets.Unicode("outputs/exports", help="where exports are written")

    def __init__(self, p: HistogramParameters, *, interactive: bool = True) -> None:
        self.p = p
        first = open_set("this", p.inputs)
        self.sets: dict[str, MassSet] = {first.name: first}
        self.set_trait("joined", joined_bins(p.bin_width, first.spectra.grid))
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
        super().__init__(hook="kit-masses", interactive=interactive)
        self.controls = MassControls(self, self.guarded(self._take))
        self.footer = Footer(self, "opendata/histograms", interactive=interactive)
        self._lay_out()
        self.list_pairs(first, p.min_events)
        self.guarded(self.look)()
        self.browser.observe(self.guarded(lambda _: self._choose()), "selected")
        self.observe(self.guarded(lambda _: self.look()), [*LOOKS, "overlays"])
        self.footer.begin()

    @property
    def this(self) -> MassSet:
        """The set whose pairs are listed."""
        return self.sets["this"]

    def add(self, name: str, inputs: Sequence[str]) -> None:
        """Offer the masses of other runs, another release or simulation, to be laid over; and lay them over.

        Raises
        ------
        ValueError
            If the name is taken or cannot stand in a legend, `inputs` is no list of runs, or their grid is
            another.
        """
        if not name.strip() or name.startswith("_"):
            message = f"name is {name!r}, should be what the legend shows; it cannot begin with _"
            raise ValueError(message)
        if isinstance(inputs, str) or not inputs:
            message = f"inputs is {inputs!r}, should be a list of runs of masses, at least one"
            raise ValueError(message)
        if name in self.sets:
            message = f"there is a set {name} already"
            raise ValueError(message)
        found = open_set(name, inputs)
        if found.spectra.grid != self.this.spectra.grid:
            message = f"{name} is on the grid {found.spectra.grid}, should be on {self.this.spectra.grid}"
            raise ValueError(message)
        self.sets[name] = found
        self.overlays = (*self.overlays, name)

    def look(self) -> None:
        """Draw the selected pair as all traits say."""
        if self.browser.selected is None:
            self.told.text = "no pair matches"
            return
        pair, grid = self.pair, self.this.spectra.grid
        self.view = view_of(
            pair,
            self.this.spectra.counts(pair),
            grid.width,
            self.joined,
            contents=contents_of(self.this.spectra, pair),
            peak=self.peak_cut,
            split=self.split,
            others=self._others(pair),
            events=self.this.spectra.events[pair[0]],
            above=self.this.caption,
            name=" ".join(pair) if self.overlays else "all",
            logarithmic=self.scale == "log",
            normalised=self.normalised,
            marked=self.marked,
        )
        self._show(self.view)
        self.picture.show(self.view)

    def overlay(self) -> None:
        """Lay the selected pair over those that are selected next, or take it away again."""
        name = " ".join(self.pair)
        others = tuple(one for one in self.overlays if one != name)
        self.overlays = others if name in self.overlays else (*self.overlays, name)

    def by_rule(self) -> None:
        """Cut at the highest bin and split at the first gap again."""
        with self.hold_trait_notifications():
            self.peak_cut, self.split = None, None

    def contributions(self) -> dict[str, int]:
        """Return how many masses of the selected pair each input file has given."""
        found = contributions(self.this.merged, self.pair)
        shown = [f"{name} {number}" for name, number in list(found.items())[:5]]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        self.told.text = f"{len(found)} files: " + "; ".join(shown) + more
        return found

    def state(self) -> dict[str, Any]:
        """Return what is looked at, as plain values; `restore` takes them."""
        values = {name: getattr(self, name) for name in (*LOOKS, *CONDITIONS)}
        look = {"filter": self.browser.filter, "order": self.browser.order, "descending": self.browser.descending}
        return {"pair": list(self.pair), "overlays": list(self.overlays), **values, **look}

    def restore(self, state: dict[str, Any]) -> None:
        """Look at what `state` says; a ValueError if it does not say all that `state` returns."""
        listed = ("filter", "order", "descending")
        if lacking := {"pair", "overlays", *LOOKS, *CONDITIONS, *listed} - state.keys():
            message = f"the state has no {', '.join(sorted(lacking))}; should be what state() has returned"
            raise ValueError(message)
        for name in listed:
            setattr(self.browser, name, state[name])
        for name in CONDITIONS:
            self.set_trait(name, state[name])
        self.select(tuple(state["pair"]))
        self.overlays = tuple(state["overlays"])
        for name in LOOKS:  # last: another pair is cut by the rules
            self.set_trait(name, state[name])

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

    @traitlets.validate("joined")
    def _at_most_all(self, proposal: Any) -> int:
        grid = self.this.spectra.grid
        if proposal["value"] > grid.bins:
            message = (
                f"joined is {proposal['value']}, should be from 1 to {grid.bins}, all bins of {grid.width:g} GeV"
            )
            raise ParameterError(message)
        return int(proposal["value"])

    @traitlets.validate("peak_cut", "split")
    def _on_the_grid(self, proposal: Any) -> float | None:
        value: float | None = proposal["value"]
        grid = self.this.spectra.grid
        end = grid.width * grid.bins
        if value is not None and not 0 <= value <= end:  # also where it is no number
            message = f"{proposal['trait'].name} is {value:g} GeV, should be from 0 to {end:g} GeV"
            raise ParameterError(message)
        return value

    def _others(self, pair: Pair) -> dict[str, Contents]:
        """Return the bins of what is laid over: the same pair of other sets, other pairs of this one."""
        found: dict[str, Contents] = {}
        for name in self.overlays:
            state, _, combination = name.partition(" ")
            owner, wanted = (self.sets[name], pair) if name in self.sets else (self.this, (state, combination))
            contents = owner.contents(wanted)
            if contents is not None and not (owner is self.this and wanted == pair):
                found[name] = contents
        return found

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
