"""The panel of scans: choose registers, see what it costs, run, watch it grow, hold it, go on.

Every control is also an attribute or a method; long work runs in a thread. The panel never changes the parameters
it was given: `form.parameters` is a new set, ready to be copied into a file.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import traitlets

from kit import files
from kit.hgcroc.acquisition import AcquisitionParameters, finish, start_session
from kit.hgcroc.building import axis_of, find_registers, write_procedure
from kit.hgcroc.comparison import compare, scans_below
from kit.hgcroc.dryrun import dry_run, order_of
from kit.hgcroc.marks import Status
from kit.hgcroc.measurements import Scan
from kit.hgcroc.originals import expand
from kit.hgcroc.panel_controls import QUANTITIES, lay_out
from kit.hgcroc.planning import plan_of
from kit.hgcroc.procedures import read_library
from kit.hgcroc.registers import register_table
from kit.hgcroc.resuming import FILE
from kit.hgcroc.scan_plots import board_of, curves_of, draw_board, draw_curves
from kit.hgcroc.session import AbortedError, Session
from kit.run import Run
from kit.widgets import LiveFigure, Panel, ParameterForm, Report, Runner, Stopped, Words

__all__ = ["ScanPanel"]

GROUPS = {
    "Board": ["network", "board", "board_id", "dialect", "data_path", "seed", "time_scale", "fault"],
    "When something goes wrong": [
        "readback", "on_base_difference", "timeout", "start_timeout", "max_retries", "on_fail", "accept",
        "keep_raw", "check_ranges", "compat", "resume",
    ],
}  # fmt: skip
PREVIEWED = 12  # points of the expanded table
FOLDER = "outputs/hgcroc/procedures"


class ScanPanel(Panel):
    """A scan from its axes to its curves.

    Parameters
    ----------
    p : AcquisitionParameters
        What to begin with; never changed.
    interactive : bool
        See `Panel`; where false the picture of the scan alone is shown.

    Attributes
    ----------
    form : ParameterForm
        All parameters of the stage; ``form.parameters`` is the checked set.
    runner : Runner
        Start and stop; its ``result`` is the run.
    curve, board : LiveFigure
        The pictures.
    session : Session or None
        The scan that runs, or ran last.
    cost : str
        What the scan would cost, in words.

    Examples
    --------
    >>> panel = ScanPanel(p)
    >>> panel.add_axis("ReferenceVoltage.Calib", "0:2048:64")
    >>> panel.build("my_scan")
    >>> panel.runner.start()
    """

    axes: Any = traitlets.List(help="axes that have been picked, as dialect 1.0.15 writes them")
    search = traitlets.Unicode("Calib", help="parts of a register's name")
    quantity = traitlets.Enum(QUANTITIES, "adc_median", help="column of both pictures")
    axis = traitlets.Int(-1, help="number of the axis that curves are drawn against, from the end where negative")
    point = traitlets.Int(-1, min=-1, help="point of the map, and where the other axes stand; -1 is the latest")
    cost = traitlets.Unicode(help="points, writes, time and disk")
    state = traitlets.Unicode("idle", help="of the session")

    def __init__(self, p: AcquisitionParameters, *, interactive: bool = True) -> None:
        self.session: Session | None = None
        self.folder: Any = None
        self.form = ParameterForm(p, groups=GROUPS, folded=True, interactive=interactive)
        self.runner = Runner(self._work, interactive=interactive)
        look: dict[str, Any] = {"interactive": interactive}
        self.curve = LiveFigure(draw_curves, caption=_curve_words, size=(6.4, 4.2), **look)
        self.board = LiveFigure(draw_board, caption=_board_words, size=(6.2, 5.2), **look)
        self.told, self.trouble = Words("kit-told", role="status"), Words("kit-trouble", role="status")
        self.preview = Words("kit-preview")
        self._turn = threading.RLock()
        super().__init__(hook="kit-scan", interactive=interactive)
        lay_out(self)
        self.form.observe(self.guarded(lambda _: self.look()), "parameters")
        self.observe(self.guarded(lambda _: self.show()), ["quantity", "axis", "point"])
        self.look()

    def find(self) -> list[str]:
        """Return the registers that the search means."""
        return find_registers(register_table(self.form.checked().board), self.search)

    def add_axis(self, register: str, values: str, *, rocs: list[str] | None = None, numbers: str = "all") -> None:
        """Add an axis over a register, the fastest so far.

        Raises
        ------
        ValueError
            If there is no such register, or the texts mean nothing.
        """
        table = register_table(self.form.checked().board)
        self.axes = [*self.axes, axis_of(table, register, values, rocs=rocs, numbers=numbers)]

    def remove_axis(self) -> None:
        """Take the last axis away."""
        self.axes = self.axes[:-1]

    def build(self, name: str = "panel_scan") -> None:
        """Write the picked axes as a procedure over the settings of the present one, and choose it."""
        p = self.form.checked()
        path = files.resolve(FOLDER) / f"{name}.yaml"
        write_procedure(files.resolve(p.config), p.procedure, self.axes, path, name)
        self.form.set(config=files.shown(path), procedure=name)

    def procedures(self) -> list[str]:
        """Return the names of all scans of the main file."""
        return read_library(files.resolve(self.form.checked().config)).names()

    def look(self) -> None:
        """Plan the scan and say what it costs and how it begins; nothing is sent anywhere."""
        if self.form.parameters is None:
            return
        p = self.form.checked()
        plan, findings = plan_of(p)
        order = order_of(plan, p.order, p.seed)
        found = dry_run(plan, order, events=(plan.procedure.mode if p.mode == "file" else p.mode) == "full")
        self.cost = (
            f"{found.points} points, {found.setup} + {found.writes} register writes, about {found.seconds:.3g} s "
            f"on an emulated board, {found.megabytes:.3g} MB"
        )
        self.told.text = "\n".join([self.cost, *findings.warnings])
        names = [axis.label for axis in plan.axes]
        rows: list[str] = []
        for step in expand(plan, "1.0.15"):
            if len(rows) == PREVIEWED:
                rows.append(f"… and {len(plan) - PREVIEWED} more")
                break
            told = ", ".join(f"{label} {value}" for label, value in zip(names, step.values, strict=True))
            rows.append(f"{step.point}: {told or 'one point'} ({step.writes} settings)")
        self.preview.text = "\n".join(rows)

    def pause(self) -> None:
        """Hold the scan after this point, or within a second."""
        self._running().pause()

    def resume(self) -> None:
        """Go on with the scan that is held."""
        self._running().resume()

    def abort(self) -> None:
        """End the scan; started again, it goes on where it was."""
        self._running().abort()

    def _running(self) -> Session:
        if self.session is None or self.runner.status not in ("running", "stopping"):
            message = "no scan is running: start one first"
            raise RuntimeError(message)
        return self.session

    def look_at(self, path: Any) -> None:
        """Look at a scan that was measured before: its file."""
        self.folder = files.resolve(path).parent
        self.show()

    def history(self) -> list[str]:
        """Return the files of all scans below ``outputs``, the newest first."""
        return [files.shown(path) for path in scans_below(files.resolve("outputs/hgcroc/acquisition"))]

    def differences(self, path: Any) -> list[str]:
        """Return in words in what the scan that is shown differs from another one.

        Raises
        ------
        RuntimeError
            If no scan is shown.
        """
        if self.folder is None:
            message = "no scan is shown: run one, or look at one"
            raise RuntimeError(message)
        with Scan.open(files.resolve(path)) as other, Scan.open(self.folder / FILE) as shown:
            return compare(other, shown)

    def show(self) -> None:
        """Draw both pictures of what has been measured."""
        if self.folder is None or not (self.folder / FILE).is_file():
            return
        with self._turn, Scan.open(self.folder / FILE) as scan:
            last = len(scan) - 1
            point = None if self.point < 0 else min(self.point, last)
            axis = self.axis if -len(scan.labels) <= self.axis < len(scan.labels) else -1
            self.curve.show(curves_of(scan, [self.quantity], axis=axis, point=point))
            measured = point if point is None or point in scan.measured() else None
            self.board.show(board_of(scan, self.quantity, measured))

    def _work(self, stop: threading.Event, report: Report) -> Run:
        p = self.form.checked()
        told: list[str] = []
        with Run("hgcroc/acquisition", p) as run:
            session = self.session = start_session(p, run, attended=True)
            watcher = threading.Thread(target=self._watch, args=(session, stop), daemon=True)
            try:
                watcher.start()
                with contextlib.closing(session.measure()) as outcomes:
                    for done, outcome in enumerate(outcomes, 1):
                        self.folder = session.folder
                        report(done, session.left, f"point {outcome.point}")
                        if outcome.status != Status.GOOD:
                            told.append(f"point {outcome.point}: {outcome.text}")
                        self.trouble.text = "\n".join(told[-10:])
                        self.show()
                run.summary = finish(p, run, session, session.left, 0.0)
                told += run.notices
            except AbortedError as fault:
                raise Stopped from fault
            finally:
                self.state = session.state
                self.trouble.text = "\n".join(told[-10:])
                self.show()
        return run

    def _watch(self, session: Session, stop: threading.Event) -> None:
        """Follow the session's state, and end it when the runner is asked to stop."""
        while session.state not in ("done", "failed"):
            self.state = session.state
            if stop.wait(0.1) and session.state != "aborting":
                session.abort()
                session.ended.wait(1.0)
        self.state = session.state


def _curve_words(found: Any) -> str:
    return "nothing yet" if found is None else f"{found.title}: {len(found.x)} points against {found.axis}"


def _board_words(found: Any) -> str:
    return "nothing yet" if found is None else f"{found.label}, {found.title}"
