"""What a distillery makes of a table: values of channels and halves with their errors, reasons, registers to set.

A distillate is plain arrays. It is kept as `summary.csv` (one line for each row of the board), `overlay.yaml`
where it sets registers, and `curves.npz`, from which pictures are drawn.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import files
from kit.hgcroc.calibration.reasons import reasons_text
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.layout import BLOCKS

__all__ = ["LEAVE", "Distillate", "load_distillate", "spread_rows", "summary_text"]

Array = npt.NDArray[Any]
LEAVE = -1  # a register that is left as it is
DECIMALS = 6  # significant digits of a table


@dataclass(frozen=True)
class Distillate:
    """Results of one analysis.

    Attributes
    ----------
    name : str
        Of the analysis.
    chip, channel, kind : ndarray, shape (rows,)
        As in `tabulation.Table`.
    rows : dict of str to ndarray, shape (rows,)
        Results by channel; that of ``x`` has its error in ``x_error``. nan where there is none.
    halves : dict of str to ndarray, shape (2 * chips,)
        Results by half.
    reasons : ndarray of uint32, shape (rows,)
        Bits of `reasons.Reason`.
    registers : dict of (str, str) to ndarray, shape (chips, number of such blocks)
        Values for the overlay by block and name; `LEAVE` where there is none.
    curves : dict of str to ndarray
        What pictures are drawn of.
    summary : dict
        The few numbers by which it is judged.
    remarks : tuple of str
        What somebody should know.
    sources : tuple of str
        Scans that it was made of.
    """

    name: str
    chip: Array
    channel: Array
    kind: Array
    rows: dict[str, Array]
    reasons: npt.NDArray[np.uint32]
    halves: dict[str, Array] = field(default_factory=dict)
    registers: dict[tuple[str, str], Array] = field(default_factory=dict)
    curves: dict[str, Array] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, table: Table, rows: Mapping[str, Array], reasons: Array, **others: Any) -> Distillate:
        """Return the distillate of a table."""
        remarks = (*table.remarks, *others.pop("remarks", ()))
        return cls(
            name, table.chip, table.channel, table.kind, dict(rows), reasons.astype(np.uint32),
            remarks=remarks, sources=table.sources, **others,
        )  # fmt: skip

    @property
    def chips(self) -> int:
        """Number of chips."""
        return int(self.chip.max()) + 1

    @property
    def tree(self) -> dict[str, Any]:
        """Return the registers to set as a tree, empty where there are none."""
        tree: dict[str, Any] = {}
        for (block, name), values in self.registers.items():
            for chip, number in zip(*np.nonzero(values != LEAVE), strict=True):
                below = tree.setdefault(f"roc_s{chip}", {}).setdefault(block, {}).setdefault(int(number), {})
                below[name] = int(values[chip, number])
        return tree

    def save(self, folder: Path) -> None:
        """Write table and curves into a folder; the overlay has its own room."""
        with files.whole(folder / "summary.csv") as part:
            part.write_text(summary_text(self), encoding="utf-8")
        about = {"name": self.name, "summary": self.summary, "remarks": self.remarks, "sources": self.sources}
        arrays: dict[str, Any] = {
            "chip": self.chip,
            "channel": self.channel,
            "kind": self.kind,
            "reasons": self.reasons,
        }
        for prefix, group in (("rows", self.rows), ("halves", self.halves), ("curves", self.curves)):
            arrays |= {f"{prefix}/{name}": values for name, values in group.items()}
        arrays |= {f"registers/{block}/{name}": values for (block, name), values in self.registers.items()}
        with files.whole(folder / "curves.npz") as part, part.open("wb") as stream:
            np.savez_compressed(stream, about=np.array(files.json_text(about)), **arrays)


def load_distillate(folder: Path) -> Distillate:
    """Return what was written into a folder."""
    groups: dict[str, dict[Any, Array]] = {"rows": {}, "halves": {}, "curves": {}, "registers": {}}
    plain: dict[str, Array] = {}
    with np.load(folder / "curves.npz", allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        for name in stored.files:
            group, _, rest = name.partition("/")
            if not rest:
                plain[name] = stored[name]
            elif group == "registers":
                groups[group][tuple(rest.split("/"))] = stored[name]
            else:
                groups[group][rest] = stored[name]
    return Distillate(
        about["name"], plain["chip"], plain["channel"], plain["kind"], groups["rows"], plain["reasons"],
        groups["halves"], groups["registers"], groups["curves"], about["summary"], tuple(about["remarks"]),
        tuple(about["sources"]),
    )  # fmt: skip


def summary_text(found: Distillate) -> str:
    """Return the results by channel as CSV: chip, channel, kind of channel, results, reasons in words."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["chip", "channel", "channeltype", *found.rows, "reasons"])
    for row in range(len(found.chip)):
        values = [_number(column[row]) for column in found.rows.values()]
        place = [int(found.chip[row]), int(found.channel[row]), int(found.kind[row])]
        writer.writerow([*place, *values, reasons_text(int(found.reasons[row]))])
    return stream.getvalue()


def _number(value: Any) -> str:
    if isinstance(value, np.floating | float):
        return "" if np.isnan(value) else f"{float(value):.{DECIMALS}g}"
    return str(value)


def spread_rows(values: npt.ArrayLike, chips: int, registers: str) -> dict[tuple[str, str], Array]:
    """Return values of the rows of a board as the registers of its channels, by block; nan is left as it is."""
    table = np.asarray(values, np.float64).reshape(chips, -1)
    whole = np.where(np.isfinite(table), np.rint(np.nan_to_num(table)), LEAVE).astype(np.int64)
    found, start = {}, 0
    for block in ("ch", "calib", "cm"):
        found[block, registers] = whole[:, start : start + BLOCKS[block]]
        start += BLOCKS[block]
    return found
