"""One analysis from the files of scans to a folder with its table, curves and overlay."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kit.hgcroc.calibration.analyses import Analysis
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.distilleries import DISTILLERIES
from kit.hgcroc.calibration.overlays import OVERLAY, write_overlay
from kit.hgcroc.calibration.tabulation import joined, tabulate
from kit.hgcroc.calibration.user_distilleries import UserDistilleries
from kit.hgcroc.calibration.wishes import Wishes, wishes_with
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.documents import ProcedureError

__all__ = ["distil_entry", "keep_distillate"]


def distil_entry(
    analysis: Analysis, scans: Sequence[Path], folder: Path, *, user_module: str = "", base: Wishes | None = None
) -> Distillate | None:
    """Make an analysis of scans and write it into a folder; return it where it is one of the kit's own.

    Parameters
    ----------
    analysis : Analysis
        Which distillery, and its parameters.
    scans : sequence of Path
        Files of scans.
    folder : Path
        Where results go.
    user_module : str
        Where analyses of one's own are; they come before the kit's of the same name.
    base : Wishes, optional
        What parameters that are not told are.

    Raises
    ------
    ProcedureError
        If a parameter is not known, or nobody has such a distillery.
    UserAnalysisError
        If an analysis of a user fails.
    """
    users = UserDistilleries(user_module) if user_module else None
    if users is not None and users.has(analysis.method):
        users.run(analysis.method, analysis.parameters, scans[0], folder)
        return None
    if analysis.method not in DISTILLERIES:
        known = ", ".join([*DISTILLERIES, *(users.names if users else [])])
        where = "" if user_module else "; analyses of one's own are found through user_module"
        message = f"{analysis.spot}: there is no distillery {analysis.method!r}, should be one of {known}{where}"
        raise ProcedureError([message])
    try:
        wishes = wishes_with(base or Wishes(), analysis.parameters)
    except ValueError as fault:
        message = f"{analysis.spot}: parameters: {fault}"
        raise ProcedureError([message]) from None
    with contextlib.ExitStack() as stack:
        tables = [tabulate(stack.enter_context(Scan.open(path))) for path in scans]
        found = DISTILLERIES[analysis.method].distil(joined(tables), wishes)
    found = replace(found, name=analysis.name)
    keep_distillate(found, folder, analysis.method)
    return found


def keep_distillate(found: Distillate, folder: Path, method: str, *, overlay: bool = True) -> None:
    """Write table and curves of an analysis, and its overlay where it has one."""
    found.save(folder)
    if overlay and found.tree:
        write_overlay(folder / OVERLAY, found.tree, method, found.sources, found.remarks)
