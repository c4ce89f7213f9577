"""The plan of a scan: its points, the state of all registers at each, and what has to be written in between.

A point is a number; its digits are the steps of the axes, the first axis slowest, repeats slower still. Nothing is
kept for a point: state, message and settings are made when they are asked for, and always absolutely, so that any
order, retry or resume gives the same state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.hgcroc.planning.axes import Axis, CheckRanges, make_axis, spread_axis
from kit.hgcroc.planning.dialects import Layer, Procedure
from kit.hgcroc.planning.documents import Findings
from kit.hgcroc.planning.expansion import laid_over
from kit.hgcroc.planning.plan_parts import (
    Settings,
    check_programs,
    events_of,
    registers_of,
    started_tdcs,
    warn_of_overlaps,
    with_events,
)
from kit.hgcroc.planning.states import States
from kit.hgcroc.registers import RegisterTable

__all__ = ["Compat", "Plan", "Settings", "events_of", "make_plan", "with_events"]

IntArray = npt.NDArray[np.int64]
Compat = Literal["none", "0.1.2", "1.0.15"]
PRECEDENCE = ("default", "init", "override", "calibration")
PRECEDENCE_012 = ("default", "calibration", "init", "override")  # a calibration is beaten by the init file


@dataclass(frozen=True)
class Plan:
    """What will be measured.

    Attributes
    ----------
    procedure : Procedure
        As it was read.
    table : RegisterTable
        The registers of the board.
    axes : list of Axis
        The slowest first, as written.
    repeats : int
        How often the whole list of points is measured.
    layers : list of Settings
        What lies below the axes, in order of precedence.
    programs : dict
        Settings of the acquisition programs below the axes: sections ``daq`` and ``client``.
    about : str
        What else makes it another scan, such as the name of the board.
    """

    procedure: Procedure
    table: RegisterTable
    axes: list[Axis]
    repeats: int
    layers: list[Settings]
    programs: dict[str, Any]
    about: str = ""

    @property
    def lengths(self) -> tuple[int, ...]:
        """Repeats, then the steps of each axis."""
        return (self.repeats, *(len(axis) for axis in self.axes))

    def __len__(self) -> int:
        return int(np.prod(self.lengths, dtype=np.int64))

    @cached_property
    def spread(self) -> list[Axis]:
        """The axes with all registers that change with theirs."""
        return [spread_axis(axis, self.table) for axis in self.axes]

    @cached_property
    def written(self) -> IntArray:
        """All registers that the scan sets, in layers and axes; files of defaults are never written."""
        own = [layer.index for layer in self.layers if layer.kind != "default"]
        own += [axis.index for axis in self.axes]
        index = np.unique(np.concatenate([np.empty(0, np.int64), *own]))
        targets, _ = self.table.spread(index, index)
        return np.union1d(index, targets)

    @cached_property
    def default(self) -> IntArray:
        """What the files of defaults say of each register, the reset value where they are silent."""
        return self._laid(self.table.reset.copy(), ("default",))

    @cached_property
    def named(self) -> npt.NDArray[np.bool_]:
        """Which registers the files of defaults name."""
        named = np.zeros(self.table.size, bool)
        for layer in self.layers:
            named[layer.index] |= layer.kind == "default"
        return named

    def initial(self, device: IntArray) -> IntArray:
        """Return the state under the axes: init, override and calibration written onto the state of the device."""
        return self._laid(device.copy(), PRECEDENCE[1:])

    def _laid(self, state: IntArray, kinds: Sequence[str]) -> IntArray:
        for layer in self.layers:
            if layer.kind in kinds:
                self.table.write(state, layer.index, layer.value)
        return state

    def digits(self, points: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], ...]:
        """Return repeat and steps of the axes at some points."""
        return np.unravel_index(np.asarray(points), self.lengths)

    def states(self, initial: IntArray) -> States:
        """Return all registers at all points over the state under the axes; see `initial`."""
        return States(initial, self.lengths, [(axis.index, axis.settings) for axis in self.spread])

    def settings(self, point: int) -> dict[str, Any]:
        """Return the settings of the acquisition programs at a point: sections ``daq`` and ``client``."""
        trees: list[dict[str, Any]] = [self.programs]
        _, *steps = self.digits(point)
        trees += [axis.others[step] for axis, step in zip(self.axes, steps, strict=True) if axis.others]
        return laid_over(trees)

    def values(self, point: int) -> list[Any]:
        """Return what stands in the file for each axis at a point."""
        _, *steps = self.digits(point)
        return [axis.values[step] for axis, step in zip(self.axes, steps, strict=True)]

    def events(self, point: int = 0) -> int | None:
        """Return how many events a point asks for, None where nothing is said."""
        return events_of(self.settings(point) if any(axis.others for axis in self.axes) else self.programs)

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits of everything that decides what is measured."""
        digest = hashlib.sha256()
        about = [self.procedure.name, self.procedure.dialect, self.table.board.name, self.repeats, self.about]
        others = [(axis.values, axis.others) for axis in self.axes]
        digest.update(json.dumps([about, self.programs, others], sort_keys=True, default=str).encode())
        for layer in self.layers:
            digest.update(layer.kind.encode() + layer.index.tobytes() + layer.value.tobytes())
        for axis in self.axes:
            digest.update(axis.index.tobytes() + np.ascontiguousarray(axis.settings).tobytes())
        return digest.hexdigest()[:12]


def make_plan(
    procedure: Procedure,
    table: RegisterTable,
    findings: Findings,
    *,
    repeats: int = 1,
    n_events: int | None = None,
    check: CheckRanges = "error",
    compat: Compat = "none",
    calibrations: Sequence[Layer] = (),
    about: str = "",
) -> Plan:
    """Return the plan of a procedure; nothing is sent anywhere.

    Parameters
    ----------
    procedure : Procedure
        As read by `procedures.read_procedure`.
    table : RegisterTable
        The registers of the board.
    findings : Findings
        Warnings of the reading; those of the planning are added.
    repeats : int
        Times the procedure's own `repeat`.
    n_events : int, optional
        Events a point, in place of those of the files.
    check : str
        Whether values out of range are an error, a warning or nothing; unknown names always are errors.
    compat : str
        ``0.1.2`` lets init files beat a calibration, as that did.
    calibrations : sequence of Layer
        Overlays, in order.
    about : str
        What else makes it another scan; into the hash.

    Raises
    ------
    ProcedureError
        With all names that the board does not have, values out of range, keys that fan out to nothing.
    """
    layers = [*procedure.layers, *calibrations]
    kinds = PRECEDENCE_012 if compat == "0.1.2" else PRECEDENCE
    layers.sort(key=lambda layer: kinds.index(layer.kind))
    settings = [registers_of(layer, table, findings, check) for layer in layers]
    axes = [make_axis(text, table, findings, check) for text in procedure.axes]
    programs: dict[str, Any] = {"daq": {}, "client": {}}
    for layer in layers:
        try:
            programs = laid_over([programs, {k: v for k, v in layer.tree.items() if k != "target"}])
        except ValueError as fault:
            findings.fault(layer.document.spot(), f"{fault}: lists must be equally long")
    if n_events is not None:
        programs = with_events(programs, n_events)
    check_programs(procedure, programs, findings)
    findings.refuse()
    found = [axis for axis in axes if axis is not None]
    warn_of_overlaps(procedure, found, table, findings)
    written = [layer for layer in settings if layer]
    if procedure.start_tdc:
        written.append(started_tdcs(table))
    return Plan(procedure, table, found, repeats * procedure.repeat, written, programs, about)
