"""Which runs may go: none that is being written, none that another run or a campaign still refers to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import files
from kit.directories import is_held
from kit.runs.finding import FoundRun, folder_bytes

__all__ = ["Clearance", "clearance", "remove"]

CAMPAIGN = "campaign.json"  # names the runs of a campaign's stages
LEAVING = ".removed"  # ending of a directory on its way out


@dataclass(frozen=True)
class Clearance:
    """What would become of runs: those that go with their bytes, those that stay with the reason."""

    going: tuple[tuple[FoundRun, int], ...]
    staying: tuple[tuple[FoundRun, str], ...]

    @property
    def bytes(self) -> int:
        """How much would be free."""
        return sum(size for _, size in self.going)


def clearance(wanted: Sequence[FoundRun], everything: Sequence[FoundRun], folder: Path) -> Clearance:
    """Tell which of the runs `wanted` away may go.

    Parameters
    ----------
    wanted : sequence of FoundRun
        The runs to remove.
    everything : sequence of FoundRun
        All runs that may refer to them.
    folder : Path
        Where the records of campaigns are looked for.
    """
    staying = {found.directory: (found, reason) for found in wanted if (reason := _busy(found))}
    users = [*(_uses_of(found) for found in everything), *_campaigns(folder)]
    leaving = {found.directory: found for found in wanted if found.directory not in staying}
    while kept := _first_needed(leaving, users):
        found, user = kept  # what this one used must stay with it
        staying[found.directory] = (found, f"{files.shown(user)} refers to it")
        del leaving[found.directory]
    going = tuple((found, folder_bytes(found.directory)) for found in leaving.values())
    return Clearance(going, tuple(staying.values()))


def _busy(found: FoundRun) -> str:
    """Return why a run cannot be removed now, empty where it can."""
    if "running" in (found.state, found.run.state if found.is_batch else ""):  # not before it is merged
        return "its jobs may still run: kit status, or kit stop" if found.is_batch else "a process is writing it"
    return "a process is writing it" if is_held(found.directory) else ""


def _uses_of(found: FoundRun) -> tuple[Path, list[Path]]:
    """Return a run and the paths that it names: its inputs, and all values that may be paths."""
    named = [str(entry["path"]) for entry in found.run.manifest.get("inputs", [])]
    return found.directory, [files.resolve(path) for path in [*named, *_texts(found.run.parameters)] if path]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from () if "\0" in value or files.is_remote(value) else (value,)
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _campaigns(folder: Path) -> Iterator[tuple[Path, list[Path]]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if CAMPAIGN in names:
            record = files.read_json(Path(place) / CAMPAIGN)
            yield Path(place) / CAMPAIGN, [files.resolve(text) for text in _texts(record) if "/" in text]


def _first_needed(
    leaving: dict[Path, FoundRun], users: list[tuple[Path, list[Path]]]
) -> tuple[FoundRun, Path] | None:
    """Return a run on its way out that something that stays refers to, and what that is."""
    for user, paths in users:
        if user in leaving:
            continue
        for path in paths:
            for place in (path, *path.parents):
                if place in leaving and place != user:
                    return leaving[place], user
    return None


def remove(found: FoundRun) -> None:
    """Remove the directory of a run: it loses its name first, so that a part never looks like the whole."""
    aside = found.directory.with_name(f".{found.directory.name}{LEAVING}")
    found.directory.rename(aside)
    shutil.rmtree(aside)
