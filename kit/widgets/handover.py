"""What a hand has set becomes a parameter file and a job: the same command that a person would call."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

import kit
from kit import calling, files
from kit.directories import new_directory
from kit.parameters import Parameters
from kit.widgets.copying import copying
from kit.widgets.look import Words, hooked, line
from kit.widgets.panel import Panel
from kit.widgets.runner import Report, Runner
from kit.widgets.texts import parameter_file

__all__ = ["Handover"]

PROFILES = Path(kit.__file__).parent / "batch" / "profiles"
VALUES = "outputs/panels"


class Handover(Panel):
    """A stage as a job, with the values that a panel has now.

    Parameters
    ----------
    stage : str
        The stage, ``system/stage``.
    checked : callable
        Returns the values, and refuses what cannot be used: ``form.checked``. The parameter file has those that
        differ from the defaults.
    copied : bool
        Whether they can be copied here, too; a form has a button of its own for that.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    profile, over : widgets
        Where jobs run; a sweep, in the words of ``kit submit --over``: several apart by blanks, none for one
        point.
    copy, text : widgets
        Where `copied`: the button, and the parameter file that it shows.
    runner : Runner
        The work of submitting.

    Examples
    --------
    >>> panel.handover.over.value = "bin_width=5,10,20"
    >>> panel.handover.submit()
    """

    run = traitlets.Unicode(help="directory of the latest submission; empty before")

    def __init__(
        self, stage: str, checked: Callable[[], Parameters], *, copied: bool = False, interactive: bool = True
    ) -> None:
        self.stage, self.checked = stage, checked
        names = ["auto", *sorted(path.stem for path in PROFILES.glob("*.yaml"))]
        look: dict[str, Any] = {"style": {"description_width": "auto"}}
        self.profile = ipywidgets.Dropdown(options=names, description="where", tooltip="where jobs run", **look)
        self.over = ipywidgets.Text(
            description="over", placeholder="name=1,2,5 or name=files/*.root; empty for one job",
            tooltip="a sweep: one point for each value", layout={"width": "30em"}, **look,
        )  # fmt: skip
        self.told = Words("kit-told", role="status")
        super().__init__(hook="kit-handover", interactive=interactive)
        self.runner = Runner(self._submit, start="Submit as job", interactive=interactive)
        hooked(self.runner.buttons.start, "kit-submit")
        pieces: list[Any] = [line(self.profile, self.over), self.runner, self.told]
        if copied:
            self.copy, self.text = copying(self, lambda: parameter_file(checked()))
            pieces = [line(self.copy), self.text, *pieces]
        self.contain(*pieces)

    def submit(self) -> None:
        """Write the parameter file and submit; returns at once where a person watches."""
        self.runner.start()

    def close(self) -> None:
        """Leave the front end; what was submitted goes on."""
        self.runner.close()
        super().close()

    def static(self) -> dict[str, Any]:
        """Return what was submitted, in words."""
        return {"text/plain": self.told.text, "text/html": ""}

    def _submit(self, stop: threading.Event, report: Report) -> str:
        values = parameter_file(self.checked())  # refuses what cannot be used, before anything is written
        report(0, None, "submitting …")
        directory = new_directory(self.stage, "panel")
        try:
            answer = calling.call(self._words(values, directory), settled=_is_sent(directory), left=stop.is_set)
        except calling.RefusedError:
            if not any(directory.iterdir()):
                directory.rmdir()
            raise
        self.run = files.shown(directory)
        self.told.text = f"{self.run} with {VALUES}/{directory.name}.yaml; kit watch {shlex.quote(self.run)}"
        report(1, 1, "done" if answer.status is not None else "its jobs are at work")
        return answer.words

    def _words(self, values: str, directory: Path) -> list[str]:
        """Write what the command reads, and return its words."""
        place = files.resolve(VALUES) / f"{directory.name}.yaml"
        with files.whole(place) as part:
            part.write_text(values or "{}\n", encoding="utf-8")
        words = ["submit", self.stage, "-f", str(place), "--run", str(directory), "--profile", self.profile.value]
        axes = shlex.split(self.over.value)
        if axes:
            return [*words, *(word for axis in axes for word in ("--over", axis))]
        point = place.with_suffix(".points.json")
        files.write_json(point, [{}])  # one point: the values of the file alone
        return [*words, "--points", str(point), "--no-try-first"]


def _is_sent(directory: Path) -> Callable[[], bool]:
    """Return what tells whether the first jobs are on their way."""
    # round 000 is the point that is tried first
    return lambda: any(path.parent.name != "000" for path in directory.glob("rounds/[0-9]*/submitted.json"))
