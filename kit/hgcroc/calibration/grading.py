"""Whether a chip can be used: from what all analyses say of its channels, by the limits of the public script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.reasons import Reason, reasons_text
from kit.hgcroc.calibration.wishes import GRADE_LIMITS

__all__ = ["BAD", "GOOD", "OKISH", "BadChannel", "ChipGrade", "apart", "bad_channels", "grade_board", "worst"]

GOOD, OKISH, BAD = "good", "okish", "bad"
ORDER = (GOOD, OKISH, BAD)
NEEDED = ("pedestals", "gain", "toa_curves", "tot_line")  # a chip without one of them is not known to be good
ALL_REASONS = int(sum(Reason))
ADC_REASONS = Reason.FLAT_ADC | Reason.LOW_ADC | Reason.NO_FIT | Reason.SHORTED | Reason.MISSING


@dataclass(frozen=True)
class BadChannel:
    """A channel with reasons against it."""

    chip: int
    channel: int
    kind: str
    reasons: str
    analyses: tuple[str, ...]


@dataclass(frozen=True)
class ChipGrade:
    """Grade of a chip, what it was judged by, and why it is not good."""

    chip: int
    grade: str
    reasons: tuple[str, ...]
    numbers: Mapping[str, float | int | None] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)


def bad_channels(found: Mapping[str, Distillate]) -> list[BadChannel]:
    """Return every channel with a reason against it, with the analyses that gave one."""
    if not found:
        return []
    first = next(iter(found.values()))
    bits = {name: each.reasons for name, each in found.items() if len(each.reasons) == len(first.reasons)}
    total = np.bitwise_or.reduce(list(bits.values()))
    total = np.where(total & np.uint32(Reason.DEAD), np.uint32(Reason.DEAD), total)  # the rest follows from that
    kinds = {0: "channel", 1: "calibration", 100: "common mode"}
    return [
        BadChannel(
            int(first.chip[row]),
            int(first.channel[row]),
            kinds[int(first.kind[row])],
            reasons_text(int(total[row])),
            tuple(name for name, each in bits.items() if each[row]),
        )
        for row in np.flatnonzero(total)
    ]


def apart(bad: Sequence[BadChannel]) -> tuple[list[BadChannel], list[BadChannel]]:
    """Return the channels that are bad, and those that are good but for a target out of their trim's reach."""
    reach = reasons_text(Reason.UNREACHABLE)
    return [each for each in bad if each.reasons != reach], [each for each in bad if each.reasons == reach]


def grade_board(found: Mapping[str, Distillate], limits: Mapping[str, float] | None = None) -> list[ChipGrade]:
    """Return the grade of each chip.

    Parameters
    ----------
    found : mapping of str to Distillate
        By analysis.
    limits : mapping, optional
        Those of `GRADE_LIMITS` that shall be otherwise.
    """
    if not found:
        return []
    wanted = GRADE_LIMITS | dict(limits or {})
    chips = next(iter(found.values())).chips
    return [_grade_chip(chip, found, wanted) for chip in range(chips)]


def worst(grades: list[ChipGrade]) -> str:
    """Return the grade of the board: that of its worst chip."""
    return max((each.grade for each in grades), key=ORDER.index, default=BAD)


def _grade_chip(chip: int, found: Mapping[str, Distillate], limits: Mapping[str, float]) -> ChipGrade:
    numbers: dict[str, float | int | None] = {}
    bad = [f"no scan for {name}" for name in NEEDED if name not in found]
    okish: list[str] = []
    if "pedestals" in found:
        bad += _pedestals_against(chip, found, limits, numbers)
    injection = _count(chip, [found[name] for name in ("gain", "crosstalk") if name in found], ADC_REASONS)
    numbers["bad_injection"] = injection
    if injection > limits["bad_injection"]:
        bad.append(f"{injection} channels bad in injection, more than {limits['bad_injection']:g}")
    times = {
        quantity: _count(chip, [found[name] for name in names if name in found])
        for quantity, names in (("TOA", ("toa_curves", "time_walk", "phase_steps")), ("TOT", ("tot_line",)))
    }
    numbers |= {f"bad_{quantity.lower()}": count for quantity, count in times.items()}
    if all(count > limits["bad_times"] for count in times.values()):
        okish.append(
            f"{times['TOA']} channels bad in TOA and {times['TOT']} in TOT, more than {limits['bad_times']:g}"
        )
    grade = BAD if bad else OKISH if okish else GOOD
    return ChipGrade(chip, grade, (*bad, *okish), numbers)


