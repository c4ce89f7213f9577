"""Pictures of single events: how often which code occurs in some channels, and one event on the board's pads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures.board_plots import BoardView, point_words
from kit.hgcroc.pictures.channels import row_text, row_words
from kit.hgcroc.pictures.scan_plots import row_colour
from kit.hgcroc.summaries import ROWS

__all__ = ["UNITS", "Spectra", "draw_spectra", "event_on_board", "spectra_of", "values_of_events"]

UNITS = {"adc": "ADC [counts]", "tot": "TOT [counts]", "toa": "TOA [25 ns / 1024]"}
MOST_BINS = 60
HEADROOM = 1.35  # for the legend
STYLES = ("-", "--", ":", "-.")


def values_of_events(arrays: dict[str, npt.NDArray[Any]], quantity: str) -> npt.NDArray[Any]:
    """Return a quantity of the events of a point by rows, shape (events, chips, 78); 0 where a row has none."""
    found = arrays[quantity]
    events, chips = found.shape[:2]
    rows = np.zeros((events, chips, ROWS), found.dtype)
    rows[..., :72] = found[..., :36].reshape(events, chips, 72)
    rows[..., 72:74] = found[..., 36]
    if quantity == "adc":
        rows[..., 74:] = arrays["cm"].reshape(events, chips, 4)
    return rows


@dataclass(frozen=True)
class Spectra:
    """Codes of all events of a point in some rows, by quantity, shape (events, rows) each; their names."""

    codes: dict[str, npt.NDArray[Any]]
    names: tuple[str, ...]
    title: str
    short: tuple[str, ...] = ()


def spectra_of(scan: Scan, point: int, rows: Sequence[int]) -> Spectra | None:
    """Return the codes of some rows at a point; None where the scan keeps no events, or the point has none."""
    if not scan.has_events or point not in scan.measured():
        return None
    arrays = scan.events(point)
    chosen = np.asarray(rows, dtype=np.intp)
    codes = {name: values_of_events(arrays, name).reshape(len(arrays["adc"]), -1)[:, chosen] for name in UNITS}
    title = f"{len(arrays['adc'])} events of {point_words(scan, point)}"
    names, short = ([words(int(row)) for row in chosen] for words in (row_words, row_text))
    return Spectra(codes, tuple(names), title, tuple(short))


def draw_spectra(axes: Any, found: Spectra | None) -> None:
    """Draw a histogram of each quantity, without the zeros of TOT and TOA, where nothing fired."""
    pairs = np.ravel(np.asarray(axes, dtype=object))
    if found is None or not found.names:
        for pair in pairs:
            figures.say(pair, "no single events here" if found is None else "no channel is chosen")
        return
    for pair, (quantity, codes) in zip(pairs, found.codes.items(), strict=True):
        seen = codes if quantity == "adc" else codes[codes > 0]
        if seen.size:
            bins = _bins(int(seen.min()), int(seen.max()))
            for place, name in enumerate(found.short or found.names):
                own = codes[:, place] if quantity == "adc" else codes[codes[:, place] > 0, place]
                look = {"color": row_colour(place), "linestyle": STYLES[place % len(STYLES)], "linewidth": 1.4}
                pair.hist(own, bins, histtype="step", label=name, **look)
            pair.set_ylabel(f"events / {bins[1] - bins[0]:g}")
        else:
            figures.say(pair, "nothing fired")
        pair.set_xlabel(UNITS[quantity])
    pairs[0].set_ylim(0, pairs[0].get_ylim()[1] * HEADROOM)
    pairs[0].legend(fontsize=8, ncols=3, columnspacing=0.8, handlelength=1.2)
    pairs[0].set_title(found.title, loc="left")


def _bins(low: int, high: int) -> npt.NDArray[np.float64]:
    """Return edges around whole numbers, as wide as is needed for few bins."""
    width = max(1, -(-(high - low + 1) // MOST_BINS))
    return np.arange(low, high + width + 1, width).astype(np.float64) - 0.5


def event_on_board(
    scan: Scan, point: int, event: int, quantity: str = "adc", chosen: Sequence[int] = ()
) -> BoardView | None:
    """Return one event of a point, the last one where there are fewer; None where the point has none."""
    if not scan.has_events or point not in scan.measured():
        return None
    values = values_of_events(scan.events(point), quantity)
    if not len(values):
        return None
    number = min(event, len(values) - 1)
    title = f"event {number} of {len(values)}, {point_words(scan, point)}"
    return BoardView(values[number].astype(float), UNITS[quantity], title, tuple(chosen))
