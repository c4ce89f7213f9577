"""The stage `truth`: dumper files in; how well clusters above a score give back the energy, working points out.

The working point is the score above which clusters sharpen the energy most, by ET and |η| of the seed; below it
they bring more of other particles than of this one. What is written as ``working_point.json`` is what `windows`
reads.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kit import files
from kit.ecal import resolution, working_points
from kit.ecal.association import associate
from kit.ecal.dumper import DumperFile
from kit.ecal.engine import engine
from kit.ecal.events import AnyArray, FloatArray
from kit.ecal.ledger import work_off
from kit.ecal.match_tables import ROW_GROUP, join, read_matched, to_table
from kit.ecal.matches import list_matches
from kit.ecal.resolution import Matched, Scan
from kit.ecal.resolution_tables import fit_rows, scan_rows
from kit.ecal.sample import Piece, SampleParameters, ranges, share
from kit.ecal.scrutiny import scrutinise
from kit.ecal.seeding import prepare
from kit.ecal.tables import TableWriter
from kit.ecal.working_points import WorkingPoint
from kit.parameters import parameter
from kit.run import Run

__all__ = [
    "CLUSTERS",
    "FITS",
    "GAIN",
    "GRID",
    "LIMITED",
    "RESOLUTION",
    "WORKING_POINT",
    "TruthParameters",
    "study_truth",
]

CLUSTERS, TEXT, RESOLUTION = "clusters.parquet", "clusters.csv", "resolution.parquet"
WORKING_POINT, GAIN = "working_point.json", "gain.json"
LIMITED = {"pileup": "pileup_limits.parquet", "noise": "noise_limits.parquet"}
FITS = "fits.parquet"
LIMITS = np.append(
    10 ** (-3 + 4 * np.arange(40) / 39), np.inf
)  # of energy that is not the particle's over its own
GRID = 10 ** (-4 + 3.3 * np.arange(60) / 59)  # from which the public tables are drawn


class TruthParameters(SampleParameters):
    """In which bins, at which scores and by which measure the energy is looked at."""

    et_edges: list[float] = parameter(
        [1.0, 4.0, 10.0, 15.0, 25.0, 40.0, 50.0, 70.0, 100.0, 150.0, 200.0, 300.0, 500.0],
        "bins in raw ET of the seed",
        unit="GeV",
        min_length=2,
    )
    eta_edges: list[float] = parameter(
        [0.0, 0.2, 0.4, 0.7, 1.0, 1.15, 1.3, 1.4442, 1.566, 1.75, 2.0, 2.4, 3.0],
        "bins in |η| of the seed",
        min_length=2,
    )
    thresholds: list[float] = parameter(
        [], "scores that are tried, rising; empty takes the 60 of the public tables"
    )
    width: resolution.Width = parameter(
        "quantile", "half the central 68 %, or half the shortest interval with 68.3 %"
    )
    criterion: Literal["w68", "w68_over_scale"] = parameter("w68", "what is made smallest")
    e_true: Literal["sim_good", "sim", "gen"] = parameter("sim_good", "which energy is the true one")
    entries_min: int = parameter(20, "particles that a bin needs for a choice of its own", ge=5)
    compare_to: str | None = parameter(None, "working points shown beside: a file, or a public table's name")
    cruijff: bool = parameter(False, "also fit the peak in each bin, by a Gaussian of two widths with tails")
    write_csv: bool = parameter(False, "also write the rows as text, with semicolons")

    def named_inputs(self) -> list[str]:
        """Return the files that are read."""
        return [*self.inputs, *working_points.named(self.compare_to)]

    def examine(self) -> None:
        """Raise if the table to compare to cannot be used."""
        if self.compare_to:
            working_points.read(working_points.find(self.compare_to))

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        yield from super().contradictions()
        for name in ("et_edges", "eta_edges", "thresholds"):
            if any(np.diff(getattr(self, name)) <= 0):
                yield f"{name} is {getattr(self, name)}, should be rising"
        if any(not 0 <= value <= 1 for value in self.thresholds):
            yield f"thresholds is {self.thresholds}, should be within 0 and 1"

    @property
    def tried(self) -> FloatArray:
        """The scores that are tried."""
        return np.array(self.thresholds) if self.thresholds else GRID


def study_truth(p: TruthParameters, run: Run) -> dict[str, Any]:
    """Write rows, resolutions, working points and gains, and return the summary.

    Raises
    ------
    RunError
        If more files fail than `max_failed_fraction` allows; what was done is kept for the next attempt in the
        same directory.
    ValueError
        If no bin has `entries_min` particles.
    """
    begin = time.monotonic()
    if p.compare_to:
        run.read(str(working_points.find(p.compare_to)))
    pieces = share(p)
    records = work_off(p, run, pieces, _Lister(p, run.work))
    for record in records:
        run.read(record["path"])
    particles = _join(p, run, records)
    edges = np.array(p.et_edges), np.array(p.eta_edges)
    found = resolution.scan(particles, p.tried, *edges, p.width)
    _write(run, RESOLUTION, scan_rows(found, "threshold", *edges))
    chosen = resolution.choose(found, p.tried, p.entries_min, p.criterion)
    text = f"smallest {p.criterion} of E/E_{p.e_true} of {len(particles.true)} particles"
    with run.writing(WORKING_POINT) as part:
        files.write_json(part, working_points.table("simfraction_thres", text, *edges, chosen.thresholds))
    with run.writing(GAIN) as part:
        gain = [[None if np.isnan(x) else round(float(x), 6) for x in row] for row in chosen.gain]
        told = {"unit": "percent", "et_edges": p.et_edges, "eta_edges": p.eta_edges, "gain": gain}
        files.write_json(part, told | {"borrowed": chosen.borrowed.tolist(), "entries": found.entries.tolist()})
    if chosen.borrowed.any():
        run.notice(
            f"{chosen.borrowed.sum()} of {chosen.borrowed.size} bins are too empty: they take a neighbour's choice"
        )
    known = chosen.gain[np.isfinite(chosen.gain)]
    further = _look_further(p, run, particles, found, working_points.read(run.directory / WORKING_POINT))
    return {
        "files": len(records),
        "files_failed": len(pieces) - len(records),
        **{
            name: sum(record[name] for record in records) for name in ("events", "events_bad", "rows", "particles")
        },
        "rows_in_window": sum(record["in_window"] for record in records),
        "particles_studied": len(particles.true),
        "bins_filled": int((~chosen.borrowed).sum()),
        "bins": int(chosen.borrowed.size),
        "median_working_point": float(np.median(chosen.thresholds)),
        "median_gain_over_mustache_(%)": round(float(np.median(known)), 3) if len(known) else None,
        **further,
        "seconds": round(time.monotonic() - begin, 3),
    }


class _Lister:
    """Lists the matched clusters of one file; can be sent to another process."""

    def __init__(self, p: TruthParameters, folder: Path) -> None:
        self.p, self.folder = p, folder

    def __call__(self, piece: Piece) -> dict[str, Any]:
        """Write the rows of a file and return its record."""
        p, started = self.p, time.perf_counter()
        counts = dict.fromkeys(("events", "events_bad", "rows", "particles", "in_window"), 0)
        name, bad = f"{piece.number}.parquet", list[str]()
        with (
            DumperFile(piece.path, p.association, pileup=p.pileup) as source,
            files.whole(self.folder / name) as part,
            contextlib.ExitStack() as stack,
        ):
            writer: TableWriter | None = None
            spans = ranges(p, source.identity.entries)
            loops = engine(spans[-1][1] - spans[0][0])
            for first, last in spans:
                scrutinised = scrutinise(source.read(first, last), skip_bad=p.skip_bad)
                events, bad = scrutinised.events, bad + scrutinised.bad
                field = prepare(events, p.window_version, loops)
                found = associate(events, p.association, p.cluster_score_min, loops)
                rows = list_matches(events, field, found, loops, first=counts["particles"], pileup=p.pileup)
                table = to_table(rows)
                writer = writer or stack.enter_context(TableWriter(part, table.schema, ROW_GROUP))
                writer.write(table)
                counts["events"] += len(events)
                counts["events_bad"] += len(scrutinised.bad)
                counts["rows"] += len(rows["wi"])
                counts["in_window"] += int(rows["in_window"].sum())
                counts["particles"] += len(np.unique(rows["wi"]))
            identity = asdict(source.identity)
        seconds = round(time.perf_counter() - started, 3)
        return {**identity, "bad": bad, **counts, "outputs": [], "parts": [name], "seconds": seconds}


def _join(p: TruthParameters, run: Run, records: list[dict[str, Any]]) -> Matched:
    """Write the rows of all files, and return what the study needs of them."""
    parts = [(run.work / record["parts"][0], record["particles"]) for record in records]
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(run.writing(CLUSTERS))
        text = stack.enter_context(run.writing(TEXT)) if p.write_csv else None
        join(parts, path, text)
    return read_matched(run.directory / CLUSTERS, p.seed_score_min, p.e_true)


def _write(run: Run, name: str, rows: Mapping[str, AnyArray]) -> None:
    """Write columns as a table."""
    table = to_table(rows)
    with run.writing(name) as part, TableWriter(part, table.schema, ROW_GROUP) as writer:
        writer.write(table)


def _look_further(
    p: TruthParameters, run: Run, particles: Matched, found: Scan, points: WorkingPoint
) -> dict[str, Any]:
    """Write what was asked for at the chosen working points, and return the summary of it."""
    edges = points.et_edges, points.eta_edges
    for name in particles.spoilt:
        limited = resolution.scan_limits(particles, name, LIMITS, points.at, *edges, p.width)
        _write(run, LIMITED[name], scan_rows(limited, "limit", *edges))
    if not p.cruijff:
        return {}
    rows = fit_rows(particles, points, found.entries >= p.entries_min)
    _write(run, FITS, rows)
    sigma, mustache = (rows[f"{prefix}sigma"] for prefix in ("", "mustache_"))
    known = np.isfinite(sigma / mustache)
    narrower = float(np.median(100 * (1 - sigma[known] / mustache[known]))) if known.any() else None
    return {
        "bins_fitted": int(np.isfinite(sigma).sum()),
        "median_gain_in_sigma_(%)": None if narrower is None else round(narrower, 3),
    }
