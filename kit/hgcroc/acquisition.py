"""The stage `acquisition`: a procedure of register settings in, the measured scan out.

Every row that is stored belongs to a state of the chips that was read back after its events, whatever happened on
the way: retries, an interruption, a power cycle, another order of the points.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import files
from kit.directories import RunError
from kit.files import FormatError
from kit.hgcroc.calibration.chains import follow, is_chain, overlays_for
from kit.hgcroc.logbook import LOG
from kit.hgcroc.marks import Mark, Status, marks_text
from kit.hgcroc.measurements import Scan
from kit.hgcroc.options import AcquisitionParameters
from kit.hgcroc.planning.dialects import Layer
from kit.hgcroc.planning.from_parameters import plan_of
from kit.hgcroc.planning.preview import preview_of
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.recording import open_again
from kit.hgcroc.resuming import FILE, adopt, set_aside
from kit.hgcroc.session import Session
from kit.hgcroc.validation import validate
from kit.run import Run

__all__ = ["AcquisitionParameters", "acquire", "finish", "folder_of", "foresight", "start_session"]

ALL_MARKS = sum(Mark)
FEW = 5  # points that are named; the log has all


def acquire(p: AcquisitionParameters, run: Run) -> dict[str, Any]:
    """Run a scan, or go on with it, write its folder and return the summary.

    Raises
    ------
    ProcedureError
        With all faults of the procedure, before anything is sent.
    BoardError
        If the board does not answer, or refuses; what was measured is kept for the next attempt.
    RunError
        If points are not as they should be, and were not accepted to be so.
    """
    return follow(p, run, _measure) if is_chain(p) else _measure(p, run)


def foresight(p: AcquisitionParameters) -> Iterator[str]:
    """Yield what a scan would cost and what there is to say about it: it is planned, and nothing is sent.

    Raises
    ------
    ProcedureError
        With all faults of the procedure.
    """
    plan, findings = plan_of(p)
    preview = preview_of(p, plan)
    yield f"{plan.procedure.name}: {preview.words}"
    yield from filter(None, [preview.room(files.resolve(p.output or "outputs"))])
    yield from (f"warning: {text}" for text in findings.warnings)


def _measure(p: AcquisitionParameters, run: Run, overlays: Sequence[Layer] | None = None) -> dict[str, Any]:
    """Run one scan over the calibrations that it asks for."""
    begin = time.monotonic()
    session = start_session(p, run, overlays=overlays)
    measured = 0
    with contextlib.closing(session.measure()) as outcomes:  # an interruption must not leave the board taken
        for _ in run.progress(outcomes, "point", total=len(session.plan)):
            measured += 1
    if session.base_differences:
        told = "; ".join(session.base_differences[:FEW])
        run.notice(f"{len(session.base_differences)} registers differ from the files of defaults: {told}")
    return finish(p, run, session, measured, time.monotonic() - begin)


def start_session(
    p: AcquisitionParameters,
    run: Run,
    *,
    attended: bool = False,
    overlays: Sequence[Layer] | None = None,
    again: Collection[int] = (),
) -> Session:
    """Return the session of a scan in the directory of a run, its files noted; nothing is sent before it begins.

    Calibrations that the procedure asks for and that are not given are made before, with all that they need.
    """
    if overlays is None:
        overlays = overlays_for(p, run, _measure)
    session = Session(p, lambda plan: folder_of(p, plan, run), attended=attended, overlays=overlays, again=again)
    for text in session.findings.warnings:
        run.notice(text)
    layers = session.plan.procedure.layers
    for path in dict.fromkeys([*(str(layer.document.path) for layer in layers), str(files.resolve(p.config))]):
        run.read(path)
    return session


def folder_of(p: AcquisitionParameters, plan: Plan, run: Run) -> Path:
    """Return the folder of a scan; what an earlier attempt has measured is there, unless it shall not be used."""
    name = f"{plan.procedure.name}-{plan.hash}"
    if not p.resume:
        set_aside(run.directory / name)
        return run.directory / name
    folder, earlier = adopt(name, run.directory)
    if (path := folder / FILE).is_file():
        try:
            Scan.open(path).close()
        except FormatError as fault:
            message = f"{fault}; with resume=false it is put aside, and all points are measured anew"
            raise FormatError(message) from None
    if earlier is not None:
        run.notice(f"goes on with {files.shown(earlier)}")
    return folder


def finish(p: AcquisitionParameters, run: Run, session: Session, measured: int, seconds: float) -> dict[str, Any]:
    """Look at the whole scan once more, note its files as outputs and return the summary.

    Raises
    ------
    RunError
        If points are not as they should be, and were not accepted to be so.
    """
    path, plan = session.folder / FILE, session.plan
    with Scan.open(path) as scan:
        doubtful = validate(scan)
    with open_again(path, plan) as recorder:
        recorder.mark(doubtful)
    for name in (FILE, LOG):
        if not (session.folder / name).is_file():
            message = f"{files.shown(session.folder / name)} was being written and is gone; who removed it?"
            raise RunError(message)
    for found in sorted(session.folder.rglob("*")):
        if found.is_file() and not found.name.startswith("."):
            run.has(str(found.relative_to(run.directory)))
    with Scan.open(path) as scan:
        status, flags = scan.point_column("status"), scan.point_column("flags")
        bad_halves = int(scan.point_column("n_bad").sum())
        writes, tries = scan.point_column("writes"), scan.point_column("tries")
        summary = {
            "procedure": plan.procedure.name,
            "hash": plan.hash,
            "folder": session.folder.name,
            "points": len(plan),
            **scan.summary(),
            "measured_now": measured,
            "events": int(scan.point_column("n_events").sum()),
            "bad_halves": bad_halves,
            "register_writes": int(writes.sum()),
            "tries": int(tries.sum()),
            "seconds": round(seconds, 3),
        }
    _tell_marks(p, run, flags[status == Status.GOOD], bad_halves)
    unaccepted = flags & np.uint32(~p.accepted & ALL_MARKS)
    bad = np.flatnonzero((status == Status.FAILED) | ((status == Status.FLAGGED) & (unaccepted != 0)))
    if len(bad):
        run.summary = summary
        told = [f"point {k}: {marks_text(int(unaccepted[k])) or 'failed'}" for k in bad[:FEW]]
        words = "; ".join([*told, *([f"and {len(bad) - FEW} more"] if len(bad) > FEW else [])])
        message = f"{len(bad)} of {len(plan)} points are not as they should be: {words}; accept them, or try again"
        raise RunError(message)
    return summary


def _tell_marks(p: AcquisitionParameters, run: Run, flags: npt.NDArray[np.uint32], bad_halves: int) -> None:
    """Say what is to be said of points that are good all the same."""
    if corrupt := int(((flags & Mark.CORRUPT) != 0).sum()):
        what = "left out of" if p.compat == "none" else "counted in"
        run.notice(f"{corrupt} points have broken halves, {bad_halves} in all, which are {what} the summary")
    if unverified := int(((flags & Mark.UNVERIFIED) != 0).sum()):
        run.notice(f"{unverified} points have a state that was not verified: readback is none")
