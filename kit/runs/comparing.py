"""In what two runs differ: stage, values, points of a sweep, inputs, versions, numbers, outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kit import files, wording
from kit.batch.points import Point
from kit.batch.results import Results
from kit.batch.rounds import BatchRun
from kit.batch.worker.gathering import gather
from kit.batch.worker.orders import read_points
from kit.manifest import FinishedRun, number_text
from kit.parameters import NOT_COMPARED

__all__ = ["PARTS", "Difference", "differences"]

PARTS = ("stage", "state", "parameters", "points", "inputs", "versions", "summary", "outputs")
ABSENT = "–"
SHOWN = 3  # points by name; of more, how many


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
    content where a checksum is known: the same file at another place is no difference. Points of two sweeps are
    the same where all values agree that either sweep sets point by point.
    """
    sweeps = all((run.directory / "points.jsonl").is_file() for run in (first, second))
    return [
        *_named("stage", {"stage": first.stage}, {"stage": second.stage}),
        *_named("state", {"state": first.state}, {"state": second.state}),
        *_named("parameters", _counting(first), _counting(second)),
        *(_points(first, second) if sweeps else ()),
        *_files("inputs", first, second),
        *_named("versions", _versions(first), _versions(second)),
        *_named("summary", first.summary, second.summary),
        *(() if sweeps else _files("outputs", first, second)),  # tables of the points, which are told already
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


def _points(first: FinishedRun, second: FinishedRun) -> Iterator[Difference]:
    """Yield which points only one of two sweeps has, and what else came out of those that both have."""
    points = [read_points(run.directory / "points.jsonl") for run in (first, second)]
    names = {
        name
        for run, listed in zip((first, second), points, strict=True)
        for name in dict.fromkeys(name for point in listed for name in point.parameters)
        if name not in run.parameters
    }
    here, there = (_outcomes(run, listed, names) for run, listed in zip((first, second), points, strict=True))
    alone = [[text for text in one if text not in other] for one, other in ((here, there), (there, here))]
    if any(alone):
        yield Difference("points", "only in one", *map(_some, alone))
    common = [text for text in here if text in there]
    found = [(text, one) for text in common for one in _named("points", here[text], there[text])]
    numbers = Counter(one.name for _, one in found)
    seen: Counter[str] = Counter()
    for text, one in found:
        seen[one.name] += 1
        if seen[one.name] <= SHOWN:
            more = numbers[one.name] - SHOWN if seen[one.name] == SHOWN else 0
            rest = f"and at {more} more of the {len(common)} that both have" if more > 0 else ""
            yield replace(one, remark=", ".join(filter(None, [one.remark, f"at {text}", rest])))


def _outcomes(run: FinishedRun, points: Sequence[Point], names: set[str]) -> dict[str, dict[str, Any]]:
    """Return what came out of each point, by its values of `names`; points that are equal in them are counted."""
    rows = gather(Results(BatchRun(run.directory)).lines()).rows
    found: dict[str, dict[str, Any]] = {}
    turns: Counter[str] = Counter()
    for point in points:
        values = sorted((name, value) for name, value in point.parameters.items() if name in names)
        text = ", ".join(f"{name}={wording.literal(value)}" for name, value in values) or "the defaults"
        turns[text] += 1
        text += f" (number {turns[text]})" if turns[text] > 1 else ""
        state, _, _, error, numbers = rows.get(point.id, ("missing", 0, 0, "", {}))
        found[text] = {"state": f"{state}: {error}" if error else state, **numbers}
    return found


def _some(texts: Sequence[str]) -> str:
    if not texts:
        return ABSENT
    rest = f"; and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return f"{len(texts)} {'points' if len(texts) > 1 else 'point'}: {'; '.join(texts[:SHOWN])}{rest}"


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
