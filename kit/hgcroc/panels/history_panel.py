"""The past's part of the panel: all scans that were measured, and in what two of them differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from kit import files
from kit.files import FormatError
from kit.hgcroc.comparison import compare, scans_below
from kit.hgcroc.measurements import Scan
from kit.widgets import Panel, Words
from kit.widgets.look import hooked, line

__all__ = ["HistoryPanel"]

RUNS = "outputs/hgcroc/acquisition"


class HistoryPanel(Panel):
    """Scans of the past.

    Parameters
    ----------
    act : callable
        Takes the path of a scan that somebody wants to look at.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    controls : dict
        Its lists and buttons.
    """

    scans: Any = traitlets.List(help="paths of all scans, the newest first")
    chosen = traitlets.Unicode(help="path of the scan that is shown or compared; empty for none")
    other = traitlets.Unicode(help="path of the scan that it is compared with")
    told = traitlets.Unicode(help="in what they differ, in words")

    def __init__(self, act: Callable[[Path], object], *, interactive: bool = True) -> None:
        self._act = act
        self._differing = Words("kit-differences", role="status")
        super().__init__(hook="kit-history", interactive=interactive)
        wide = {"description_width": "7em"}
        self.controls = {
            name: hooked(
                ipywidgets.Dropdown(description=words, style=wide, layout={"width": "60em"}), f"kit-{name}"
            )
            for name, words in (("chosen", "scan"), ("other", "and another"))
        }
        for name, control in self.controls.items():
            control.observe(lambda change, name=name: self.set_trait(name, change.new or ""), "value")
        traitlets.dlink((self, "told"), (self._differing, "text"))
        self.contain(
            line(self.button("Look up", self.look_up, "list all scans, the newest first"),
                 self.button("Show", self.show, "look at this scan"),
                 self.button("Compare", self.compare, "in what the two differ")),
            *self.controls.values(), self._differing,
        )  # fmt: skip

    def look_up(self) -> list[str]:
        """List all scans, the newest first, and return their paths."""
        found = scans_below(files.resolve(RUNS))
        self.scans = [files.shown(path) for path in found]
        options = [(_words(path), files.shown(path)) for path in found]
        for number, (name, control) in enumerate(self.controls.items()):
            kept = getattr(self, name)
            control.options = options
            if options:
                control.value = kept if kept in self.scans else self.scans[min(number, len(options) - 1)]
        return list(self.scans)

    def show(self) -> None:
        """Look at the chosen scan."""
        self._act(files.resolve(self._known(self.chosen)))

    def compare(self) -> list[str]:
        """Tell, and return in words, in what the chosen scan differs from the other one."""
        with (
            Scan.open(files.resolve(self._known(self.other))) as other,
            Scan.open(files.resolve(self._known(self.chosen))) as chosen,
        ):
            found = compare(other, chosen)
        self.told = "\n".join(found) or "no setting differs"
        return found

    def _known(self, path: str) -> str:
        if not path:
            message = "no scan is chosen: look up which there are"
            raise ValueError(message)
        return path

    @traitlets.observe("chosen", "other")
    def _follow(self, change: Any) -> None:
        control = self.controls[change.name]
        if change.new and change.new in [value for _, value in control.options]:
            control.value = change.new


def _words(path: Path) -> str:
    """Return in one line when, what and how well a scan was measured."""
    try:
        with Scan.open(path) as scan:
            counts = {name: count for name, count in scan.summary().items() if count}
            axes = " × ".join(
                f"{label} ({length})" for label, length in zip(scan.labels, scan.lengths[1:], strict=True)
            )
            name = scan.about["procedure"]
    except (FormatError, OSError, KeyError) as fault:
        return f"{files.shown(path)}: {fault}"
    when = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).astimezone()
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"{when:%Y-%m-%d %H:%M:%S}  {name}: {axes or 'one point'}, {told}"
