"""The sliders of the panel of yields: they steer its form, and follow it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ipywidgets

from kit.mu2e.yield_options import YieldParameters
from kit.widgets import ParameterForm
from kit.widgets.look import hooked

__all__ = ["Sliders"]

RATES = (1e-18, 1e-9)
SECONDS = (1.0, 1e9)
DECADE_STEP = 0.01  # of the sliders that are logarithmic
THRESHOLDS = {
    "dio_emin": (85.0, 104.9),
    "rpc_emin": (0.0, 134.0),
    "rmc_emin": (57.0, 90.0),
    "ipa_emin": (50.0, 99.5),
}
MEV_STEP = 0.1
EXPOSURES = ("livetime_on_spill", "livetime_wall", "pot")

Guard = Callable[[Callable[..., object]], Callable[..., object]]


class Sliders:
    """A slider each for exposure, conversion rate and thresholds, and buttons for the mode.

    Parameters
    ----------
    form : ParameterForm
        Of `YieldParameters`; what a slider says goes there.
    guarded : callable
        Wraps what a person sets off, so that faults appear in the panel.
    """

    def __init__(self, form: ParameterForm[Any], guarded: Guard) -> None:
        self._form, self._following = form, False
        self.seconds = _slider("", _decades(SECONDS), DECADE_STEP)
        self.rate = _slider("log₁₀ R_μe", _decades(RATES), DECADE_STEP)
        self.thresholds = {
            name: _slider(f"{name.split('_')[0].upper()} > MeV", limits, MEV_STEP, "22em")
            for name, limits in THRESHOLDS.items()
        }
        self.mode = hooked(
            ipywidgets.ToggleButtons(options=["1BB", "2BB"], style={"button_width": "4em"}), "kit-mode"
        )
        every = {"seconds": self.seconds, "rate": self.rate, "run_mode": self.mode, **self.thresholds}
        for name, control in every.items():
            control.observe(guarded(lambda change, name=name: self._steer(name, change.new)), "value")
            hooked(control, f"kit-slide-{name}")

    def follow(self, p: YieldParameters) -> None:
        """Show what the form says; what a slider cannot show it leaves at its end."""
        self._following = True
        try:
            seconds = p.livetime_wall or p.livetime_on_spill
            self.seconds.description = "log₁₀ wall s" if p.livetime_wall else "log₁₀ on-spill s"
            if seconds:
                self.seconds.value = math.log10(min(max(seconds, SECONDS[0]), SECONDS[1]))
            if p.r_mue:
                self.rate.value = math.log10(min(max(p.r_mue, RATES[0]), RATES[1]))
            self.mode.value = p.run_mode
            for name, slider in self.thresholds.items():
                slider.value = min(max(getattr(p, name), slider.min), slider.max)
        finally:
            self._following = False

    def _steer(self, name: str, value: Any) -> None:
        p = self._form.checked()
        if self._following or not isinstance(p, YieldParameters):
            return
        if name == "run_mode":
            self._form.set(run_mode=value)
        elif name in self.thresholds:
            if not _same(value, getattr(p, name), MEV_STEP):
                self._form.set(**{name: round(value, 1)})
        elif name == "rate":
            if not (p.r_mue and _same(value, math.log10(p.r_mue), DECADE_STEP)):
                self._form.set(r_mue=float(f"{10**value:.4g}"))
        else:
            kind = "livetime_wall" if p.livetime_wall else "livetime_on_spill"
            present = getattr(p, kind)
            if not (present and _same(value, math.log10(present), DECADE_STEP)):
                self._form.set(**dict.fromkeys(EXPOSURES, 0.0) | {kind: float(f"{10**value:.4g}")})


def _same(value: float, present: float, step: float) -> bool:
    """Tell whether a slider says nothing new: a front end shows its nearest step, and sends that back."""
    return abs(value - present) <= step * 0.500001


def _decades(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    return math.log10(low), math.log10(high)


def _slider(words: str, limits: tuple[float, float], step: float, width: str = "28em") -> Any:
    low, high = limits
    return ipywidgets.FloatSlider(
        low, min=low, max=high, step=step, description=words, style={"description_width": "8em"},
        layout={"width": width}, readout_format=".2f" if step < MEV_STEP else ".1f",
    )  # fmt: skip
