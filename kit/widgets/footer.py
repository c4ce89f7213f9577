"""What stands at the foot of every panel: take back, save, put back, copy and submit what was set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kit.parameters import Parameters
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
        Whose values a job gets.
    parameters : callable, optional
        Instead of a form: returns the checked values that a job gets, as the panel stands; they can be copied
        here. A panel that submits in its own way has neither.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    keeper, handover : Keeper, Handover
        The two pieces; without values there is no handover.
    """

    def __init__(
        self,
        panel: Panel,
        stage: str,
        form: ParameterForm[Any] | None = None,
        *,
        parameters: Callable[[], Parameters] | None = None,
        interactive: bool = True,
    ) -> None:
        self.keeper = Keeper(panel, stage.replace("/", "_"), interactive=interactive)
        checked = form.checked if form else parameters
        self.handover = Handover(stage, checked, copied=form is None, interactive=interactive) if checked else None
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
