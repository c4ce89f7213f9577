"""The table of a window's clusters: numbers, label, and the reason of it in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.ecal import display

__all__ = ["TABLE", "row_line", "rows_of"]

TABLE = ("cluster", "in", "score", "over WP", "energy", "et", "deta", "dphi")


def rows_of(shown: display.Shown, order: str) -> list[dict[str, Any]]:
    """Return a row for each cluster, by a falling column, or by rising number: those of `TABLE`, and ``why``."""
    s, energy = shown, shown.part.cluster["en_cluster"]
    rows = [
        {
            "cluster": place,
            "in": bool(s.in_scluster[place]),
            "score": float(s.score[place]),
            "over WP": max(float(s.score[place]), 0.0) / s.threshold if s.threshold > 0 else float("nan"),
            "energy": float(energy[place]),
            "et": float(s.et[place]),
            "deta": float(s.deta[place]),
            "dphi": float(s.dphi[place]),
            "why": display.reason(s, place),
        }
        for place in range(len(s.et))
    ]
    return sorted(rows, key=lambda row: row[order], reverse=order != "cluster")


def row_line(row: Mapping[str, Any]) -> str:
    """Return a row as a line of a list."""
    mark, where = "in " if row["in"] else "out", f"Δη {row['deta']:+.3f}, Δφ {row['dphi']:+.3f}"
    return f"{row['cluster']:>3} {mark} ET {row['et']:8.3f} GeV, {where}; {row['why']}"
