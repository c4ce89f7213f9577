"""The panels: expected events that follow every slider, and an ensemble with its ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from kit import files
from kit.mu2e.ensemble_view import (
    EnsembleView,
    draw_comparison,
    draw_ensemble,
    ensemble_caption,
    ledger_records,
    log_comparison,
    pulls_caption,
    revealed,
    view_of,
)
from kit.mu2e.ledger import Ledger
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
from kit.widgets import Browser, Footer, LiveFigure, Panel, ParameterForm, Words
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


class EnsemblePanel(Panel):
    """An ensemble: drawn beside expected events, its pulls, the ledger, and logs of a real production.

    Parameters
    ----------
    directory : path
        A run of `mu2e/mixture`; of a blinded one only the open columns are shown, until it is revealed.
    ledger : path
        The ledger to look into.
    interactive : bool
        See `Panel`.

    Examples
    --------
    >>> panel.reveal("sealed.json")
    >>> panel.release("demo")
    """

    log = traitlets.Unicode(
        help="path of a SamplingInput log whose counts are shown as pulls; empty for the run's own"
    )

    def __init__(self, directory: str | Path, ledger: str | Path, *, interactive: bool = True) -> None:
        self.view: EnsembleView = view_of(files.resolve(directory))
        self._ledger = files.resolve(ledger)
        look: dict[str, Any] = {"interactive": interactive}
        self.spectrum = LiveFigure(
            draw_ensemble, self.view, caption=ensemble_caption, rows=2, size=(8, 5.6), sharex=True,
            height_ratios=[3, 1], **look,
        )  # fmt: skip
        self.pulls = LiveFigure(draw_comparison, self.view, caption=pulls_caption, size=(8, 4.4), **look)
        self.browser = Browser(ledger_records(self._ledger), noun="ranges", interactive=interactive)
        self.words = Words("kit-ensemble", role="status", text=self.view.words)
        super().__init__(hook="kit-mu2e-ensemble", interactive=interactive)
        self._lay_out()

    def reveal(self, sealed: str | Path) -> None:
        """Show what a blinded ensemble hides, if the sealed file is the one whose checksum was told."""
        self.view = revealed(self.view, files.resolve(sealed))
        self.words.text = self.view.words
        self.pulls.show(self.view)

    def release(self, ensemble: str) -> None:
        """Give the events of an ensemble back to the ledger: its name says that its files will not be used.

        Raises
        ------
        ValueError
            If it is not the name of this ensemble.
        """
        if ensemble != self.view.ensemble:
            message = f"the name is {ensemble!r}, should be {self.view.ensemble!r}, whose events are given back"
            raise ValueError(message)
        items = Ledger(self._ledger).release(ensemble)
        self.browser.records = list(ledger_records(self._ledger))
        self.words.text = f"{self.view.words}\n{items} events given back: do not use these files any more"

    def close(self) -> None:
        """Stop drawing, and leave the front end."""
        for picture in ("spectrum", "pulls"):
            if picture in vars(self):  # not where there was nothing to show
                getattr(self, picture).close()
        super().close()

    def _compare(self) -> None:
        """Show the pulls of a log, or of the run again."""
        if self.log:  # of real events
            self.pulls.show(replace(self.view, comparison=log_comparison(files.resolve(self.log)), synthetic=()))
        else:
            self.pulls.show(self.view)

    def _lay_out(self) -> None:
        self.path = ipywidgets.Text(description="log", placeholder="SamplingInput log", continuous_update=False)
        traitlets.link((self, "log"), (self.path, "value"))
        self.observe(self.guarded(lambda _: self._compare()), "log")
        self.sealed = ipywidgets.Text(description="sealed", placeholder="sealed file")
        self.name = ipywidgets.Text(description="give back", placeholder="the ensemble's name")
        look = self.button("Reveal", lambda: self.reveal(self.sealed.value), "show what was sealed, if it is that")
        give = self.button(
            "Release events", lambda: self.release(self.name.value), "the ledger may use them again"
        )
        blinded = [self.sealed, look] if self.view.commitment else []
        self.contain(
            self.words, line(self.spectrum, self.pulls), line(self.path, *blinded), self.browser,
            line(self.name, give),
        )  # fmt: skip
