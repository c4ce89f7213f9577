"""What the results of analyses are measured in."""

from __future__ import annotations

__all__ = ["label_of", "unit_of"]

ADC, TOA, TOT, REGISTER, CHARGE = "ADC counts", "25 ns / 1024", "TOT counts", "register counts", "fC"
UNITS = {  # by name, where that means the same everywhere
    "pedestal": ADC, "pedestal_median": ADC, "pedestal_spread": ADC, "noise": ADC, "noise_own": ADC,
    "noise_left": ADC, "common_mode": ADC, "expected": ADC, "gain": f"{ADC} / fC", "inl": ADC,
    "inl_percent": "%", "adc_max": ADC,
    "linear_to": CHARGE, "crosstalk": f"{ADC} / fC", "q50": CHARGE, "q50_below": CHARGE,
    "q50_above": CHARGE, "q50_spread": CHARGE, "sigma": CHARGE, "q50_dac": "DAC counts",
    "pole": CHARGE, "end": TOA,
    "jitter": TOA, "residual": TOA, "before_ps": "ps", "after_ps": "ps", "slope_per_dac": "TOT counts / DAC count",
    "onset": CHARGE, "onset_below": CHARGE, "onset_above": CHARGE, "bend": TOT, "bend_reach": CHARGE,
    "step": CHARGE, "step_percent": "%", "gap": CHARGE, "adc_to": CHARGE, "charge": CHARGE, "top": "ns",
    "charge_per_count": "fC / register count",
    "phase": "25 ns / 16", "crossing": "25 ns", "codes_per_phase": TOA, "Inv_vref": REGISTER,
    "Noinv_vref": REGISTER, "Toa_vref": REGISTER, "Tot_vref": REGISTER, "trim_inv": REGISTER, "trim_toa": REGISTER,
    "trim_tot": REGISTER, "trim_toa_exact": REGISTER, "trim_toa_below": REGISTER, "trim_toa_above": REGISTER,
    "trim_tot_exact": REGISTER, "trim_tot_below": REGISTER, "trim_tot_above": REGISTER,
}  # fmt: skip
OWN = {  # of one analysis
    ("trim_inv", "slope"): f"{ADC} / register count", ("trim_inv", "offset"): ADC, ("trim_inv", "target"): ADC,
    ("inv_vref", "slope"): f"{ADC} / register count", ("inv_vref", "offset"): ADC, ("inv_vref", "target"): ADC,
    ("noinv_vref", "slope"): f"{ADC} / register count", ("noinv_vref", "offset"): ADC,
    ("noinv_vref", "target"): ADC, ("gain", "offset"): ADC,
    ("toa_vref", "target"): CHARGE, ("tot_vref", "target"): CHARGE, ("tot_line", "slope"): f"{TOT} / fC",
    ("tot_line", "offset"): TOT, ("tot_line", "residual_max"): TOT, ("time_walk", "residual_max"): TOA,
}  # fmt: skip


def unit_of(analysis: str, name: str) -> str:
    """Return the unit of a result, empty for numbers without one."""
    bare = name.removesuffix("_error")
    if bare.startswith("middle_at_"):
        return REGISTER
    return OWN.get((analysis, bare)) or UNITS.get(bare, "")


def label_of(analysis: str, name: str) -> str:
    """Return a result's name with its unit, as it stands at an axis."""
    unit = unit_of(analysis, name)
    return name.replace("_", " ") + (f" [{unit}]" if unit else "")
