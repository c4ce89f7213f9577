"""The few numbers that a run of windows is judged by, added over chunks and files."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from kit.ecal.building import Windows

__all__ = ["Tally"]


@dataclass(frozen=True)
class Tally:
    """Counts, and sums of energies in GeV."""

    events: int = 0
    events_bad: int = 0
    nan_scores: int = 0
    undefined: int = 0
    clusters: int = 0
    seeds: int = 0
    seeds_in_other_window: int = 0
    windows_created: int = 0
    windows_matched: int = 0
    windows: int = 0
    calo_seeds: int = 0
    mustache_matched: int = 0
    clusters_in_windows: int = 0
    in_scluster: int = 0
    in_geom_mustache: int = 0
    hits: int = 0
    et_seed: float = 0.0
    en_true_sim: float = 0.0
    wtot_simen_sig: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )

    @classmethod
    def of(cls, windows: Windows, events: int, bad: int, nan_scores: int) -> Self:
        """Return the numbers of a chunk of so many events that were used, and so many that were not."""
        counts = {name: int(values.sum()) for name, values in windows.counts.items()}
        window, cluster = windows.window, windows.cluster
        return cls(
            events=events,
            events_bad=bad,
            nan_scores=nan_scores,
            undefined=windows.undefined,
            clusters=counts["clusters"],
            seeds=counts["seeds"],
            seeds_in_other_window=counts["blocked"],
            windows_created=counts["matched"] + counts["unmatched"],
            windows_matched=counts["matched"],
            windows=len(windows),
            calo_seeds=int(window["is_seed_calo_seed"].sum()),
            mustache_matched=int(window["is_seed_mustache_matched"].sum()),
            clusters_in_windows=int(windows.offsets[-1]),
            in_scluster=int(cluster["in_scluster"].sum()),
            in_geom_mustache=int(cluster["in_geom_mustache"].sum()),
            hits=int(windows.hits.offsets[-1]),
            et_seed=float(window["et_seed"].sum()),
            en_true_sim=float(window["en_true_sim"].sum()),
            wtot_simen_sig=float(window["wtot_simen_sig"].sum()),
        )
