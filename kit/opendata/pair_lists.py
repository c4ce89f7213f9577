"""The lists of the panel of masses: all pairs and all final states, filtered, sorted and narrowed."""

from __future__ import annotations

import traitlets

from kit.opendata.mass_sets import MassSet, Pair, Record
from kit.widgets import Browser, Panel

__all__ = ["EITHER", "NO", "YES", "PairLists"]

COLUMNS = [
    "final_state", "combination", "objects", "events", "entries", "peak", "bins", "accepted", "excess", "at",
]  # fmt: skip
STATE_COLUMNS = ["final_state", "events", "pairs", "accepted", "excess"]
EITHER, YES, NO = "any", "accepted", "refused"


class PairLists(Panel):
    """A panel that lists pairs of final state and combination, one of which is selected.

    Attributes
    ----------
    browser : Browser
        The pairs: filter ``2e excess>3 combination=e0e1``, sorted by any column.
    states : Browser
        The final states; `within` shows the pairs of the selected one alone.
    """

    min_entries = traitlets.Int(0, min=0, help="fewest masses of the pairs that are listed")
    verdict = traitlets.Enum([EITHER, YES, NO], EITHER, help="whether BumpNet would take the pairs listed")
    within = traitlets.Bool(False, help="list only pairs of the selected final state")

    def __init__(self, *, hook: str, interactive: bool) -> None:
        self.browser = Browser(noun="pairs", columns=COLUMNS, interactive=interactive)
        self.states = Browser(noun="final states", columns=STATE_COLUMNS, interactive=interactive)
        super().__init__(hook=hook, interactive=interactive)
        self.states.observe(self.guarded(lambda _: self._narrow() if self.within else None), "selected")
        self.observe(self.guarded(lambda _: self._narrow()), ["min_entries", "verdict", "within"])

    def list_pairs(self, found: MassSet, min_events: int) -> None:
        """List what a set has of final states with enough events; begin with the pair that has most masses."""
        self.browser.order, self.browser.descending = "entries", True  # first: to sort nothing takes no time
        self.states.records = [r for r in found.states if r["events"] >= min_events]
        self.browser.records = [r for r in found.records if r["events"] >= min_events]
        self.browser.go_to(0)

    @property
    def pair(self) -> Pair:
        """Final state and combination of the selected pair.

        Raises
        ------
        ValueError
            If none is selected.
        """
        record = self.browser.selected
        if record is None:
            message = "no pair is selected; the filter may match none"
            raise ValueError(message)
        return record["final_state"], record["combination"]

    def select(self, pair: Pair) -> None:
        """Select a pair.

        Raises
        ------
        ValueError
            If there is no such pair.
        """
        wanted = (r for r in self.browser.records if (r["final_state"], r["combination"]) == pair)
        found = next(wanted, None)
        if found is None:
            message = f"there is no pair {' '.join(pair)}; the browser lists {len(self.browser.records)}"
            raise ValueError(message)
        self.browser.selected = found

    def jump(self) -> None:
        """Select the pair with the next smaller excess; from the smallest, that with the largest."""
        browser = self.browser
        going_on = (browser.order, browser.descending) == ("excess", True)
        browser.order, browser.descending = "excess", True
        last = len(browser.matching) - 1
        browser.go_to(browser.index + 1 if going_on and browser.index not in (None, last) else 0)

    def _narrow(self) -> None:
        """List the pairs that all conditions allow."""
        state = self.states.selected["final_state"] if self.within and self.states.selected else None

        def wanted(record: Record) -> bool:
            return (
                record["entries"] >= self.min_entries
                and (self.verdict == EITHER or record["accepted"] == (self.verdict == YES))
                and (state is None or record["final_state"] == state)
            )

        self.browser.where = wanted