def _pedestals_against(
    chip: int, found: Mapping[str, Distillate], limits: Mapping[str, float], numbers: dict[str, float | int | None]
) -> list[str]:
    told, pedestals = [], found["pedestals"]
    mine = (pedestals.chip == chip) & (pedestals.kind == 0)
    level, noise = pedestals.rows["pedestal"][mine], pedestals.rows["noise"][mine]
    judged = [found[name] for name in ("pedestals", "trim_inv") if name in found]
    alive = np.isfinite(level) & (noise > 0) & (_bits(chip, judged, ~Reason.UNREACHABLE) == 0)
    target = _target(chip, found)
    numbers["noise"] = _mean(noise[np.isfinite(noise) & (noise > 0)])
    numbers["pedestal"] = _mean(level[alive])
    numbers["pedestal_spread"] = _spread_in_halves(level, alive)
    # a trim at its end is no fault as long as the pedestal is near enough
    far = np.abs(level - (np.nan if target is None else target)) > limits["pedestal_off"]
    bits = _bits(chip, judged)
    unusable = int((((bits & ~np.uint32(Reason.UNREACHABLE)) != 0) | ((bits != 0) & far)).sum())
    if numbers["noise"] is None or numbers["noise"] > limits["noise"]:
        told.append(f"mean noise {_words(numbers['noise'])}, above {limits['noise']:g} ADC")
    if numbers["pedestal_spread"] is None or numbers["pedestal_spread"] > limits["pedestal_spread"]:
        told.append(
            f"pedestals spread by {_words(numbers['pedestal_spread'])}, above {limits['pedestal_spread']:g} ADC"
        )
    if (
        target is not None
        and numbers["pedestal"] is not None
        and abs(numbers["pedestal"] - target) > limits["pedestal_off"]
    ):
        told.append(
            f"mean pedestal {numbers['pedestal']:.0f} is more than {limits['pedestal_off']:g} ADC off {target:.0f}"
        )
    numbers["bad_pedestals"] = unusable
    if unusable >= limits["bad_pedestals"]:
        told.append(f"{unusable} channels with bad pedestals, {limits['bad_pedestals']:g} or more")
    return told


def _spread_in_halves(level: npt.NDArray[Any], alive: npt.NDArray[np.bool_]) -> float | None:
    """Return the standard deviation around the mean of each half: each has a target of its own."""
    parts = [part - part.mean() for part in (level[:36][alive[:36]], level[36:][alive[36:]]) if len(part)]
    return float(np.sqrt(np.mean(np.concatenate(parts) ** 2))) if parts else None


def _target(chip: int, found: Mapping[str, Distillate]) -> float | None:
    """Return the mean pedestal that the last alignment of the chip aimed at, None where there was none."""
    for name in ("trim_inv", "noinv_vref", "inv_vref"):
        if name in found:
            values = found[name].halves.get("target", found[name].halves.get("expected"))
            if values is not None and np.isfinite(values[2 * chip : 2 * chip + 2]).any():
                return float(np.nanmean(values[2 * chip : 2 * chip + 2]))
    return None


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(values.mean()) if len(values) else None


def _words(value: float | int | None) -> str:
    return "not known" if value is None else f"{value:.3g}"


def _bits(chip: int, judged: list[Distillate], among: int = ALL_REASONS) -> npt.NDArray[np.uint32]:
    """Return all reasons against the channels of a chip."""
    bits = np.zeros(72, np.uint32)
    for each in judged:
        bits |= each.reasons[(each.chip == chip) & (each.kind == 0)]
    return bits & np.uint32(int(among) & ALL_REASONS)


def _count(chip: int, judged: list[Distillate], among: int = ALL_REASONS) -> int:
    return int((_bits(chip, judged, among) != 0).sum())
