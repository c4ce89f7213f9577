"""Looking into many windows: which there are, which pass a filter, what another working point makes of them.

Of all windows a few numbers are held, of the shown one everything; the rest stays on disk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kit import wording
from kit.ecal.access import Part, WindowFiles
from kit.ecal.events import AnyArray, BoolArray, FloatArray, IntArray

__all__ = ["COLUMNS", "Inspection", "Relabelled"]

WINDOW_FIELDS = ("et_seed", "seed_eta", "seed_iz", "ncls", "nclusters_insc", "flavour")
FLAG_FIELDS = ("is_seed_calo_matched", "is_seed_calo_seed")
CLUSTER_FIELDS = ("is_calo_matched_diffcalo", "in_scluster", "in_scluster_deepsc", "in_scluster_fixed")
RELABEL_FIELDS = (
    "en_cluster",
    "calo_score",
    "is_calo_matched",
    "is_seed",
    "calo_index",
    "en_true_sim",
    "simfraction_wp",
)
COLUMNS = {
    "et": "raw ET of the seed, GeV",
    "eta": "|η| of the seed",
    "barrel": "seed in the barrel, yes or no",
    "ncls": "clusters",
    "true": "true clusters",
    "flavour": "PDG id",
    "matched": "belongs to a particle, yes or no",
    "calo_seed": "seed is the particle's main cluster, yes or no",
    "diffcalo": "has clusters of another particle, yes or no",
    "differ": "labels of the two definitions differ, yes or no",
}
CONDITION = re.compile(r"(\w+)(<=|>=|<|>|=)(\S+)$")
COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal}
MOST = 20_000  # windows that are relabelled together: enough for a histogram, little enough for a slider


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
        self._files = WindowFiles(paths)
        self.columns = self._read_columns()
        self._held: tuple[IntArray, Part] | None = None

    def __len__(self) -> int:
        return len(self._files)

    def close(self) -> None:
        """Close the files."""
        self._files.__exit__()

    def one(self, number: int) -> Part:
        """Return everything about one window."""
        return self._files.one(number)

    def find(self, name: str) -> int:
        """Return the number of the window with this ``run:lumi:event:seed``.

        Raises
        ------
        ValueError
            If there is none.
        """
        first = 0
        for part in self._files.parts(["window_index"]):
            found = np.flatnonzero(part.window["window_index"] == name)
            if len(found):
                return first + int(found[0])
            first += len(part)
        message = f"no window is called {name}, should be run:lumi:event:seed of one of {len(self)}"
        raise ValueError(message)

    def matching(self, text: str) -> IntArray:
        """Return the numbers of the windows that fulfil all conditions, such as ``et>20 matched=yes ncls>=3``.

        Raises
        ------
        ValueError
            Naming what is no condition, or no column.
        """
        passing = np.ones(len(self), np.bool_)
        for word in text.split():
            passing &= self._fulfils(word)
        return np.flatnonzero(passing)

    def relabel(self, numbers: IntArray, threshold: float | None) -> Relabelled:
        """Return what labels at a common `threshold`, or at the file's working points, make of matched windows."""
        numbers = numbers[self.columns["matched"][numbers]][:MOST]
        part = self._fields_of(numbers)
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
        """Return what relabelling needs of some windows; kept for the next threshold."""
        if self._held is not None and np.array_equal(self._held[0], numbers):
            return self._held[1]
        taken, first = [], 0
        for part in self._files.parts((*RELABEL_FIELDS, "in_scluster")):
            own = numbers[(numbers >= first) & (numbers < first + len(part))] - first
            if len(own):
                taken.append(part.take(own))
            first += len(part)
            if first > numbers[-1:].max(initial=-1):
                break
        joined = _joined(taken)
        self._held = (numbers, joined)
        return joined

    def _fulfils(self, word: str) -> BoolArray:
        parsed = CONDITION.match(word)
        if not parsed:
            message = f"{word} is no condition, should be such as et>20 or matched=yes"
            raise ValueError(message)
        name, sign, value = parsed.groups()
        if name not in self.columns:
            hint = wording.suggestion(name, list(self.columns))
            message = f"{name} is no column, should be one of {', '.join(self.columns)}{hint}"
            raise ValueError(message)
        words = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}
        try:
            number = words[value] if value in words else float(value)
        except ValueError:
            message = f"{word}: {value} is no number, nor yes or no"
            raise ValueError(message) from None
        found: BoolArray = COMPARE[sign](self.columns[name].astype(np.float64), number)
        return found

    def _read_columns(self) -> dict[str, AnyArray]:
        """Return the columns that filters know, each as small as it can be."""
        held: dict[str, list[AnyArray]] = {name: [] for name in COLUMNS}
        for part in self._files.parts((*WINDOW_FIELDS, *FLAG_FIELDS, *CLUSTER_FIELDS)):
            window, cluster = part.window, part.cluster
            owner = np.repeat(np.arange(len(part)), np.diff(part.offsets))
            other = next((cluster[n] for n in CLUSTER_FIELDS[2:] if n in cluster), cluster["in_scluster"])
            made = {
                "et": window["et_seed"].astype(np.float32),
                "eta": np.abs(window["seed_eta"]).astype(np.float32),
                "barrel": window["seed_iz"] == 0,
                "ncls": window["ncls"].astype(np.int16),
                "true": window["nclusters_insc"].astype(np.int16),
                "flavour": window["flavour"].astype(np.int16),
                "matched": window["is_seed_calo_matched"].astype(np.bool_),
                "calo_seed": window["is_seed_calo_seed"].astype(np.bool_),
                "diffcalo": np.bincount(owner, cluster["is_calo_matched_diffcalo"], len(part)) > 0,
                "differ": np.bincount(owner, cluster["in_scluster"] != other, len(part)) > 0,
            }
            for name, values in made.items():
                held[name].append(values)
        return {name: np.concatenate([np.zeros(0, np.bool_), *values]) for name, values in held.items()}


def _joined(parts: Sequence[Part]) -> Part:
    """Return parts behind each other."""
    if not parts:
        nothing = dict.fromkeys((*RELABEL_FIELDS, "in_scluster"), np.zeros(0))
        flags = dict.fromkeys(("is_seed", "is_calo_matched", "in_scluster"), np.zeros(0, np.bool_))
        return Part(nothing, nothing | flags, np.zeros(1, np.int64))
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    return Part(
        {name: np.concatenate([part.window[name] for part in parts]) for name in parts[0].window},
        {name: np.concatenate([part.cluster[name] for part in parts]) for name in parts[0].cluster},
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
    )
