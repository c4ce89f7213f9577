"""One run in a panel: how it stands, why points fail, what they have used, and what can be done about it."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets
import traitlets

from kit import calling, files
from kit.batch import plots, run_html
from kit.batch.snapshot import Snapshot, failures_of, snapshot_of
from kit.batch.status import Status, status_of
from kit.widgets import LiveFigure, Panel, Report, Runner, Words
from kit.widgets.look import hooked, line

__all__ = ["RunPanel"]

LOOK = 1.0  # s between two looks at a run
SHARE = 5  # times as long as a look takes is waited, where a run has very many points
MAP_NAMES = 40  # numbers that a map offers
LINKS_START = "notebooks/batch"  # the folder of the notebook in which a panel stands
ACTIONS = {  # what each would do, in words, and the command
    "resume": ("send the {open} points that are not done once more, and only these", ["resume"]),
    "retry": ("send the {open} points that are not done and the {failed} that failed once more",
              ["resume", "--retry-failed"]),
    "stop": ("remove the {living} points that wait or run from the queue; what came back stays", ["stop"]),
    "collect": ("unpack the files of {lined} points into the run's folder outputs", ["collect"]),
    "hold": ("hold all jobs that wait or run; they start over when released", ["hold"]),
    "release": ("release the jobs that are held", ["release"]),
}  # fmt: skip


class RunPanel(Panel):
    """A run to watch and to act upon.

    Parameters
    ----------
    run : path
        Directory of the run.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    snapshot : Snapshot
        How it stood at the last look.
    pending : str
        The action that waits to be confirmed; empty for none.
    """

    snapshot = traitlets.Any(None, allow_none=True, help="how the run stood at the last look")
    pending = traitlets.Unicode(help="the action that waits to be confirmed")

    def __init__(self, run: str | Path, *, interactive: bool = True) -> None:
        self.run = str(files.resolve(run))
        self._status: Status | None = None
        self._offering = False
        self.heading, self.words = Words("kit-run"), Words("kit-counts", role="status")
        self.question = Words("kit-question", role="alert")
        self.failures = hooked(ipywidgets.HTML(), "kit-failures")
        self.table = hooked(ipywidgets.HTML(), "kit-chunks")
        super().__init__(hook="kit-batch-run", interactive=interactive)
        self.chunks = self._figure(plots.draw_chunks, (9.0, 1.8), run_html.chunks_told)
        self.use = self._figure(plots.draw_use, (9.0, 3.0), run_html.use_told, columns=2)
        self.map = self._figure(self._draw_map, (9.0, 3.5), _counts_in)
        self.choices = SimpleNamespace(**{name: self._choice(name) for name in ("x", "y", "colour")})
        self.watcher = Runner(self._follow, start="Watch", interactive=interactive)
        self.worker = Runner(self._act, start="Do it", interactive=interactive)
        self.buttons = self._make_buttons()
        self.confirming = line(self.worker, self.buttons.dismiss)
        self._ask(None)
        self.refresh()

    def refresh(self) -> Snapshot:
        """Look at the run once."""
        if self._status is None:
            self._status = status_of(self.run)
        self._status.read()
        self.show(snapshot_of(self._status))
        return self.snapshot  # type: ignore[no-any-return]

    def show(self, snapshot: Snapshot) -> None:
        """Show how the run stands; from any thread."""
        changed = self.snapshot is None or _drawn_of(snapshot) != _drawn_of(self.snapshot)
        failures = failures_of(self._status) if self._status else []
        self.snapshot = snapshot
        self.heading.text = files.shown(self.run)
        listed = {failure.told for failure in failures}
        others = [reason for reason in snapshot.reasons if reason not in listed]
        self.words.text = "\n".join([_counts_in(snapshot), *others])
        self.failures.value = run_html.failure_list(failures, files.resolve(LINKS_START))
        self.table.value = run_html.chunk_table(snapshot.chunks)
        if "seconds" in snapshot.columns:
            self._offer_map(snapshot)
        if changed:
            for picture in (self.chunks, self.use, self.map):
                picture.show(snapshot)

    def propose(self, action: str) -> None:
        """Say what an action would do; `confirm` does it, `dismiss` leaves it.

        Raises
        ------
        KeyError
            If there is no such action.
        """
        words, _ = ACTIONS[action]
        self.refresh()
        self.question.text = f"{action}: {words.format(**self._counts())}?"
        self.pending = action

    def confirm(self) -> None:
        """Do what was proposed."""
        self.worker.start()

    def dismiss(self) -> None:
        """Leave what was proposed."""
        self.pending = ""

    def static(self) -> dict[str, Any]:
        """Return words and the picture of the chunks."""
        reasons = self.snapshot.reasons if self.snapshot else []
        text = "\n".join([self.heading.text, _counts_in(self.snapshot), *reasons])
        return self.chunks.static() | {"text/plain": text}

    def _counts(self) -> dict[str, int]:
        assert self._status is not None
        counts = self._status.counts
        living = sum(counts[state] for state in ("waiting", "running", "held"))
        lined = sum(counts[state] for state in ("done", "failed", "timeout", "memory", "died"))
        return {
            **counts,
            "lined": lined,
            "open": self._status.total - counts["done"] - counts["failed"],
            "living": living,
        }

    def _follow(self, stop: Any, report: Report) -> str:
        """Look at the run until its jobs have ended or nobody watches."""
        while True:
            began = time.monotonic()
            shown = self.refresh()
            ended = sum(state not in ("waiting", "running", "held", "missing") for state in shown.states)
            report(ended, len(shown.states), _counts_in(shown))
            if not shown.alive or stop.is_set():
                return shown.words
            time.sleep(max(LOOK, SHARE * (time.monotonic() - began)))

    def _act(self, stop: Any, report: Report) -> str:
        action, self.pending = self.pending, ""
        if not action:
            message = "choose what shall be done first"
            raise RuntimeError(message)
        rounds = len(self._status.run.rounds) if self._status else 0
        report(0, None, f"{action} …")
        answer = calling.call(
            [*ACTIONS[action][1][:1], self.run, *ACTIONS[action][1][1:]],
            settled=lambda: action in ("resume", "retry") and self._has_round(rounds + 1),
            left=stop.is_set,
        )
        self.refresh()
        if self.snapshot.alive and self.interactive and self.watcher.status not in ("running", "stopping"):
            self.watcher.start()
        report(1, 1, f"{action} is done" if answer.status is not None else f"{action}: its jobs are at work")
        return answer.words

    def _has_round(self, number: int) -> bool:
        rounds = self._status.run.rounds if self._status else []
        return len(rounds) >= number and "cluster" in (rounds[-1].submitted or {})

    def _make_buttons(self) -> SimpleNamespace:
        made = {
            action: self.button(action.capitalize(), functools.partial(self.propose, action), words.split("{")[0])
            for action, (words, _) in ACTIONS.items()
        }
        return SimpleNamespace(
            refresh=self.button("Refresh", self.refresh, "look at the run once"),
            confirm=self.worker.buttons.start,
            dismiss=self.button("Leave it", self.dismiss, "do nothing"),
            **made,
        )

    @traitlets.observe("pending")
    def _ask(self, _change: Any) -> None:
        asking = bool(self.pending)
        if not asking:
            self.question.text = ""
        self.buttons.dismiss.layout.display = "" if asking else "none"
        self.confirming.layout.display = "" if asking or self.worker.status != "idle" else "none"
        acts = line(*(getattr(self.buttons, action) for action in ("refresh", *ACTIONS)))
        pieces = [self.heading, self.words, self.watcher, acts, self.question, self.confirming]
        chosen = line(*vars(self.choices).values())
        self.contain(*pieces, self.failures, self.table, self.chunks, self.use, chosen, self.map)

    def _choice(self, name: str) -> Any:
        chosen = ipywidgets.Dropdown(description=name, options=[], layout={"width": "16em"})
        chosen.observe(self.guarded(lambda _: self._redraw_map()), "value")
        return hooked(chosen, f"kit-map-{name}")

    def _redraw_map(self) -> None:
        if self.snapshot is not None and not self._offering:
            self.map.show(self.snapshot)

    def _figure(self, draw: Any, size: tuple[float, float], caption: Any, columns: int = 1) -> LiveFigure:
        return LiveFigure(
            draw, size=size, columns=columns, rate=1.0, interactive=self.interactive, caption=caption
        )

    def _draw_map(self, axes: Any, shown: Snapshot) -> None:
        names = {name: choice.value or "" for name, choice in vars(self.choices).items()}
        plots.draw_map(axes, shown, names["x"], names["y"], names["colour"] or plots.STATE)

    def _offer_map(self, shown: Snapshot) -> None:
        """Offer the numbers of the points for the axes and the colour of the map, those that differ first."""
        columns = shown.columns
        names = sorted(columns, key=lambda name: len(set(columns[name])) == 1)[:MAP_NAMES]
        self._offering = True  # nobody has chosen anything
        try:
            for name, choice in vars(self.choices).items():
                offered = [plots.STATE, *names] if name == "colour" else names
                if list(choice.options) != offered:
                    kept = choice.value
                    choice.options = offered
                    choice.value = kept if kept in offered else (offered[0] if name != "y" else "seconds")
        finally:
            self._offering = False


def _counts_in(snapshot: Snapshot) -> str:
    """Return how a run stands without the bar, which a panel has of its own."""
    return snapshot.words.partition(" ")[2]


def _drawn_of(snapshot: Snapshot) -> tuple[Any, ...]:
    """Return what of a snapshot the pictures show."""
    return snapshot.states, snapshot.chunks, snapshot.seconds, snapshot.requested_mb
