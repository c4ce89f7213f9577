"""What the panel of windows leaves behind: picture, table, and the window with the view that shows it again."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kit import files
from kit.ecal.access import Part
from kit.figures import Picture

__all__ = ["export_window"]

STORED = ("cl_index", "calo_score", "en_cluster", "et_cluster", "cluster_deta", "cluster_dphi")


def export_window(
    folder: str, drawing: Picture, rows: Sequence[Mapping[str, Any]], part: Part, view: Mapping[str, Any]
) -> list[Path]:
    """Write PNG and PDF, the table of clusters as CSV, window and view as JSON, and return the files.

    Parameters
    ----------
    folder : str
        Where to; made where it does not exist.
    drawing : Figure
        The picture.
    rows : sequence of mappings
        The table of clusters. In the file its columns are called as in the windows, and mean the same.
    part : Part
        The window, everything about it.
    view : mapping
        What reproduces the view.
    """
    name = str(part.window["window_index"][0]).replace(":", "_")
    stem = files.resolve(folder) / f"window_{name}"
    stem.parent.mkdir(parents=True, exist_ok=True)
    png, pdf, table, window = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "pdf", "csv", "json")]
    for path in (png, pdf):
        with files.whole(path) as unfinished:
            drawing.savefig(unfinished, format=path.suffix[1:])
    with files.whole(table) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
        made = [_as_stored(row, part) for row in rows]
        lines = csv.DictWriter(stream, list(made[0]), lineterminator="\n")
        lines.writeheader()
        lines.writerows(made)
    fields = {name: values[0] for name, values in part.window.items()}
    clusters = {name: values.tolist() for name, values in part.cluster.items()}
    content = json.loads(files.json_text({"view": dict(view), "window": fields, "clusters": clusters}))
    files.write_json(window, content)
    return [png, pdf, table, window]


def _as_stored(row: Mapping[str, Any], part: Part) -> dict[str, Any]:
    """Return a row of the table under the names of the windows, its place by their signs: φ_seed − φ is stored."""
    place = row["cluster"]
    stored = {name: part.cluster[name][place] for name in STORED if name in part.cluster}
    return {
        "cluster": place,
        "in_scluster": row["in"],
        **stored,
        "score_over_wp": row["over WP"],
        "why": row["why"],
    }
