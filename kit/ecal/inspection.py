"""Looking into many windows: which there are, which pass a filter, what another working point makes of them.

Held are the columns that a filter has asked for, and the shown window; the rest stays on disk.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit.ecal.access import Part
from kit.ecal.events import AnyArray, FloatArray, IntArray
from kit.ecal.window_columns import COLUMNS, read_columns
from kit.ecal.window_files import Progress, WindowFiles
from kit.expressions import Condition

__all__ = ["MOST", "Inspection", "Relabelled"]

RELABEL_FIELDS = (
    *("en_cluster", "calo_score", "is_calo_matched", "is_seed", "in_scluster"),
    *("calo_index", "en_true_sim", "simfraction_wp", "is_seed_calo_matched"),
)
MOST = 20_000  # windows that are relabelled together: enough for a histogram, little enough for a slider
MOST_GROUPS = 40  # row groups that these are read from; of rare ones there are then less


@dataclass(frozen=True)
class Relabelled:
    """What a working point makes of some windows: ΣE/E_true of each, and counts of labels before and after."""

    ratio: FloatArray
    true_before: int
    true_after: int
    windows: int


class Inspection:
    """Windows in any number of files; a context manager.

    Raises
    ------
    FormatError
        If a file holds no windows.
    """

    def __init__(self, paths: Sequence[Path | str]) -> None:
        self.files = WindowFiles(paths)
        self._columns: dict[str, AnyArray] = {}
        self._held: tuple[IntArray, Part] | None = None
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return len(self.files)

    def close(self) -> None:
        """Close the files."""
        self.files.close()

    def one(self, number: int) -> Part:
        """Return everything about one window."""
        return self.files.one(number)

    def find(self, name: str, say: Progress | None = None) -> int:
        """Return the number of the window with this ``run:lumi:event:seed``.

        Raises
        ------
        ValueError
            If there is none.
        """
        first = 0
        for part in self.files.parts(["window_index"], say=say):
            found = np.flatnonzero(part.window["window_index"] == name)
            if len(found):
                return first + int(found[0])
            first += len(part)
        message = f"no window is called {name}, should be run:lumi:event:seed of one of {len(self)}"
        raise ValueError(message)

    def matching(self, text: str, say: Progress | None = None) -> IntArray:
        """Return the numbers of the windows for which a condition holds, such as ``et>20 matched=yes ncls>=3``.

        Columns are read when they are first asked for.

        Raises
        ------
        ValueError
            Naming what is no condition, or no column.
        """
        condition = Condition(text, COLUMNS)
        with self._reading:
            if missing := condition.names - self._columns.keys():
                self._columns |= read_columns(self.files, sorted(missing), say)
        return np.flatnonzero(condition.holds(self._columns, len(self)))

    def knows(self, text: str) -> bool:
        """Tell whether a condition can be looked up without reading all files."""
        return Condition(text, COLUMNS).names <= self._columns.keys()

    def relabel(self, numbers: IntArray, threshold: float | None) -> Relabelled:
        """Return what labels at a common `threshold`, or at the file's working points, make of matched windows."""
        part = self._fields_of(numbers[:MOST])
        owner = np.repeat(np.arange(len(part)), np.diff(part.offsets))
        limit: AnyArray = (
            part.window["simfraction_wp"][owner] if "simfraction_wp" in part.window else np.zeros(len(owner))
        )
        limit = limit if threshold is None else np.full(len(owner), threshold)
        own = part.cluster["is_calo_matched"]
        labels = part.cluster["is_seed"] | (own & (part.cluster["calo_score"] >= limit))
        energy = np.bincount(owner, part.cluster["en_cluster"] * labels, len(part))
        before = part.cluster["is_seed"] | (own & part.cluster["in_scluster"])
        ratio = energy / part.window["en_true_sim"]
        return Relabelled(ratio, int(before.sum()), int(labels.sum()), len(part))

    def _fields_of(self, numbers: IntArray) -> Part:
        """Return what relabelling needs of those that are matched; kept for the next threshold."""
        held = self._held
        if held is not None and np.array_equal(held[0], numbers):
            return held[1]
        read = self.files.some(numbers, RELABEL_FIELDS, MOST_GROUPS)
        joined = _joined([part.take(np.flatnonzero(part.window["is_seed_calo_matched"])) for _, part in read])
        self._held = (numbers, joined)
        return joined


def _joined(parts: Sequence[Part]) -> Part:
    """Return parts behind each other."""
    if not parts:
        nothing = dict.fromkeys(RELABEL_FIELDS, np.zeros(0))
        flags = dict.fromkeys(("is_seed", "is_calo_matched", "in_scluster"), np.zeros(0, np.bool_))
        return Part(nothing, nothing | flags, np.zeros(1, np.int64))
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    return Part(
        {name: np.concatenate([part.window[name] for part in parts]) for name in parts[0].window},
        {name: np.concatenate([part.cluster[name] for part in parts]) for name in parts[0].cluster},
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
    )
