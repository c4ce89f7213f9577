"""How the panel of masses looks at a pair: joined bins, cuts, what is laid over it; each an attribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from kit.opendata.contents import Contents, contents_of
from kit.opendata.mass_sets import MassSet, Pair, open_set
from kit.opendata.mass_view import MassView, view_of
from kit.opendata.pair_lists import PairLists
from kit.parameters import ParameterError

__all__ = ["LOOKS", "PairLooks"]

LOOKS = ("scale", "joined", "peak_cut", "split", "normalised", "marked")  # traits that change the picture
CONDITIONS = ("min_entries", "verdict", "within")  # and those that change the list
LISTED = ("filter", "order", "descending")  # and those of the browser


class PairLooks(PairLists):
    """A panel that lists pairs, and looks at the selected one.

    Parameters
    ----------
    first : MassSet
        Whose pairs are listed.

    Attributes
    ----------
    sets : dict of str to MassSet
        What can be laid over it; see `add`.
    """

    scale = traitlets.Enum(["log", "linear"], "log", help="of the counts")
    joined = traitlets.Int(1, min=1, help="filled bins that become one")
    peak_cut = traitlets.Float(None, allow_none=True, help="GeV; none cuts at the highest bin")
    split = traitlets.Float(None, allow_none=True, help="GeV; none splits at the first gap, 0 nowhere")
    overlays = traitlets.Tuple(help="names of sets, and pairs of this one, that are laid over it")
    normalised = traitlets.Bool(False, help="scale what is laid over to the entries of the pair")
    marked = traitlets.Bool(True, help="mark the masses of known particles")

    def __init__(self, first: MassSet, *, hook: str, interactive: bool) -> None:
        self.sets: dict[str, MassSet] = {first.name: first}
        self.this = first
        super().__init__(hook=hook, interactive=interactive)

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

    def overlay(self) -> None:
        """Lay the selected pair over those that are selected next, or take it away again."""
        name = " ".join(self.pair)
        others = tuple(one for one in self.overlays if one != name)
        self.overlays = others if name in self.overlays else (*self.overlays, name)

    def by_rule(self) -> None:
        """Cut at the highest bin and split at the first gap again."""
        with self.hold_trait_notifications():
            self.peak_cut, self.split = None, None

    def state(self) -> dict[str, Any]:
        """Return what is looked at, as plain values; `restore` takes them."""
        values = {name: getattr(self, name) for name in (*LOOKS, *CONDITIONS)}
        listed = {name: getattr(self.browser, name) for name in LISTED}
        return {"pair": list(self.pair), "overlays": list(self.overlays), **values, **listed}

    def restore(self, state: dict[str, Any]) -> None:
        """Look at what `state` says; a ValueError if it does not say all that `state` returns."""
        if lacking := {"pair", "overlays", *LOOKS, *CONDITIONS, *LISTED} - state.keys():
            message = f"the state has no {', '.join(sorted(lacking))}; should be what state() has returned"
            raise ValueError(message)
        for name in LISTED:
            setattr(self.browser, name, state[name])
        for name in CONDITIONS:
            self.set_trait(name, state[name])
        self.select(tuple(state["pair"]))
        self.overlays = tuple(state["overlays"])
        for name in LOOKS:  # last: another pair is cut by the rules
            self.set_trait(name, state[name])

    def viewed(self) -> MassView:
        """Return the selected pair as all traits say."""
        pair, spectra = self.pair, self.this.spectra
        return view_of(
            pair,
            spectra.counts(pair),
            spectra.grid.width,
            self.joined,
            contents=contents_of(spectra, pair),
            peak=self.peak_cut,
            split=self.split,
            others=self._others(pair),
            events=spectra.events[pair[0]],
            above=self.this.caption,
            name=" ".join(pair) if self.overlays else "all",
            logarithmic=self.scale == "log",
            normalised=self.normalised,
            marked=self.marked,
        )

    def _others(self, pair: Pair) -> dict[str, Contents]:
        """Return the bins of what is laid over: the same pair of other sets, other pairs of this one."""
        found: dict[str, Contents] = {}
        for name in self.overlays:
            owner, wanted = (self.sets[name], pair) if name in self.sets else (self.this, _pair(name))
            contents = owner.contents(wanted)
            if contents is not None and not (owner is self.this and wanted == pair):
                found[name] = contents
        return found

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

    @traitlets.validate("overlays")
    def _known(self, proposal: Any) -> tuple[str, ...]:
        names: tuple[str, ...] = proposal["value"]
        for name in names:
            if name not in self.sets and self.this.contents(_pair(name)) is None:
                sets = ", ".join(one for one in self.sets if one != self.this.name) or "none yet"
                message = f"overlays has {name!r}, should be the name of a set that was added ({sets}) or a pair"
                raise ParameterError(message)
        return names


def _pair(name: str) -> Pair:
    state, _, combination = str(name).partition(" ")
    return state, combination
