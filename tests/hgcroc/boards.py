"""Chains of scans on an emulated board without sockets: its own raw data, decoded and summed up as ever."""

import numpy as np

from kit.hgcroc.archive import read_archive
from kit.hgcroc.calibration.distilleries import DISTILLERIES, choose
from kit.hgcroc.calibration.tabulation import REGISTERS, Table, places_of, pulse_distance
from kit.hgcroc.calibration.wishes import Wishes
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.emulator.run_plans import current_plan
from kit.hgcroc.events import event_arrays
from kit.hgcroc.planning.dialects import Layer
from kit.hgcroc.planning.documents import Document
from kit.hgcroc.planning.procedures import read_procedure
from kit.hgcroc.planning.scan import make_plan
from kit.hgcroc.planning.states import row_registers
from kit.hgcroc.rawdata import unpack
from kit.hgcroc.registers import register_table
from kit.hgcroc.summaries import row_columns, summarise
from tests.conftest import PROJECT

PROCEDURES = PROJECT / "parameters" / "hgcroc" / "procedures"
WISHES = Wishes()


def overlay(tree):
    """Return a calibration as a layer, as a file would give it."""
    from pathlib import Path

    return Layer("calibration", Document(Path("overlay.yaml"), "", {}), {"target": ()}, {"target": tree})


def plan_of(name, board="ld", trees=(), main="quick.yaml", n_events=None):
    procedure, findings = read_procedure(PROCEDURES / main, name)
    table = register_table(board)
    return make_plan(procedure, table, findings, n_events=n_events, calibrations=[overlay(tree) for tree in trees])


def measured(board: Hexaboard, name, trees=(), main="quick.yaml", n_events=None) -> Table:
    """Return the table of a shipped scan on a board, with calibrations laid over it."""
    plan = plan_of(name, board.table.board.name, trees, main, n_events)
    states = plan.states(plan.initial(board.table.reset.copy()))
    chips, full = len(board.table.rocs), plan.procedure.mode == "full"
    summaries, events = [], []
    for point in range(len(plan)):
        board.state = states.state(point)
        asked, _ = current_plan(plan.settings(point)["daq"])
        raw = unpack(_frames(board, asked))
        summaries.append(summarise(raw, chips))
        if full:
            events.append(event_arrays(raw, chips))
    points = np.arange(len(plan))
    columns = {key: np.stack([each[key] for each in summaries]) for key in summaries[0]}
    for register in REGISTERS:
        columns[register.rpartition(".")[2]] = states.columns(row_registers(board.table, register), points)
    distance = np.array([pulse_distance(plan.settings(point)) for point in range(len(plan))])
    return Table(
        *places_of(row_columns(chips)), columns, distance, np.zeros(len(plan), np.int64), (f"{name}-{plan.hash}",),
        board.table.board.name, events.__getitem__ if full else None, (),
    )  # fmt: skip


def _frames(board, asked):
    from kit.hgcroc.archive import HEAD

    return read_archive(HEAD + b"".join(board.take(asked)))


CHAIN = (  # scans, and what they are asked afterwards: later scans get it as their calibration
    (("vrefinv",), "inv_vref"),
    (("vrefnoinv",), "noinv_vref"),
    (("sampling_scan",), "phase"),
    (("pedestal_scan",), "trim_inv"),
    (("pedestal_check",), "pedestals"),
    (("injection_scan",), "gain"),
    (("toa_vref_noinj", "toa_vref"), "toa_vref"),
    (("toa_trim",), "trim_toa"),
    (("toa_scurve",), "toa_curves"),
    (("tot_vref", "tot_vref_high"), "tot_vref"),
    (("tot_trim",), "trim_tot"),
    (("timewalk_scan",), "time_walk"),
)


def characterised(board: Hexaboard, until=None, wishes=WISHES):
    """Return the tables of the whole chain and the distillates made on the way."""
    tables, found, trees = [], {}, []
    for scans, analysis in CHAIN:
        new = [measured(board, scan, trees) for scan in scans]
        tables += new
        table = choose(DISTILLERIES[analysis], new, wishes)
        found[analysis] = DISTILLERIES[analysis].distil(table, wishes)
        if found[analysis].registers:
            trees.append(found[analysis].tree)
        if analysis == until:
            break
    return tables, found


def rows_of(values):
    """Return constants of a board, shape (chips, 2, 39), in the order of the summary's rows."""
    chips = len(values)
    parts = [values[:, :, :36].reshape(chips, 72), values[:, :, 36], values[:, :, 37:].reshape(chips, 4)]
    return np.concatenate(parts, axis=1).ravel()
