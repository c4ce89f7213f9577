"""What the distilleries aim at, and the limits by which channels and chips are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kit import wording

__all__ = ["GRADE_LIMITS", "Wishes", "wishes_with"]

# the limits of the public grading script for hexaboards
GRADE_LIMITS: dict[str, float] = {
    "noise": 2.0,  # ADC; mean of a chip
    "pedestal_spread": 10.0,  # ADC; standard deviation over a chip
    "pedestal_off": 35.0,  # ADC; mean pedestal from the target
    "bad_pedestals": 5,  # channels; so many or more are bad
    "bad_injection": 5,  # channels; more than these are bad
    "bad_times": 5,  # channels; more than these in TOA and in TOT are okish
}


@dataclass(frozen=True)
class Wishes:
    """Targets and limits of all distilleries.

    Attributes
    ----------
    target_inv, target_noinv : float
        Pedestal at which Inv_vref and Noinv_vref are set, in ADC counts. The public scripts' second one is 60; so
        far from where they came channels lie apart by more than trim_inv can take up: of twelve emulated boards
        95 % of the channels (91 % on the worst) come within 2 counts of their target, at 150 97 % (95 %).
    target_trim : float or None
        Pedestal that trim_inv brings all channels of a half to; None for the one that most can reach.
    toa_target, tot_target : float
        Charge in fC at which half of the pulses shall fire.
    tot_fit_from : float
        HighRange counts of the injection DAC from which TOT is a straight line.
    walk_from : float
        Charge in fC from which the time-walk is described by one power.
    tot_centre, cm_subtract, exclude_corrupt : bool
        Whether a compressed TOT stands for the middle of its bin; whether the common mode is taken off the noise;
        whether events with a broken half are left out.
    noisy : float
        Noise in ADC counts above which a channel is noisy.
    noisy_widths : float
        And above the median of its half by so many robust standard deviations.
    low_adc : float
        What the ADC has to reach in an injection scan.
    grade : mapping
        See `GRADE_LIMITS`.
    """

    target_inv: float = 200.0
    target_noinv: float = 150.0
    target_trim: float | None = None
    toa_target: float = 12.0
    tot_target: float = 200.0
    tot_fit_from: float = 384.0
    walk_from: float = 90.0
    tot_centre: bool = False
    cm_subtract: bool = True
    exclude_corrupt: bool = True
    noisy: float = 2.0
    noisy_widths: float = 5.0
    low_adc: float = 500.0
    grade: Mapping[str, float] = field(default_factory=lambda: dict(GRADE_LIMITS))


def wishes_with(base: Wishes, values: Mapping[str, Any]) -> Wishes:
    """Return wishes in which some are otherwise.

    Raises
    ------
    ValueError
        With the nearest name, if one is not known, or is no number.
    """
    known = {each.name: each for each in fields(Wishes)}
    for name, value in values.items():
        if name not in known:
            message = f"{name} is not known{wording.suggestion(name, list(known))}"
            raise ValueError(message)
        if name != "grade" and (value is None) > (name == "target_trim"):
            message = f"{name} is {value!r}, should be a number"
            raise ValueError(message)
        if name != "grade" and value is not None and not isinstance(value, int | float):
            message = f"{name} is {value!r}, should be a number"
            raise ValueError(message)
    return replace(base, **values)
