"""The panels: expected events that follow every slider; an ensemble with its ledger has a room of its own."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from kit.mu2e.ensemble_panel import EnsemblePanel
from kit.mu2e.panel_controls import Sliders
from kit.mu2e.table import html_table
from kit.mu2e.yield_options import YieldParameters
from kit.mu2e.yield_view import (
    YieldView,
    YieldWorkshop,
    bars_caption,
    draw_bars,
    draw_spectrum,
    other_convention,
    spectrum_caption,
)
from kit.widgets import Footer, LiveFigure, Panel, ParameterForm, Words
from kit.widgets.look import hooked, line

__all__ = ["EnsemblePanel", "YieldPanel"]

GROUPS = {
    "Exposure: one of these is set": ["livetime_on_spill", "livetime_wall", "pot"],
    "Beam and signal": ["run_mode", "pot_method", "r_mue"],
    "Thresholds": [
        "dio_emin",
        "rpc_emin",
        "rmc_emin",
        "ipa_emin",
        "rmc_kmax",
        "rmc_model",
        "integration",
        "off_spill",
    ],
}
SHOWN = tuple(name for names in GROUPS.values() for name in names)
WIDTHS = (0.25, 0.5, 1.0, 2.0, 5.0)  # MeV of a bin
NARROWEST = 0.25


class YieldPanel(Panel):
    """Expected events for any exposure, conversion rate and thresholds.

    Parameters
    ----------
    p : YieldParameters
        What to begin with; never changed.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    form : ParameterForm
        The values; its button copies them as YAML.
    sliders : Sliders
        For those that one plays with.
    view : YieldView
        The numbers behind the pictures.

    Examples
    --------
    >>> panel.form.set(r_mue=1e-13, run_mode="2BB")
    >>> panel.switch()
    >>> panel.set_conversions(5)
    """

    kept = ("form", "width")
    width = traitlets.Enum(WIDTHS, 1.0, help="MeV; width of a bin of the spectrum")

    def __init__(self, p: YieldParameters, *, interactive: bool = True) -> None:
        hidden = [name for name in YieldParameters.model_fields if name not in SHOWN]
        self.workshop = YieldWorkshop(p)
        self.form = ParameterForm(p, hidden=hidden, groups=GROUPS, interactive=interactive)
        look: dict[str, Any] = {"size": (8, 4.4), "interactive": interactive}
        self.spectrum = LiveFigure(draw_spectrum, caption=spectrum_caption, **look)
        self.headroom = LiveFigure(draw_bars, caption=bars_caption, **look)
        self.words = Words("kit-exposure", role="status")
        self.table = hooked(ipywidgets.HTML(), "kit-yields")
        self.view: YieldView | None = None
        super().__init__(hook="kit-mu2e-yields", interactive=interactive)
        self.sliders = Sliders(self.form, self.guarded)
        self.footer = Footer(self, "mu2e/yields", self.form, interactive=interactive)
        self._lay_out()
        self.form.observe(self.guarded(lambda _: self._follow()), "parameters")
        self.observe(self.guarded(lambda _: self._follow()), "width")
        self.guarded(self._follow)()
        self.footer.begin()

    def switch(self) -> None:
        """Give the same exposure in the other convention, wall for on-spill time or back."""
        self.form.set(**other_convention(self.form.checked()))

    def set_conversions(self, number: float) -> None:
        """Choose the conversion rate by the conversions that it means in this exposure, before selection.

        Raises
        ------
        ParameterError
            If that is no conversion rate; the form keeps what it had.
        """
        p = self.form.checked()
        rate = float(f"{self.workshop.rate_for(p, number):.6g}")
        p.with_values(r_mue=rate)
        self.form.set(r_mue=rate)

    def static(self) -> dict[str, Any]:
        """Return the table and both pictures."""
        bundle = Panel([self.spectrum, self.headroom], interactive=False).static()
        return bundle | {"text/html": self.table.value + bundle["text/html"]}

    def close(self) -> None:
        """Stop drawing, and leave the front end."""
        self.spectrum.close()
        self.headroom.close()
        self.footer.close()
        super().close()

    def _follow(self) -> None:
        """Let table, words and pictures follow the form."""
        p = self.form.parameters
        if not isinstance(p, YieldParameters):
            return
        self.view = self.workshop.view(p, round(self.width / NARROWEST))
        self.words.text = self.view.words
        self.table.value = html_table(self.view.made)
        self.spectrum.show(self.view)
        self.headroom.show(self.view)
        self.sliders.follow(p)

    def _lay_out(self) -> None:
        self.number = ipywidgets.Text(
            description="conversions", placeholder="before selection", continuous_update=False
        )
        width = ipywidgets.Dropdown(
            options=[(f"{w:g} MeV", w) for w in WIDTHS], value=self.width, description="bin"
        )
        traitlets.link((self, "width"), (width, "value"))
        switch = self.button("Wall or on-spill", self.switch, "the same exposure in the other convention")
        choose = self.button(
            "Rate from conversions",
            lambda: self.set_conversions(float(self.number.value)),
            "choose the rate by a number",
        )
        self.contain(
            line(self.sliders.mode, self.sliders.seconds, switch),
            line(self.sliders.rate, self.number, choose),
            line(*self.sliders.thresholds.values(), width),
            self.words, self.table,
            line(hooked(self.spectrum, "kit-spectrum"), hooked(self.headroom, "kit-headroom")),
            ipywidgets.Accordion([self.form], titles=["All values"], selected_index=None), self.footer,
        )  # fmt: skip
