"""What stands at the foot of every panel: take back, save, put back, and submit what was set."""

from __future__ import annotations

from typing import Any

from kit.widgets.form import ParameterForm
from kit.widgets.handover import Handover
from kit.widgets.keeping import Keeper
from kit.widgets.panel import Panel

__all__ = ["Footer"]


class Footer(Panel):
    """The two pieces that every panel has, in one place and one look.

    Parameters
    ----------
    panel : Panel
        Which it belongs to; it has all its pieces already.
    stage : str
        The stage, ``system/stage``.
    form : ParameterForm, optional
        Whose values a job gets; a panel that only looks has none.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    keeper, handover : Keeper, Handover
        The two pieces; without a form there is no handover.
    """

    def __init__(
        self, panel: Panel, stage: str, form: ParameterForm[Any] | None = None, *, interactive: bool = True
    ) -> None:
        self.keeper = Keeper(panel, stage.replace("/", "_"), interactive=interactive)
        self.handover = Handover(stage, form, interactive=interactive) if form else None
        pieces = [self.keeper, self.handover] if self.handover else [self.keeper]
        super().__init__(pieces, hook="kit-footer", interactive=interactive)

    def begin(self) -> None:
        """Let the present state be the first that can be gone back to; call it once the panel is made."""
        self.keeper.forget()

    def close(self) -> None:
        """Leave the front end; what was submitted goes on."""
        if self.handover:
            self.handover.close()
        super().close()
