"""The count summary that SamplingInput leaves at the end of a job's log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kit.files import FormatError

__all__ = ["Counted", "read_log"]

NEXT = re.compile(r"run:\s*(\d+)\s+subRun:\s*(\d+)\s+event:\s*(\d+)")
RULE = re.compile(r"-{10,}$")


@dataclass(frozen=True)
class Counted:
    """One data set of one job.

    Attributes
    ----------
    fraction, expected, weight : float
        Of the sample; by the weights; the weight itself.
    next_event : tuple of int or None
        Run, subrun and event that would have come next; None where no more are available.
    """

    name: str
    counts: int
    fraction: float
    expected: float
    weight: float
    next_event: tuple[int, int, int] | None


def read_log(path: Path) -> list[list[Counted]]:
    """Return the summaries of all jobs in a log.

    Raises
    ------
    FormatError
        With file and line, where a summary is damaged; if there is none.
    """
    blocks: list[list[Counted]] = []
    faults: list[str] = []
    inside = False
    current: list[Counted] = []
    heading = False
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        words = line.split()
        if words[:2] == ["Dataset", "Counts"]:
            heading, current = True, []
        elif heading and RULE.fullmatch(line.strip()):
            inside, heading = True, False
        elif inside and RULE.fullmatch(line.strip()):
            inside = False
            blocks.append(current)
        elif inside:
            counted = _counted(line)
            if counted is None:
                faults.append(f"{path}:{number}: {line.strip()!r}, should be a data set's counts")
            else:
                current.append(counted)
        elif words[:1] == ["Total"] and len(words) == 2 and words[1].isdigit() and blocks:
            counts = sum(one.counts for one in blocks[-1])
            if counts != int(words[1]):
                faults.append(f"{path}:{number}: total is {words[1]}, but the counts add up to {counts}")
    if inside or heading:
        faults.append(f"{path}: the last count summary is cut short")
    if not blocks and not faults:
        faults.append(f"{path}: there is no count summary of SamplingInput")
    if faults:
        raise FormatError("\n".join(faults))
    return blocks


def _counted(line: str) -> Counted | None:
    """Return a line of a summary; numbers may overflow their columns, so that only blanks divide them."""
    left, bar, right = line.partition("|")
    try:
        name, counts, fraction = left.split()
        expected, weight, *rest = right.split()
        numbers = float(fraction), float(expected), float(weight)
        words = " ".join(rest)
        found = NEXT.fullmatch(words)
        if not bar or not (found or words == "(no more available)"):
            return None
        following = (int(found[1]), int(found[2]), int(found[3])) if found else None
        return Counted(name, int(counts), *numbers, following)
    except ValueError:
        return None
