"""Raw files with a label beside each: measured elsewhere, with the settings as somebody has noted them.

Labels are believed only as far as the data bear them out: what contradicts its label is left out, and told.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import files
from kit.files import FormatError
from kit.hgcroc.calibration.tabulation import REGISTERS, Table, places_of, pulse_distance
from kit.hgcroc.marks import Mark, marks_text
from kit.hgcroc.planning.dialects import sections
from kit.hgcroc.planning.documents import Document, Findings, load
from kit.hgcroc.planning.states import States, row_registers
from kit.hgcroc.rawdata import RawData, decode
from kit.hgcroc.registers import RegisterError, RegisterTable, register_table
from kit.hgcroc.summaries import row_columns, summarise
from kit.hgcroc.validation import full_scale, times_off_phase, tot_at_zero, twins

__all__ = ["RAW", "doubts", "raw_files", "tabulate_labelled", "with_label"]

LABEL, RAW = (".yaml", ".yml"), (".raw", ".raw.gz")


def raw_files(folder: Path) -> list[Path]:
    """Return the raw files of a folder that have a label beside them."""
    found = [path for path in sorted(folder.glob("*.raw*")) if path.name.endswith(RAW)]
    return [path for path in found if _label_of(path) is not None]


def with_label(path: Path) -> Path:
    """Return a raw file that has a label beside it.

    Raises
    ------
    FormatError
        If it has none.
    """
    if _label_of(path) is None:
        wanted = path.with_name(path.name.removesuffix(".gz").removesuffix(".raw") + LABEL[0])
        message = f"{files.shown(path)}: has no label, should have its settings beside it in {wanted.name}"
        raise FormatError(message)
    return path


def _label_of(path: Path) -> Path | None:
    stem = path.name.removesuffix(".gz").removesuffix(".raw")
    return next((path.with_name(stem + end) for end in LABEL if path.with_name(stem + end).is_file()), None)


def tabulate_labelled(paths: list[Path], *, board: str = "ld", min_events: int = 1) -> Table:
    """Return the table of raw files, one point each, without those whose data contradict their label.

    Registers that a label does not name have the value that they have after a reset.

    Raises
    ------
    ProcedureError, FormatError
        If a label or a raw file cannot be read.
    """
    registers, findings = register_table(board), Findings()
    chips = len(registers.rocs)
    states, distances, summaries = [], [], []
    for path in paths:
        label = _label_of(path)
        document = load(label, findings) if label is not None else None
        findings.refuse()
        assert document is not None
        state, settings = _labelled_state(registers, document, findings)
        states.append(state)
        distances.append(pulse_distance(settings))
        summaries.append(summarise(_read(path), chips))
    findings.refuse()
    columns = {name: np.stack([each[name] for each in summaries]) for name in summaries[0]}
    few = columns["n"] < min_events
    if few.any():
        columns = {name: np.where(few, np.nan, values.astype(np.float64)) for name, values in columns.items()}
    points = np.arange(len(paths))
    settings_at = np.stack(states)
    whole = States(registers.reset.copy(), (1, len(paths)), [(np.arange(registers.size), settings_at)])
    for name in REGISTERS:
        columns[name.rpartition(".")[2]] = whole.columns(row_registers(registers, name), points)
    row = row_columns(chips)
    table = Table(
        *places_of(row), columns, np.array(distances, np.float64), np.zeros(len(paths), np.int64),
        (files.shown(paths[0].parent),), board,
    )  # fmt: skip
    found = doubts(table)
    told = [
        f"{files.shown(path)} is left out: {marks_text(mark)}"
        for path, mark in zip(paths, found.tolist(), strict=True)
        if mark
    ]
    kept = table.taken(found == 0)
    return kept.remarked(told)


def _read(path: Path) -> RawData:
    content = path.read_bytes()
    return decode(gzip.decompress(content) if path.suffix == ".gz" else content, name=files.shown(path))


def _labelled_state(
    registers: RegisterTable, document: Document, findings: Findings
) -> tuple[npt.NDArray[np.int64], dict[str, Any]]:
    layer = sections("label", document, (), document.content or {}, findings, warn=False)
    state = registers.reset.copy()
    if tree := layer.tree.get("target"):
        try:
            registers.write(state, *registers.leaves(tree))
        except RegisterError as error:
            for path, told in error.faults:
                findings.fault(layer.spot("target", path), told)
            findings.refuse()
    daq = layer.tree.get("daq") or {}
    return state, {"daq": daq.get("server", daq)}


def doubts(table: Table) -> npt.NDArray[np.uint32]:
    """Return the marks of points whose data contradict their labels, as the validator of scans finds them."""
    rows = table.sensitive
    calib, phase = table["Calib"][:, rows], table["phase_strobe"][:, 0]
    fired = {name: np.nan_to_num(table[f"{name}_efficiency"][:, rows]) for name in ("toa", "tot")}
    marks = tot_at_zero(calib, fired["tot"])
    settings = np.concatenate([table[name.rpartition(".")[2]] for name in REGISTERS], axis=1)
    label = np.unique(settings, axis=0, return_inverse=True)[1].ravel()
    marks |= twins(label, [table[name][:, rows] for name in ("adc_mean", "adc_stdd")])
    medians = {name: table[name][:, rows] for name in ("adc_median", "toa_median", "tot_median")}
    marks |= full_scale(medians)
    others = np.concatenate([settings, table.distance[:, None]], axis=1)
    others = np.delete(
        others, np.s_[(len(REGISTERS) - 1) * len(table.chip) : len(REGISTERS) * len(table.chip)], axis=1
    )
    alike = np.unique(np.nan_to_num(others, nan=-1), axis=0, return_inverse=True)[1].ravel()
    sound = marks == 0
    if sound.sum() > 1:
        marks[sound] |= times_off_phase(
            phase[sound], alike[sound], medians["toa_median"][sound], fired["toa"][sound]
        )
    return marks & np.uint32(Mark.TOT_AT_ZERO | Mark.TOA_STEP | Mark.TWIN | Mark.FULL_SCALE)
