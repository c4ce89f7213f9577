"""In what two runs differ: stage, values, inputs, versions, numbers, outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kit import files
from kit.manifest import FinishedRun, number_text
from kit.parameters import NOT_COMPARED

__all__ = ["PARTS", "Difference", "differences"]

PARTS = ("stage", "state", "parameters", "inputs", "versions", "summary", "outputs")
ABSENT = "–"


@dataclass(frozen=True)
class Difference:
    """One thing that two runs do not share: of which part, its name, what it is in each, and a remark."""

    part: str
    name: str
    first: str
    second: str
    remark: str = ""


def differences(first: FinishedRun, second: FinishedRun) -> list[Difference]:
    """Return everything that counts and in which two runs differ, in the order of `PARTS`.

    Where they were written to, when and on which host does not count. Inputs and outputs count by their
    content where a checksum is known: the same file at another place is no difference.
    """
    return [
        *_named("stage", {"stage": first.stage}, {"stage": second.stage}),
        *_named("state", {"state": first.state}, {"state": second.state}),
        *_named("parameters", _counting(first), _counting(second)),
        *_files("inputs", first, second),
        *_named("versions", _versions(first), _versions(second)),
        *_named("summary", first.summary, second.summary),
        *_files("outputs", first, second),
    ]


def _named(part: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name), second.get(name)
        if one != other or (name in first) != (name in second):
            texts = [number_text(there[name]) if name in there else ABSENT for there in (first, second)]
            if texts[0] == texts[1]:  # numbers that differ beyond the digits usually shown
                texts = [repr(one), repr(other)]
            yield Difference(part, name, texts[0], texts[1], _change(one, other))


def _change(one: Any, other: Any) -> str:
    """Return by how much a number has changed, in per cent of the first."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in (one, other)) or not one:
        return ""
    return f"{100 * (other - one) / abs(one):+.3g} %"


def _counting(run: FinishedRun) -> dict[str, Any]:
    return {name: value for name, value in run.parameters.items() if name not in NOT_COMPARED}


def _versions(run: FinishedRun) -> dict[str, Any]:
    software = run.manifest.get("software", {})
    own = {name: software[name] for name in ("kit", "commit", "python") if software.get(name)}
    return {**own, **software.get("packages", {})}


def _files(part: str, first: FinishedRun, second: FinishedRun) -> Iterator[Difference]:
    here, there = _contents(part, first), _contents(part, second)
    contents = set(here.values()) & set(there.values())
    for name in dict.fromkeys([*here, *there]):
        one, other = here.get(name), there.get(name)
        if one != other and not ({one, other} - {None} <= contents):
            yield Difference(part, name, _content_text(one), _content_text(other))


def _contents(part: str, run: FinishedRun) -> dict[str, tuple[Any, Any]]:
    """Return bytes and checksum of each file; one without checksum is known by its path."""
    found = {}
    for entry in run.manifest.get(part, []):
        name = str(entry["path"])
        name = name if part == "outputs" or files.is_remote(name) else files.shown(name)
        found[name] = (entry.get("bytes"), entry.get("sha256") or entry.get("checksum") or name)
    return found


def _content_text(content: tuple[Any, Any] | None) -> str:
    if content is None:
        return ABSENT
    size, checksum = content
    return f"{number_text(size)} bytes, {str(checksum).rpartition(':')[2][:12]}"
