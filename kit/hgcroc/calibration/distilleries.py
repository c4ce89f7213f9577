"""The analyses that the kit knows, and which scans each of them can be made of.

An analysis is a plain function of a table and of wishes. How well a scan suits it is a number, 0 for not at all:
of several scans the best is taken, of equal ones the latest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from kit.hgcroc.calibration.alignment import distil_inv_vref, distil_noinv_vref, distil_trim_inv
from kit.hgcroc.calibration.discrimination import distil_curves, distil_threshold, distil_trim
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.linearity import distil_crosstalk, distil_gain
from kit.hgcroc.calibration.over_threshold import distil_joining, distil_tot_line
from kit.hgcroc.calibration.pedestals import distil_pedestals
from kit.hgcroc.calibration.sampling import FIRED, distil_phase, distil_phase_steps
from kit.hgcroc.calibration.tabulation import CALIB_CHARGE, Table, joined
from kit.hgcroc.calibration.walking import distil_time_walk
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["DISTILLERIES", "Distillery", "choose", "distil"]

STEPPED = ("Inv_vref", "Noinv_vref", "trim_inv", "Toa_vref", "trim_toa", "Tot_vref", "trim_tot", "Calib")
SHIFTING = ("Inv_vref", "Noinv_vref", "trim_inv")  # registers that move pedestals
LINEAR = 250.0  # fC; what the ADC sees before it is full


@dataclass(frozen=True)
class Distillery:
    """An analysis: its function, how well a scan suits it, and whether all suitable scans go into it together."""

    name: str
    title: str
    distil: Callable[[Table, Wishes], Distillate]
    suits: Callable[[Table, Wishes], float]
    together: bool = False


def _unpulsed(table: Table) -> bool:
    return bool(np.isnan(table.distance).all())


def _injected(table: Table) -> bool:
    return bool((table.charge > 0).any())


def _pedestals(table: Table, _wishes: Wishes) -> float:
    if not len(table):
        return 0.0
    if _unpulsed(table):
        calm = not any(table.steps(name) for name in STEPPED)
        return (2.0 if table.events is not None else 1.0) if calm else 0.0
    others = bool((~table.fed & (table.kind == 0)).any())  # channels that charge is never injected into
    return 0.5 if others and not any(table.steps(name) for name in SHIFTING) else 0.0


def _steps(table: Table, _wishes: Wishes, name: str, *, pulsed: bool | None = None) -> float:
    fits = len(table) > 1 and table.steps(name) and (pulsed is None or pulsed == _injected(table))
    return float(fits)


def _phase(table: Table, _wishes: Wishes) -> float:
    if not (len(table) and table.steps("phase_strobe") and _injected(table)) or table.steps("Calib"):
        return 0.0
    return float(len(np.unique(table["phase_strobe"][:, 0])))


def _phase_steps(table: Table, _wishes: Wishes) -> float:
    if not (len(table) and table.steps("phase_strobe") and _injected(table)):
        return 0.0
    fired = (table["toa_efficiency"] > FIRED) & (table.charge > 0)
    return float(len(np.unique(table["phase_strobe"][fired])) if fired.any() else 0) / 16


def _charges(table: Table, low: float, high: float, *, by_adc: bool = False) -> int:
    """Return at how many charges of a range a typical channel was measured; `by_adc` where no TOT takes over."""
    charge = table.charge
    part = (charge > low) & (charge <= high)
    if by_adc:
        part &= ~(table["tot_efficiency"] > FIRED)
    if not part.any():
        return 0
    points = part.sum(axis=0)
    fed = np.flatnonzero(points)
    row = int(fed[np.argsort(points[fed], kind="stable")[len(fed) // 2]])
    return len(np.unique(charge[part[:, row], row]))


def _gain(table: Table, _wishes: Wishes) -> float:
    levels = _charges(table, 0, LINEAR, by_adc=True)
    top = min(float(table.charge.max(initial=0.0)), LINEAR)
    fine = 2.0 if table["LowRange"].any() else 1.0  # the small capacitor is the one for the ADC's range
    return fine * top * levels**0.5 if levels >= 3 and top > 50 else 0.0


def _crosstalk(table: Table, wishes: Wishes) -> float:
    some = table.connected.any(axis=1)
    apart = (~table.connected[some] & table.sensitive).any() if some.any() else False
    return _gain(table, wishes) if apart else 0.0


def _toa_curves(table: Table, _wishes: Wishes) -> float:
    if not (len(table) and table.steps("Calib")):
        return 0.0
    share = np.where(table.connected, table["toa_efficiency"], 0)
    inner = ((share > 0.02) & (share < 0.98)).sum(axis=0)
    return float((inner >= 2).mean()) if inner.any() else 0.0


def _time_walk(table: Table, wishes: Wishes) -> float:
    fired = np.where(table.charge > wishes.walk_from, np.nan_to_num(table["toa_efficiency"]), 0) > FIRED
    levels = _charges(table, wishes.walk_from, np.inf)
    return float(levels) if levels >= 6 and fired.any() else 0.0


def _tot_line(table: Table, wishes: Wishes) -> float:
    start = wishes.tot_fit_from * CALIB_CHARGE["HighRange"]
    fired = (table["tot_efficiency"] > FIRED) & (table.charge >= start)
    levels = _charges(table, start * (1 - 1e-9), np.inf)
    return float(levels) if levels >= 2 and fired.any() else 0.0


def _joining(table: Table, wishes: Wishes) -> float:
    return max(_gain(table, wishes) * bool(table.steps("Calib")), _tot_line(table, wishes))


def _of_discriminator(quantity: Literal["toa", "tot"]) -> tuple[Distillery, Distillery]:
    """Return the analyses that TOA and TOT have alike: voltage of the halves, trims of the channels."""
    upper = quantity.upper()
    told = {"toa": ("threshold", "thresholds"), "tot": ("onset of TOT", "onset of TOT")}[quantity]
    voltage, trim = f"{quantity}_vref", f"trim_{quantity}"
    return (
        Distillery(
            voltage, f"{upper.capitalize()}_vref: {told[0]} of the halves",
            partial(distil_threshold, quantity=quantity),
            partial(_steps, name=f"{upper.capitalize()}_vref"), together=True,
        ),
        Distillery(
            trim, f"{trim}: {told[1]} of the channels", partial(distil_trim, quantity=quantity),
            partial(_steps, name=trim, pulsed=True),
        ),
    )  # fmt: skip


_ALL = (
    Distillery("pedestals", "Pedestal and noise", distil_pedestals, _pedestals),
    Distillery("inv_vref", "Inv_vref: pedestals of the halves", distil_inv_vref, partial(_steps, name="Inv_vref")),
    Distillery(
        "noinv_vref", "Noinv_vref: pedestals of the halves", distil_noinv_vref, partial(_steps, name="Noinv_vref")
    ),
    Distillery("phase", "Phase of the sampling", distil_phase, _phase),
    Distillery("phase_steps", "TOA codes of a phase step", distil_phase_steps, _phase_steps),
    Distillery(
        "trim_inv", "trim_inv: pedestals of the channels", distil_trim_inv,
        partial(_steps, name="trim_inv", pulsed=False),
    ),
    Distillery("gain", "Gain and linearity of the ADC", distil_gain, _gain),
    Distillery("crosstalk", "Cross-talk", distil_crosstalk, _crosstalk),
    *_of_discriminator("toa"),
    Distillery("toa_curves", "TOA thresholds", partial(distil_curves, quantity="toa"), _toa_curves),
    Distillery("time_walk", "Time-walk", distil_time_walk, _time_walk),
    *_of_discriminator("tot"),
    Distillery("tot_line", "Time over threshold", distil_tot_line, _tot_line),
    Distillery("joining", "ADC and TOT joined", distil_joining, _joining, together=True),
)  # fmt: skip
DISTILLERIES: dict[str, Distillery] = {each.name: each for each in _ALL}


def choose(distillery: Distillery, tables: Sequence[Table], wishes: Wishes) -> Table | None:
    """Return the table that suits an analysis best, or all that suit it, joined; None where none does."""
    scores = [distillery.suits(table, wishes) if len(table) else 0.0 for table in tables]
    if not any(scores):
        return None
    if distillery.together:
        return joined([table for table, score in zip(tables, scores, strict=True) if score])
    best = max(scores)
    return tables[max(k for k, score in enumerate(scores) if score == best)]


def distil(
    tables: Sequence[Table], wishes: Wishes, names: Sequence[str] | None = None
) -> Mapping[str, Distillate]:
    """Return what all analyses, or some, make of the scans of a board; those without a scan are left out."""
    found: dict[str, Distillate] = {}
    for name in DISTILLERIES if names is None else names:
        table = choose(DISTILLERIES[name], tables, wishes)
        if table is not None:
            found[name] = DISTILLERIES[name].distil(table, wishes)
    return found
