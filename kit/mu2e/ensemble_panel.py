"""The panel of an ensemble: what was drawn, its pulls, the ledger, and another ensemble as a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from kit import files
from kit.manifest import load
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
from kit.mu2e.mixture_options import MixtureParameters
from kit.parameters import ParameterError
from kit.widgets import Browser, Footer, LiveFigure, Panel, ParameterForm, Words
from kit.widgets.look import line

__all__ = ["EnsemblePanel"]

GROUPS = {"Another ensemble": ["ensemble", "seed", "mode", "subruns", "order", "output_format"]}
SHOWN = GROUPS["Another ensemble"]


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

    Attributes
    ----------
    form : ParameterForm
        The values of the run, for another ensemble as a job.

    Examples
    --------
    >>> panel.form.set(ensemble="second", seed=2)
    >>> panel.reveal("sealed.json")
    >>> panel.release("demo")
    """

    kept = ("form", "log")
    log = traitlets.Unicode(
        help="path of a SamplingInput log whose counts are shown as pulls; empty for the run's own"
    )

    def __init__(self, directory: str | Path, ledger: str | Path, *, interactive: bool = True) -> None:
        self.view: EnsembleView = view_of(files.resolve(directory))
        self.form = _form_of(files.resolve(directory), interactive=interactive)
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
        self.footer = Footer(self, "mu2e/mixture", self.form, interactive=interactive)
        self._lay_out()
        self.footer.begin()

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
        if "footer" in vars(self):
            self.footer.close()
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
        folded = ipywidgets.Accordion([self.form], titles=["Another ensemble"], selected_index=None)
        self.contain(
            self.words, line(self.spectrum, self.pulls), line(self.path, *blinded), self.browser,
            line(self.name, give), folded, self.footer,
        )  # fmt: skip


def _form_of(directory: Path, *, interactive: bool) -> ParameterForm[MixtureParameters]:
    """Return a form with the values of a run, for a whole ensemble: what was one step of it begins anew."""
    given = {
        name: value for name, value in load(directory).parameters.items() if name in MixtureParameters.model_fields
    }
    whole = {"step": "all", "plan": "", "inputs_built": [], "index": -1, "output": ""}
    try:
        p = MixtureParameters.build(given | whole)
    except ParameterError:  # of a version with other bounds
        p = MixtureParameters()
    hidden = [name for name in MixtureParameters.model_fields if name not in SHOWN]
    return ParameterForm(p, hidden=hidden, groups=GROUPS, interactive=interactive)
