"""What a run of the catalogue leaves: `catalogue.json`, the original's list, addresses, and its summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.files import write_json
from kit.opendata.listings import Dataset
from kit.opendata.shelf import Entry
from kit.run import Run

__all__ = ["ADDRESSES", "CATALOGUE", "EXPORT", "FORMAT", "Placed", "summed_up", "write_catalogue"]

CATALOGUE, EXPORT, ADDRESSES = "catalogue.json", "metadata_cache.json", "files.txt"
FORMAT = 1

Placed = Sequence[tuple[Dataset, Sequence[Entry]]]


def write_catalogue(head: dict[str, Any], placed: Placed, run: Run) -> None:
    """Write the three files; `head` are the settings that a reader of the catalogue needs."""
    told = [
        {
            "key": dataset.key,
            "name": dataset.name,
            "record" if dataset.source.startswith("record_") else "release": dataset.source.removeprefix(
                "record_"
            ),
            "kind": dataset.kind,
            "metadata": dataset.metadata,
            "files": [entry.told() for entry in entries],
        }
        for dataset, entries in placed
    ]
    with run.writing(CATALOGUE) as part:
        write_json(part, {"format": FORMAT, **head, "datasets": told})
    export: dict[str, list[str]] = {}
    for dataset, entries in placed:
        simulated = dataset.kind == "simulation" and not dataset.source.startswith("record_")
        export.setdefault(dataset.source + "_mc" * simulated, []).extend(entry.http for entry in entries)
    with run.writing(EXPORT) as part:
        write_json(part, {name: addresses for name, addresses in export.items() if addresses})
    lines = [entry.readable for _, entries in placed for entry in entries if not entry.reason]
    with run.writing(ADDRESSES) as part:
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def summed_up(placed: Placed, asked: int, seconds: float) -> dict[str, Any]:
    """Return the summary of a run that has asked for so many lists."""
    every = [entry for _, entries in placed for entry in entries]
    fetched = [entry for entry in every if entry.came]
    states = {state: sum(entry.shown_state == state for entry in every) for state in ("downloaded", "verified")}
    return {
        "datasets": len(placed),
        "datasets_without_files": sum(not entries for _, entries in placed),
        "data": sum(dataset.kind == "data" for dataset, _ in placed),
        "simulation": sum(dataset.kind == "simulation" for dataset, _ in placed),
        "files": len(every),
        "mb": round(sum(entry.bytes or 0 for entry in every) / 1e6, 3),
        "lists_asked_for": asked,
        "files_fetched": len(fetched),
        "mb_fetched": round(sum(entry.came for entry in fetched) / 1e6, 3),
        "files_continued": sum(entry.left > 0 for entry in fetched),
        **states,
        "files_failed": sum(bool(entry.reason) for entry in every),
        "seconds": round(seconds, 3),
        "empty": not every,
    }
