"""The eye of the panel: curves of chosen channels, a map of the board, single events; live or of any scan."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from kit import files
from kit.hgcroc.measurements import Scan
from kit.hgcroc.panels.view_controls import ViewControls
from kit.hgcroc.pictures.board_plots import BoardView, board_of, draw_board, row_in_picture
from kit.hgcroc.pictures.channels import row_text, rows_of
from kit.hgcroc.pictures.event_plots import UNITS, draw_spectra, event_on_board, spectra_of
from kit.hgcroc.pictures.overlaid_fits import KINDS
from kit.hgcroc.pictures.scan_plots import FEW, curves_of, draw_curves, strongest
from kit.hgcroc.resuming import FILE
from kit.hgcroc.summaries import ROWS, SUMMARY
from kit.widgets import LiveFigure, Pace, Panel, Words
from kit.widgets.look import hooked, line
from kit.widgets.picking import listen

__all__ = ["ViewPanel"]

RATE = 6.0  # looks into the file per second, while it grows
IN_ORDER = tuple(sorted(SUMMARY, key=lambda name: (name.split("_")[0] not in ("adc", "tot", "toa"), name)))


class ViewPanel(Panel):
    """A scan, seen while it is measured or afterwards.

    Parameters
    ----------
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    curve, board, spectra : LiveFigure
        Curves along an axis, the map, histograms of single events.
    file : Path or None
        The scan that is shown.
    """

    kept = ("quantity", "against", "fit")

    quantity = traitlets.Enum(IN_ORDER, "adc_median", help="column of both pictures")
    against = traitlets.Int(
        -1, help="number of the axis that curves are drawn against, from the end where negative"
    )
    steps = traitlets.Tuple(help="where the axes stand, repeats first; empty for the point that was measured last")
    rows = traitlets.Tuple(
        help="channels that are drawn, as rows of a measurement; empty for those that change most"
    )
    fit = traitlets.Enum(KINDS, "none", help="what is fitted through the curves; by quantity where it has one")
    event = traitlets.Int(-1, min=-1, help="the event whose codes are on the map; -1 for the column of all")

    def __init__(self, *, interactive: bool = True) -> None:
        look: dict[str, Any] = {"interactive": interactive}
        self.file: Path | None = None
        self._turn = threading.RLock()
        self._shown: BoardView | None = None
        self.curve = LiveFigure(draw_curves, caption=_curve_words, size=(5.0, 4.4), **look)
        self.board = LiveFigure(draw_board, caption=_board_words, size=(5.0, 4.4), **look)
        self.spectra = LiveFigure(draw_spectra, columns=3, caption=_spectra_words, size=(10.0, 3.2), **look)
        self._pace: Pace[Path] = Pace(self.guarded(self._look_into, "view"), RATE)
        self._told = Words("kit-viewed", role="status")
        super().__init__(hook="kit-view", interactive=interactive)
        self.controls = ViewControls(self, IN_ORDER)
        hooked(self.board, "kit-map")
        self._events = hooked(self.spectra, "kit-spectra")
        self.contain(
            self.controls, self._told, line(self.curve, self.board), self.spectra
        )  # fmt: skip
        listen(self.board, lambda x, y, add: self.pick(x, y, add=add))
        for picture in (self.curve, self.board):  # a long caption must not push them below each other
            picture.layout.width = "500px"
        self.spectra.layout.display = "none"
        names = ["quantity", "against", "steps", "rows", "event", "fit"]
        self.observe(self.guarded(lambda _: self.show(), "traits"), names)

    @property
    def channels(self) -> str:
        """The channels that are drawn, as text: ``0.10 1.20 2.calib0``; can be set."""
        return " ".join(row_text(row) for row in self.rows)

    @channels.setter
    def channels(self, text: str) -> None:
        self.rows = rows_of(text, self._chips())

    def look_at(self, path: Any) -> None:
        """Look at another scan, by its file or its folder; the last point of it.

        Raises
        ------
        FileNotFoundError, FormatError
            If that is no scan; the one before is still shown.
        """
        path = files.resolve(path)
        path = path / FILE if path.is_dir() else path
        Scan.open(path).close()
        self._pace.drop()  # a look that a scan has asked for must not overtake this one
        self.file = path
        with self.hold_trait_notifications():
            self.steps, self.event = (), -1
        self.show()

    def follow(self, folder: Path) -> None:
        """Show soon what a scan that is running has measured by now; from any thread."""
        path = folder / FILE
        if path.is_file():
            if self.interactive:
                self._pace.put(path)
            else:
                self._look_into(path)

    def pick(self, x: float, y: float, *, add: bool = False) -> None:
        """Choose the channel at a place of the map's picture, alone or beside those that are chosen.

        Parameters
        ----------
        x, y : float
            The place, as shares of width and height from the top left.
        add : bool
            Whether the channel joins those that are chosen, or leaves them.
        """
        if self._shown is not None:
            row = row_in_picture(self.board.figure, self._shown, x, y)
            if row is not None:
                self.toggle(row, add=add)

    def toggle(self, row: int, *, add: bool = True) -> None:
        """Choose a row alone, or let it join or leave those that are chosen."""
        others = tuple(one for one in self.rows if one != row)
        joined = (*others, row)[-FEW:]
        self.rows = (others if row in self.rows else joined) if add else (row,)

    def show(self) -> None:
        """Draw all pictures of what has been measured."""
        if self.file is not None and self.file.is_file():
            self._look_into(self.file)

    def flush(self) -> None:
        """Wait until everything is drawn."""
        self._pace.flush()
        for picture in (self.curve, self.board, self.spectra):
            picture.flush()

    def static(self) -> dict[str, Any]:
        """Return curves and map."""
        return Panel([self.curve, self.board], interactive=False).static()

    def close(self) -> None:
        """Stop drawing, and leave the front end."""
        self._pace.drop()
        for picture in (self.curve, self.board, self.spectra):
            picture.close()
        super().close()

    def _chips(self) -> int:
        if self.file is None:
            message = "no scan is shown: run one, or look at one"
            raise ValueError(message)
        with Scan.open(self.file) as scan:
            return len(scan.table.rocs)

    def _look_into(self, path: Path) -> None:
        with self._turn, Scan.open(path) as scan:
            self.file = path
            measured = scan.measured()
            point = self._point(scan, measured)
            rows = self._rows(scan, point)
            against = self.against if -len(scan.labels) <= self.against < len(scan.labels) else -1
            self.curve.show(curves_of(scan, [self.quantity], axis=against, point=point, rows=rows, fit=self.fit))
            self._shown = self._board(scan, point, rows)
            self.board.show(self._shown)
            if scan.has_events:
                self.spectra.show(spectra_of(scan, point, rows) if point is not None else None)
            self.spectra.layout.display = "" if scan.has_events else "none"
            self.controls.show(scan, point, len(measured))

    def _point(self, scan: Scan, measured: Any) -> int | None:
        """Return the point where the axes stand, the one measured last where they follow it; None without data."""
        if not len(measured):
            return None
        if len(self.steps) != len(scan.lengths):
            newest_first = measured[::-1]
            return int(newest_first[np.argmax(scan.point_column("time")[newest_first])])
        steps = [min(max(int(step), 0), length - 1) for step, length in zip(self.steps, scan.lengths, strict=True)]
        return int(np.ravel_multi_index(tuple(steps), scan.lengths))

    def _rows(self, scan: Scan, point: int | None) -> Sequence[int]:
        rows = [row for row in self.rows if row < len(scan.table.rocs) * ROWS]
        if rows or point is None:
            return rows
        return [int(row) for row in strongest(scan, scan.measured())]

    def _board(self, scan: Scan, point: int | None, rows: Sequence[int]) -> BoardView | None:
        if point is None or point not in scan.measured():
            return None
        if self.event >= 0 and scan.has_events:
            word = self.quantity.split("_")[0]
            quantity = word if word in UNITS else "adc"
            return event_on_board(scan, point, self.event, quantity, rows)
        return board_of(scan, self.quantity, point, rows)


def _curve_words(found: Any) -> str:
    if found is None:
        return "nothing yet"
    fits = next(iter(found.fits.values())).words if found.fits else [""] * len(found.names)
    rows = [": ".join(filter(None, pair)) for pair in zip(found.names, fits, strict=True)]
    return f"{found.title}: {_points(len(found.x))} against {found.axis}; {'; '.join(rows)}"


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


def _board_words(found: Any) -> str:
    return "nothing measured here yet" if found is None else f"{found.label}, {found.title}"


def _spectra_words(found: Any) -> str:
    if found is None:
        return "no single events here"
    shares = [f"{name}: TOA in {(toa > 0).mean():.1%}, TOT in {(tot > 0).mean():.1%}" for name, toa, tot in
              zip(found.names, found.codes["toa"].T, found.codes["tot"].T, strict=True)]  # fmt: skip
    return "; ".join([found.title, *shares])
