"""What must hold after every attempt, whatever happened to it: one function, for every cell of the table."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.contents import differences, outputs
from tests.faults.places import Ended, Place

# one for each board ever used, and empty: it is what is held, and to remove it would let two hold the same
LASTING = re.compile(r"tmp/kit-hgcroc-[0-9a-f]{16}\.lock$")
WHEN = re.compile(r"\d{8}[_T]\d{6}Z?")
TRACE = re.compile(r"^Traceback \(most recent call last\)|^  File \"", re.MULTILINE)
# what the kit says in words of its own, or the system does; any other class is a fault that nobody has thought of
SPOKEN = "Value|Runtime|OS|Permission|IsADirectory|NotADirectory|FileExists|Memory|Procedure|Board|Submission"
BARE = re.compile(rf"^kit: cell(?: \d+)?: (?!(?:{SPOKEN})Error\b)", re.MULTILINE)


@dataclass
class Reference:
    """What is known of the undisturbed run of a stage."""

    outputs: dict[str, dict[str, str]]
    manifest: dict[str, Any]
    others: list[str]  # files that it leaves beside its directory
    bytes: int
    largest: int
    address_space: int
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Verdict:
    """What became of one attempt: a word for the table, and what should not be."""

    word: str
    faults: list[str] = field(default_factory=list)
    said: str = ""


def beside(place: Place) -> list[str]:
    """Return the files of a place that are not in the directory of the run; times in their names do not count."""
    return sorted(
        WHEN.sub("*", str(path.relative_to(place.folder)))
        for path in place.folder.rglob("*")
        if path.is_file() and not path.is_relative_to(place.run.parent)
    )


def said(ended: Ended) -> str:
    """Return what an attempt said last, which is what a user reads."""
    lines = [line for line in ended.err.splitlines() if line.startswith("kit: ")]
    at = ended.err.rfind(lines[-1]) if lines else 0
    return ended.err[at:].strip()


def judge(ended: Ended, place: Place, reference: Reference, disturbance: Any, *, other: bool = False) -> Verdict:
    """Return what became of a disturbed attempt; `other` where its answer may be another one."""
    verdict = Verdict(_word(ended), said=said(ended))
    faults = verdict.faults
    late = disturbance.ends_late and _state(place) == "complete"
    if ended.status is None:
        faults.append(f"it hung for {ended.seconds:.0f} s")
    elif ended.status < 0 and not disturbance.by_signal and not (late and ended.status == -signal.SIGINT):
        faults.append(f"it died of signal {-ended.status}")
    elif ended.status > 0:
        faults += _of_a_refusal(ended, verdict.said, place, disturbance)
    faults += [f"left running: {process}" for process in ended.left]
    if ended.status is not None and ended.status >= 0:
        faults += [f"left behind: {name}" for name in place.temporary() if not LASTING.search(name)]
    by_another = re.search("written by another process|is complete", verdict.said) is not None
    found = _of_what_stands(place, reference, complete=ended.status == 0 or late, by_another=by_another)
    if other and found:
        verdict.word, found = "other", []
    faults += found
    return verdict


def _word(ended: Ended) -> str:
    match ended.status:
        case None:
            return "hung"
        case 0:
            return "right"
        case status if status < 0:
            return "killed"
    return "refused"


def _of_a_refusal(ended: Ended, text: str, place: Place, disturbance: Any) -> list[str]:
    found = []
    if not text:
        found.append(f"status {ended.status} without a word: {ended.err[-300:]!r}")
    elif not disturbance.refusal_names_cause(text, place):
        found.append(f"the cause is not named: {text[:400]!r}")
    if TRACE.search(ended.err):
        found.append(f"a trace is shown: {ended.err[-600:]!r}")
    if BARE.search(text):
        found.append(f"an error of ours: {text[:300]!r} {ended.trace[-500:]}")
    return found


def _of_what_stands(place: Place, reference: Reference, *, complete: bool, by_another: bool = False) -> list[str]:
    """Return what is wrong with the directory of the run: whatever has its final name must be whole."""
    if not place.run.exists():
        return ["there is no run although all seemed well"] if complete else []
    try:
        state = _manifest(place.run).get("state", "absent")
    except ValueError as fault:
        return [f"the manifest cannot be read: {fault}"]
    if complete:
        if state != "complete":
            return [f"the manifest says {state}, the exit status that all is well"]
        return differences(outputs(place.run, place.folder), reference.outputs)
    faults = []
    try:
        there = outputs(place.run, place.folder, growing=False)
    except Exception as fault:  # noqa: BLE001 - a reader may fail in any way
        return [f"under its final name is not whole: {type(fault).__name__}: {fault}"]
    known = {name: there[name] for name in there if name in reference.outputs}
    growing = {name for name in known if name.endswith((".h5", "ledger.json"))}  # whole, with fewer entries
    found = {name: part for name, part in known.items() if name not in growing}
    faults += differences(found, {name: reference.outputs[name] for name in found})
    if state not in ("running", "failed", "absent") and not by_another:
        faults.append(f"the manifest says {state}, the exit status that it failed")
    return faults


def judge_again(ended: Ended, place: Place, reference: Reference) -> list[str]:
    """Return what is wrong after the same command was given once more, undisturbed."""
    if ended.status != 0 and "is complete, with the same parameters" not in said(ended):
        return [f"the rerun ended with {ended.status}: {said(ended) or ended.err[-300:]!r} {ended.trace[-700:]}"]
    faults = _of_what_stands(place, reference, complete=True)
    parts = [str(path.relative_to(place.run)) for path in place.run.rglob(".*")]
    faults += [f"left in the run: {name}" for name in parts]
    faults += [f"left running: {process}" for process in ended.left]
    extra = Counter(beside(place)) - Counter(reference.others)
    missing = Counter(reference.others) - Counter(beside(place))
    faults += [f"left in the project: {name}" for name in extra]
    faults += [f"gone from the project: {name}" for name in missing]
    return faults


def _state(place: Place) -> str:
    try:
        return str(_manifest(place.run).get("state", "absent"))
    except ValueError:
        return "damaged"


def _manifest(directory: Path) -> Mapping[str, Any]:
    path = directory / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
