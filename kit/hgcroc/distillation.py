"""The stage `distillation`: scans of a board in; calibrations, bad channels with reasons and grades out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kit import files, wording
from kit.files import FormatError
from kit.hgcroc.calibration.agreement import agreed
from kit.hgcroc.calibration.analyses import Analysis, read_analyses
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.distilleries import DISTILLERIES, choose, distil
from kit.hgcroc.calibration.distilling import keep_distillate
from kit.hgcroc.calibration.grading import apart, bad_channels, grade_board, worst
from kit.hgcroc.calibration.overlays import OVERLAY, layer_of, write_overlay
from kit.hgcroc.calibration.reporting import report_text
from kit.hgcroc.calibration.scan_sources import ScanSources, find_sources, tables_of
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.calibration.user_distilleries import UserAnalysisError, UserDistilleries
from kit.hgcroc.calibration.wishes import GRADE_LIMITS, Wishes, wishes_with
from kit.hgcroc.demo_board import demo_scans
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.expansion import laid_over
from kit.hgcroc.planning.procedures import read_library
from kit.parameters import Parameters, parameter
from kit.run import Run

__all__ = ["BEFORE", "GRADE", "REPORT", "DistillationParameters", "distil_scans", "wishes_of"]

GRADE, REPORT = "grade.json", "report.html"
BEFORE = "pedestals_before"  # of the first scan of pedestals, where there are several


class DistillationParameters(Parameters):
    """Which scans, what to make of them, and what to aim at."""

    scans: list[str] = parameter(
        ["demo"], "files or folders of scans, runs of the acquisition, or a chain by its name"
    )
    analyses: list[str] = parameter([], "names of analyses; empty takes all that the scans allow")
    config: str = parameter("", "main file of procedures, whose analysis entries give parameters to user_module")
    user_module: str = parameter("", "package, Python file or notebook with analyses of one's own")
    target_inv: float = parameter(200.0, "pedestal at which Inv_vref is set", unit="ADC", ge=0, le=1023)
    target_noinv: float = parameter(
        150.0, "pedestal at which Noinv_vref is set; at the public scripts' 60 fewer trims reach",
        unit="ADC", ge=0, le=1023,
    )  # fmt: skip
    target_trim: float | None = parameter(
        None, "pedestal that trim_inv aims at; none is what most of a half can reach", unit="ADC", ge=0, le=1023
    )
    toa_target: float = parameter(12.0, "charge at which half of the TOA shall fire", unit="fC", gt=0)
    tot_target: float = parameter(200.0, "charge at which half of the TOT shall fire", unit="fC", gt=0)
    tot_fit_from: float = parameter(
        384.0, "from where TOT is a straight line, HighRange", unit="DAC counts", ge=0, le=4095
    )
    tot_centre: bool = parameter(False, "a compressed TOT stands for the middle of its bin of eight")
    exclude_corrupt: bool = parameter(True, "events with a broken half are left out")
    cm_subtract: bool = parameter(True, "noise that is left counts without the common mode")
    min_events: int = parameter(50, "a row of a point with fewer is not used", ge=1)
    grade: dict[str, float] = parameter({}, "limits of the grade that shall be otherwise")
    write_overlay: bool = parameter(True, "write the registers that were found as calibrations")

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        for name in self.grade:
            if name not in GRADE_LIMITS:
                near = (
                    wording.suggestion(name, list(GRADE_LIMITS)) or f", should be one of {', '.join(GRADE_LIMITS)}"
                )
                yield f"grade has {name}, which is no limit{near}"
        if not self.scans:
            yield "scans is empty, should name one at least"
        for name in self.analyses:
            if name not in DISTILLERIES and not self.user_module:
                near = (
                    wording.suggestion(name, list(DISTILLERIES)) or f", should be one of {', '.join(DISTILLERIES)}"
                )
                yield f"analyses has {name}, which the kit does not know{near}"
        if self.config and not self.user_module:
            yield "config gives parameters to the analyses of user_module, which is empty"


def wishes_of(p: DistillationParameters) -> Wishes:
    """Return what the distilleries aim at."""
    names = (
        "target_inv", "target_noinv", "target_trim", "toa_target", "tot_target", "tot_fit_from", "tot_centre",
        "exclude_corrupt", "cm_subtract", "grade",
    )  # fmt: skip
    return wishes_with(Wishes(), {name: getattr(p, name) for name in names})


def distil_scans(p: DistillationParameters, run: Run) -> dict[str, Any]:
    """Make all analyses of the scans of a board, write folders, grade and report, and return the summary.

    Raises
    ------
    FileNotFoundError, FormatError
        If a scan is not there, is none, or they are of several boards.
    UserAnalysisError
        After everything else is done, if analyses of users have failed.
    """
    sources = find_sources(demo_scans(p.scans))
    for path in sources.files:
        run.read(str(path))
    users = UserDistilleries(p.user_module) if p.user_module else None
    own = [name for name in p.analyses if name in DISTILLERIES and not (users and users.has(name))]
    wishes = wishes_of(p)
    with tables_of(sources, min_events=p.min_events) as tables:
        found = dict(distil(tables, wishes, own if p.analyses else None))
        before = _before(tables, wishes) if "pedestals" in found else None
        together = agreed(found, tables)
    if not found and users is None:
        raise FormatError(_unsuited(tables, wishes, own))
    for told in dict.fromkeys(remark for each in together.values() for remark in each.remarks):
        run.notice(told)
    for missing in [name for name in own if name not in found]:
        run.notice(f"no scan suits {missing}")
    for name, each in {**found, **({BEFORE: before} if before else {})}.items():
        _keep(run, name, each, overlay=p.write_overlay)
    failed, own_files = _run_users(p, run, users, sources)
    summary = _judge(p, run, together, sources, own_files)
    if failed:
        run.summary = summary
        raise UserAnalysisError("\n".join(failed))
    return summary


def _unsuited(tables: Sequence[Table], wishes: Wishes, asked: Sequence[str]) -> str:
    """Return in words that there is nothing to do, and what could be done."""
    able = [name for name, each in DISTILLERIES.items() if choose(each, tables, wishes) is not None]
    told = ", ".join(source for table in tables for source in table.sources) or "the scans"
    return f"{told}: suit none of {', '.join(asked or DISTILLERIES)}, but {', '.join(able) or 'no other either'}"


def _before(tables: Sequence[Table], wishes: Wishes) -> Distillate | None:
    """Return the pedestals of the first scan of them, None where there is one alone."""
    suitable = [table for table in tables if DISTILLERIES["pedestals"].suits(table, wishes) >= 1]
    if len(suitable) < 2:
        return None
    return replace(DISTILLERIES["pedestals"].distil(suitable[0], wishes), name=BEFORE)


def _keep(run: Run, name: str, found: Distillate, *, overlay: bool) -> None:
    folder = run.directory / name
    keep_distillate(found, folder, name, overlay=overlay)
    for path in sorted(folder.iterdir()):
        run.has(f"{name}/{path.name}")


def _run_users(
    p: DistillationParameters, run: Run, users: UserDistilleries | None, sources: ScanSources
) -> tuple[list[str], dict[str, list[str]]]:
    """Run the analyses of a user, each on the scan that its entry names; others go on where one fails.

    Returns
    -------
    list of str
        What went wrong.
    dict of str to list of str
        The files of those that went well.
    """
    if users is None:
        return [], {}
    scans = {}
    for path in sources.scans:
        with Scan.open(path) as scan:
            scans[str(scan.about["procedure"])] = path
    entries = _entries(p, users, tuple(scans))
    failed: list[str] = []
    made: dict[str, list[str]] = {}
    for entry in entries:
        chosen = next((scans[name] for name in entry.scans if name in scans), None)
        if chosen is None:
            run.notice(f"no scan for {entry.name}: it wants {', '.join(entry.scans) or 'one'}")
            continue
        try:
            made[entry.name] = users.run(entry.method, entry.parameters, chosen, run.directory / entry.name)
            for name in {*made[entry.name], OVERLAY}:
                run.has(f"{entry.name}/{name}")
        except UserAnalysisError as fault:
            failed.append(str(fault))
    return failed, made


def _entries(p: DistillationParameters, users: UserDistilleries, scans: Sequence[str]) -> list[Analysis]:
    """Return the analyses of a user that shall run: those of the procedure file, or all on the latest scan."""
    known = [Analysis(name, tuple(scans)[-1:], name) for name in users.names]
    if p.config:
        found = read_analyses(read_library(files.resolve(p.config)))
        known = [each for each in found if users.has(each.method)]
    names = [each.name for each in known]
    for name in p.analyses:
        if name not in names and name not in DISTILLERIES:
            told = ", ".join([*names, *DISTILLERIES])
            message = f"there is no analysis {name!r}{wording.suggestion(name, names)}, should be one of {told}"
            raise UserAnalysisError(message)
    return [each for each in known if not p.analyses or each.name in p.analyses]


def _judge(
    p: DistillationParameters, run: Run, found: Mapping[str, Distillate], sources: ScanSources,
    own: Mapping[str, list[str]],
) -> dict[str, Any]:  # fmt: skip
    """Write grade, report and the calibrations of all analyses together; return the summary."""
    grades, (bad, short) = grade_board(found, p.grade), apart(bad_channels(found))
    board = _board_of(sources)
    content = {
        "board": board, "grade": worst(grades), "chips": [each.plain() for each in grades],
        "bad_channels": [vars(each) for each in bad], "out_of_reach": [vars(each) for each in short],
        "analyses": {name: each.summary for name, each in found.items()}, "own_analyses": own,
    }  # fmt: skip
    with run.writing(GRADE) as part:
        part.write_text(files.json_text(content), encoding="utf-8")
    trees = [each.tree for each in found.values() if each.tree]
    written = [run.directory / name / OVERLAY for name in own]
    trees += [layer_of(path).tree.get("target", {}) for path in written if path.is_file()]
    if trees and p.write_overlay:
        scans = list(dict.fromkeys(source for each in found.values() if each.tree for source in each.sources))
        write_overlay(run.directory / OVERLAY, laid_over(trees), "hgcroc/distillation", scans)
        run.has(OVERLAY)
    with run.writing(REPORT) as part:
        part.write_text(report_text(board, grades, bad, found, short, own), encoding="utf-8")
    told = {f"chip_{each.chip}": each.grade for each in grades}
    return {
        "board": board, "grade": worst(grades), **told, "bad_channels": len(bad), "out_of_reach": len(short),
        "analyses": len(found), **({"own_analyses": list(own)} if own else {}),
        "scans": len(sources.scans) + len(sources.labelled),
        "noise": found["pedestals"].summary.get("noise") if "pedestals" in found else None,
    }  # fmt: skip


def _board_of(sources: ScanSources) -> str:
    for path in sources.scans:
        with Scan.open(path) as scan:
            return f"{scan.about['board']} {scan.about.get('board_id', '')}".strip()
    return "ld"
