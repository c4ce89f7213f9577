"""Pictures of a catalogue: what the datasets hold, and what has become of their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kit import figures
from kit.opendata import drawing
from kit.opendata.captions import Caption
from kit.opendata.mass_plots import bar_picture

__all__ = ["files_by_dataset", "states"]

STATES = ("listed", "downloaded", "verified", "failed")
LONGEST = 40  # letters of a dataset's name that are shown


def files_by_dataset(content: Mapping[str, Any], caption: Caption) -> figures.Picture:
    """Draw the number of files of the largest datasets; those of data hatched."""
    table, data = dict[str, int](), set[str]()
    for dataset in content["datasets"]:
        name = dataset["name"] if len(dataset["name"]) <= LONGEST else dataset["name"][: LONGEST - 1] + "…"
        name = name if dataset["key"] in (name, "data") else f"{name} ({dataset['key']})"
        where = dataset.get("release") or f"record {dataset['record']}"
        name = f"{name}, {where}" if dataset["key"] == "data" else name
        table[name] = table.get(name, 0) + len(dataset["files"])
        if dataset["kind"] == "data":
            data.add(name)
    largest, others = drawing.largest(table)
    title = f"Files of {drawing.counted(len(table), 'dataset')}" + ("; collision data hatched" if data else "")
    return bar_picture(largest, title, caption, hollow=data, others=others)


def states(content: Mapping[str, Any], caption: Caption) -> figures.Picture:
    """Draw how many files are listed, downloaded, verified and failed."""
    found = Counter(file["state"] for dataset in content["datasets"] for file in dataset["files"])
    size = sum(file["size"] or 0 for dataset in content["datasets"] for file in dataset["files"])
    table = {state: found[state] for state in STATES}
    title = f"Files, {_size_text(size)} in all" if size else "Files, of sizes that nobody tells"
    return bar_picture(table, title, caption, whole=sum(table.values()))


def _size_text(size: int) -> str:
    unit, name = next((pair for pair in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")) if size >= pair[0]), (1e3, "kB"))
    return f"{size / unit:.3g} {name}"
