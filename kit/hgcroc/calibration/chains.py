"""Scans that need what others have found: each is measured once, distilled, and laid under the next.

A procedure that names calibrations has them made before it, with the scans that they need; a workflow is a list of
procedures and analyses. Nothing is measured twice: a scan of the same settings, calibrations and board is taken
from an earlier run, and a chain that was interrupted goes on where it was. A calibration that comes out otherwise
changes the hash of all scans after it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kit import files
from kit.directories import is_held
from kit.hgcroc.calibration.analyses import Analysis, read_analysis
from kit.hgcroc.calibration.distilling import distil_entry
from kit.hgcroc.calibration.overlays import OVERLAY, layer_of
from kit.hgcroc.measurements import Scan
from kit.hgcroc.options import AcquisitionParameters, emulated, identity
from kit.hgcroc.planning.dialects import Layer, Procedure
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.planning.from_parameters import plan_of
from kit.hgcroc.planning.procedures import read_library, read_procedure
from kit.hgcroc.resuming import FILE, is_complete, runs_of
from kit.run import Run

__all__ = ["Chain", "follow", "is_chain", "overlays_for", "scans_of"]

Measure = Callable[[AcquisitionParameters, Run, Sequence[Layer]], dict[str, Any]]


def is_chain(p: AcquisitionParameters) -> bool:
    """Tell whether a procedure is a workflow, or needs calibrations."""
    library = read_library(files.resolve(p.config))
    if p.procedure in library.workflows:
        return True
    return bool(read_procedure(files.resolve(p.config), p.procedure, p.dialect)[0].calibrations)


def scans_of(p: AcquisitionParameters) -> list[str]:
    """Return the scans of a workflow, or of a procedure with all that it needs, in the order of measurement.

    Raises
    ------
    ProcedureError
        If a procedure or an analysis of them is not there.
    """
    library = read_library(files.resolve(p.config))
    found: dict[str, None] = {}
    begun: set[str] = set()  # a circle is told when it is measured

    def take(name: str) -> None:
        if name in library.names("analysis") and name not in library.names():
            for scan in read_analysis(library, name).scans:
                take(scan)
        elif name not in begun:
            begun.add(name)
            for each in read_procedure(files.resolve(p.config), name, p.dialect)[0].calibrations:
                for scan in read_analysis(library, each).scans:
                    take(scan)
            found[name] = None

    for task in library.workflows.get(p.procedure) or [p.procedure]:
        take(task)
    return list(found)


def follow(p: AcquisitionParameters, run: Run, measure: Measure) -> dict[str, Any]:
    """Measure a procedure with all that it needs, or a workflow, and return the summary of its last scan.

    Parameters
    ----------
    p : AcquisitionParameters
        What to do.
    run : Run
        Scans and analyses lie side by side in its directory.
    measure : callable
        Measures one scan, as `acquisition.acquire` does without a chain.
    """
    with _board(p, run) as network:
        chain = Chain(p, run, measure, network)
        for task in chain.tasks:
            chain.do(task)
    return chain.summary()


def overlays_for(p: AcquisitionParameters, run: Run, measure: Measure) -> list[Layer]:
    """Return the calibrations that a procedure asks for, made where they are not there yet."""
    if not is_chain(p):
        return []
    with _board(p, run) as network:
        return Chain(p, run, measure, network).layers(p.procedure)


@contextlib.contextmanager
def _board(p: AcquisitionParameters, run: Run) -> Iterator[Callable[[str], Any]]:
    """Yield what tells the network of a dialect: one board, perhaps an emulated one, for the whole chain."""
    if p.network:
        yield lambda _dialect: p.network
        return
    earlier = sum(runs_of(path) for path in run.directory.glob(f"*/{FILE}"))
    with emulated(p, first_run=earlier) as emulator:
        host, ports = emulator.announcement["host"], emulator.announcement["ports"]
        client = {"hostname": host, "port": ports["client"]}  # which the file of dialect 1.0.15 does not name
        yield lambda dialect: ({"client": client} if dialect == "1.0.15" else {}) | emulator.networks[dialect]


class Chain:
    """The scans and analyses of one run.

    Attributes
    ----------
    scans : dict of str to Path
        Files of the scans that are there, by procedure.
    overlays : dict of str to Path
        Calibrations, by analysis.
    """

    def __init__(
        self, p: AcquisitionParameters, run: Run, measure: Measure, network: Callable[[str], Any]
    ) -> None:
        self.p, self.run, self._measure, self._network = p, run, measure, network
        self.library = read_library(files.resolve(p.config))
        self.tasks = self.library.workflows.get(p.procedure) or [p.procedure]
        self.scans: dict[str, Path] = {}
        self.overlays: dict[str, Path] = {}
        self.taken: list[str] = []
        self._open: list[str] = []
        self._last: dict[str, Any] = {}
        self._measured = 0

    def do(self, task: str) -> None:
        """Do a task of a workflow: a scan, or an analysis."""
        if task in self.library.names("analysis") and task not in self.library.names():
            self.distilled(task)
        else:
            self.scan(task)

    def scan(self, name: str) -> Path:
        """Return the file of a scan; it is measured, with all that it needs before it, where it is not there.

        Raises
        ------
        ProcedureError
            If calibrations need each other in a circle, or something is wrong with a procedure.
        """
        if name in self.scans:
            return self.scans[name]
        if name in self._open:
            told = " needs ".join([*self._open[self._open.index(name) :], name])
            message = f"{files.shown(self.p.config)}: calibrations go round in a circle: {told}"
            raise ProcedureError([message])
        self._open.append(name)
        procedure, _ = read_procedure(files.resolve(self.p.config), name, self.p.dialect)
        layers = self.layers(name)
        own = self._parameters(procedure)
        plan, _ = plan_of(own, layers)
        path = self.run.directory / f"{name}-{plan.hash}" / FILE
        if self._from_elsewhere(path) or (self.p.resume and is_complete(path)):
            self._keep(path)
        else:
            self._last = self._measure(own, self.run, layers)
            self._measured += int(self._last["measured_now"])
        self.scans[name] = path
        self._open.remove(name)
        return path

    def layers(self, name: str) -> list[Layer]:
        """Return the calibrations that a scan asks for, in its order."""
        procedure, _ = read_procedure(files.resolve(self.p.config), name, self.p.dialect)
        return [layer_of(self.overlay(each)) for each in dict.fromkeys(procedure.calibrations)]

    def _parameters(self, procedure: Procedure) -> AcquisitionParameters:
        values = {"procedure": procedure.name, "network": self._network(procedure.dialect), "fault": []}
        return self.p.model_copy(update=values | {"board_id": identity(self.p)})

    def _from_elsewhere(self, path: Path) -> bool:
        """Bring a scan of the same hash from an earlier run; tell whether there is one."""
        known = identity(self.p)  # without a name any board may be at this address now
        if not self.p.resume or not known or path.is_file():
            return False
        runs = files.resolve("outputs/hgcroc/acquisition")
        for pattern in (f"*/{path.parent.name}/{FILE}", f"*/outputs/*/{path.parent.name}/{FILE}"):
            for found in sorted(runs.glob(pattern)):
                if not is_held(found.parent.parent) and is_complete(found):
                    with files.whole(path) as part:
                        shutil.copyfile(self.run.read(str(found)), part)
                    self.run.notice(f"{path.parent.name} is taken from {files.shown(found.parent.parent)}")
                    self.taken.append(path.parent.name)
                    return True
        return False

    def _keep(self, path: Path) -> None:
        """Note the files of a scan that is complete as outputs."""
        for found in sorted(path.parent.rglob("*")):
            if found.is_file() and not found.name.startswith("."):
                self.run.has(str(found.relative_to(self.run.directory)))
        with Scan.open(path) as scan:
            self._last = {
                "procedure": str(scan.about["procedure"]),
                "hash": str(scan.about["hash"]),
                "folder": path.parent.name,
                "points": len(scan),
                **scan.summary(),
                "measured_now": 0,
                "events": int(scan.point_column("n_events").sum()),
            }

    def overlay(self, name: str) -> Path:
        """Return the calibration that an analysis provides.

        Raises
        ------
        ProcedureError
            If there is no such analysis, or it found nothing to set.
        """
        self.distilled(name)
        path = self.overlays.get(name)
        if path is None:
            analysis = read_analysis(self.library, name)
            message = f"{analysis.spot}: {name} is to provide a calibration and found no register to set"
            raise ProcedureError([message])
        return path

    def distilled(self, name: str) -> None:
        """Make an analysis, and the scans that it needs."""
        if name in self.overlays:
            return
        analysis = read_analysis(self.library, name)
        paths = [self.scan(each) for each in analysis.scans]
        folder = self.run.directory / f"{name}-{_hash_of(analysis, paths)}"
        distil_entry(analysis, paths, folder, user_module=self.p.user_module)
        for found in sorted(folder.rglob("*")):
            if found.is_file():
                self.run.has(str(found.relative_to(self.run.directory)))
        if (folder / OVERLAY).is_file():
            self.overlays[name] = folder / OVERLAY

    def summary(self) -> dict[str, Any]:
        """Return the numbers of the last scan, and how many scans and calibrations there are."""
        chain = {"scans": len(self.scans), "calibrations": sorted(self.overlays), "taken": self.taken}
        return {**self._last, **chain, "measured_now": self._measured}


def _hash_of(analysis: Analysis, paths: Sequence[Path]) -> str:
    """Return twelve hexadecimal digits of what decides the result of an analysis."""
    about = [analysis.method, analysis.parameters, [path.parent.name for path in paths]]
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:12]
