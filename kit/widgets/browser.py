"""A browser of records: a list to filter, to sort and to walk through, by mouse or by keyboard.

A front end never holds more than a hundred lines of the list, so that ten thousand records are as quick as ten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import ipywidgets
import traitlets

from kit import wording
from kit.widgets import filters
from kit.widgets.look import Words, hooked, line
from kit.widgets.panel import Panel

__all__ = ["Browser"]

PAGE = 100  # lines of the list that a front end holds
AS_GIVEN = "as given"


class Browser(Panel):
    """Records to choose one from.

    Parameters
    ----------
    records : sequence of mappings
        What is listed; set the trait anew to list others. Records that replace others in the same place
        inherit their selection.
    columns : sequence of str, optional
        Columns of the list; those of the first record where not given.
    noun : str
        What the records are called, in the plural.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    matching : list of int
        Positions in `records` of those that pass the filters, in the order shown.
    controls : namespace
        ``filter``, ``order``, ``descending``, ``list``, ``previous``, ``next``, ``number``.

    Examples
    --------
    >>> browser = Browser(spectra, noun="spectra")
    >>> browser.filter, browser.order = "2e entries>100", "entries"
    >>> browser.next()
    >>> browser.selected["combination"]
    """

    kept = ("filter", "order", "descending", "index")
    records: traitlets.List[Mapping[str, Any]] = traitlets.List(help="all records")
    filter = traitlets.Unicode(help="words and conditions: zmumu pt>20")
    where = traitlets.Any(None, allow_none=True, help="a further filter: a function of a record, or None")
    order = traitlets.Unicode(help="column to sort by; empty for the order given")
    descending = traitlets.Bool(False, help="largest first")
    index = traitlets.Int(None, allow_none=True, help="place of the selected record in the list, from 0")
    selected = traitlets.Any(None, allow_none=True, help="the selected record; None where none matches")

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]] = (),
        columns: Sequence[str] | None = None,
        *,
        noun: str = "records",
        interactive: bool = True,
    ) -> None:
        self.noun, self._given = noun, columns
        self.columns: list[str] = []
        self.matching: list[int] = []
        self._position = 0  # of the selected record among all
        self._settling = self._showing = False
        self._arrange_guarded = self.guarded(self._arrange)
        self.head, self.state = hooked(ipywidgets.HTML(), "kit-columns"), Words("kit-state", role="status")
        super().__init__(hook="kit-browser", interactive=interactive)
        self.controls = self._make_controls()
        here = self.controls
        self.contain(
            line(here.filter, here.order, here.descending),
            self.head,
            here.list,
            line(here.previous, here.next, here.number, self.state),
        )
        self._read_records()
        self.records = list(records)

    def next(self) -> None:
        """Select the record after the selected one; after the last comes none."""
        self.go_to(0 if self.index is None else self.index + 1)

    def previous(self) -> None:
        """Select the record before the selected one; before the first is none."""
        self.go_to(0 if self.index is None else self.index - 1)

    def go_to(self, index: int) -> None:
        """Select the matching record at place `index`, from 0, or the nearest that there is."""
        if self.matching:
            self.index = min(max(index, 0), len(self.matching) - 1)

    def static(self) -> dict[str, Any]:
        """Return the page of the list with the selected record as text."""
        return {"text/plain": "\n".join([self.head.value, *self._page()[1], self.state.text])}

    @traitlets.validate("order")
    def _known(self, proposal: Any) -> str:
        column = str(proposal.value)
        if column and column not in self.columns:
            hint = wording.suggestion(column, self.columns)
            message = f"order is {column!r}, should be one of {', '.join(self.columns)}{hint}"
            raise traitlets.TraitError(message)
        return column

    @traitlets.validate("index")
    def _within(self, proposal: Any) -> int | None:
        index: int | None = proposal.value
        if self.matching and (index is None or not 0 <= index < len(self.matching)):
            message = f"index is {index}, should be from 0 to {len(self.matching) - 1}"
            raise traitlets.TraitError(message)
        return index if self.matching else None

    @traitlets.observe("records")
    def _read_records(self, _change: Any = None) -> None:
        self.columns = list(self._given or (self.records[0] if self.records else ()))
        self._texts = [filters.search_text(record) for record in self.records]
        self._table = filters.Table(self.records, self.columns)
        self.head.value = self._table.head
        if self.order not in self.columns:
            self.order = ""
        self._arrange_guarded()

    @traitlets.observe("filter", "where", "order", "descending")
    def _rearrange(self, _change: Any) -> None:
        self._arrange_guarded()

    def _arrange(self) -> None:
        """Find the matching records; the selected one stays selected where it is among them."""
        wanted = filters.compile_filter(self.filter, self.columns, self._table.numeric)
        matching = [
            position
            for position, (record, text) in enumerate(zip(self.records, self._texts, strict=True))
            if wanted(record, text) and (self.where is None or self.where(record))
        ]
        self.matching = filters.arrange(self.records, matching, self.order, descending=self.descending)
        if self._position in self.matching:
            self._settle(self.matching.index(self._position))
        else:
            self._settle(0 if self.matching else None)

    @traitlets.observe("index")
    def _index_changed(self, change: Any) -> None:
        if not self._settling:
            self._settle(change.new)

    @traitlets.observe("selected")
    def _selected_changed(self, change: Any) -> None:
        if self._settling:
            return
        for place, position in enumerate(self.matching):
            if self.records[position] is change.new:
                self._settle(place)
                return
        self._settle(self.index)
        message = f"the record to select is not among the {len(self.matching)} matching {self.noun}"
        raise ValueError(message)

    def _settle(self, index: int | None) -> None:
        """Make index, selected record and controls agree."""
        self._settling = True
        try:
            with self.hold_trait_notifications():
                self.index = index
                if index is None:
                    self.selected = None
                else:
                    self._position = self.matching[index]
                    self.selected = self.records[self._position]
        finally:
            self._settling = False
        self._show()

    def _page(self) -> tuple[int, list[str]]:
        """Return the place of the first line of the page with the selected record, and its lines."""
        first = (self.index or 0) // PAGE * PAGE
        return first, [self._table.line(self.records[place]) for place in self.matching[first : first + PAGE]]

    def _show(self) -> None:
        """Let all controls show the traits."""
        here, count, index = self.controls, len(self.matching), self.index
        first, lines = self._page()
        self._showing = True
        try:
            here.filter.value, here.descending.value = self.filter, self.descending
            if here.order.options != (AS_GIVEN, *self.columns):
                here.order.options = (AS_GIVEN, *self.columns)
            here.order.value = self.order or AS_GIVEN
            with here.list.hold_sync():
                if here.list.options != (options := tuple(zip(lines, range(first, first + PAGE), strict=False))):
                    here.list.options = options
                here.list.index = None if index is None else index - first
            with here.number.hold_sync():
                here.number.max = max(count, 1)
                here.number.value = 1 if index is None else index + 1
            here.number.disabled = here.next.disabled = here.previous.disabled = not count
        finally:
            self._showing = False
        among = "" if count == len(self.records) else f", chosen from {len(self.records)}"
        if index is not None:
            self.state.text = f"{index + 1} of {count} {self.noun}{among}"
            return
        found = filters.unmatched(self.filter, self.columns, self.records, self._texts)
        none = f"; nothing fits {', '.join(found)}" if found and self.records else ""
        self.state.text = f"no {self.noun}{among}{none}"

    def _make_controls(self) -> SimpleNamespace:
        here = SimpleNamespace(
            filter=ipywidgets.Text(description="filter", placeholder="words, column>value"),
            order=ipywidgets.Dropdown(description="sort by", options=(AS_GIVEN,)),
            descending=ipywidgets.Checkbox(description="largest first", indent=False, layout={"width": "auto"}),
            list=hooked(ipywidgets.Select(description=self.noun, rows=12, layout={"width": "auto"}), "kit-list"),
            previous=self.button("Previous", self.previous, "select the record before"),
            next=self.button("Next", self.next, "select the record after"),
            number=ipywidgets.BoundedIntText(
                description="number", value=1, min=1, max=1, layout={"width": "12em"}
            ),
        )
        self._hear(here.filter, lambda text: self.set_trait("filter", text))
        self._hear(here.order, lambda column: self.set_trait("order", "" if column == AS_GIVEN else column))
        self._hear(here.descending, lambda on: self.set_trait("descending", on))
        self._hear(here.list, lambda place: None if place is None else self.go_to(place))
        self._hear(here.number, lambda number: self.go_to(number - 1))
        return here

    def _hear(self, control: Any, act: Any) -> None:
        """Do `act` with what a person, not this browser itself, has put into `control`."""
        guarded = self.guarded(act)
        control.observe(lambda change: None if self._showing else guarded(change.new), "value")
