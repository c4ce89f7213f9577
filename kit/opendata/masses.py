"""The stage `masses`: collision files in, the spectra of all combinations in all final states out.

Every event goes into one final state and gives one mass for each combination that it has the objects for. Nothing
is cut by number of events here: that is decided over all inputs together, in `histograms`. The work is done in
pieces; the record of each finished piece stays in the run's work folder until the whole is written.
"""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from pydantic import field_validator

from kit.files import locate
from kit.opendata.combinations import CountRule
from kit.opendata.engine import engine
from kit.opendata.filling import Rule, count_masses, list_masses
from kit.opendata.grouping import MassSource, group
from kit.opendata.importing import are_originals, import_masses
from kit.opendata.massarrays import join_arrays
from kit.opendata.massfile import write_masses
from kit.opendata.outcome import notice_faults, refuse_failures
from kit.opendata.passing import select
from kit.opendata.pieces import Piece
from kit.opendata.portions import Done, Result, work_off
from kit.opendata.preparation import Preparation, prepared_inputs
from kit.opendata.records import Records
from kit.opendata.selection import Selection, rising, selection_hash
from kit.opendata.skim import release_of
from kit.opendata.sources import Reader
from kit.opendata.spectra import Grid, PieceRecord
from kit.opendata.tally import Tally
from kit.opendata.wishes import Wish
from kit.parameters import parameter
from kit.run import Run

__all__ = ["Counting", "MassParameters", "events_at_once", "make_masses"]

MOST_BINS = 1_000_000  # of a spectrum; a resolution of 10 MeV up to 10 TeV

COMPILED_MEMORY = 400  # MB; with less there is no room for compiled loops
BASE_MEMORY = {True: 310, False: 190}  # MB; what a process takes with compiled loops and without, before it reads
EVENT_MEMORY = 1500  # bytes; what an event of a piece takes while it is read and counted, with some room


class MassParameters(Selection):
    """What is summed, and how masses are counted."""

    combination_types: list[int] = parameter([1, 4], "fewest and most types in a combination")
    max_total: int = parameter(4, "most objects in a combination", ge=2, le=8)
    sub_leading: bool = parameter(False, "also combinations that do not begin at the leading objects")
    max_rank: int = parameter(1, "highest rank that sub-leading combinations begin or end at", ge=1, le=3)
    mass_source: MassSource = parameter(
        "record", "masses of objects from the file, or those known to the original"
    )
    count_rule: CountRule = parameter("at_least", "objects that a final state needs, exact as in the original")
    bin_width: float = parameter(10.0, "width of a bin", unit="GeV", gt=0)
    mass_max: float = parameter(10000.0, "end of the last bin", unit="GeV", gt=0)
    same_flavour_min_mass: float = parameter(
        0.0, "mass from which on combinations with two electrons or two muons are filled", unit="GeV", ge=0
    )
    keep_masses: bool = parameter(False, "also write every single mass")
    chunk_events: int = parameter(200_000, "events in a piece, about", ge=1000)
    max_memory: int = parameter(700, "memory of a process; little of it makes pieces smaller", unit="MB", ge=200)
    retries: int = parameter(3, "how often a file that failed is tried again, after the others", ge=0)
    max_failed_fraction: float = parameter(0.0, "share of the files that may fail", ge=0, le=1)

    effort: ClassVar[frozenset[str]] = Selection.effort | {"max_memory"}
    NOT_SELECTING: ClassVar[frozenset[str]] = Selection.NOT_SELECTING | {
        "keep_masses",
        "chunk_events",
        "max_memory",
        "retries",
        "max_failed_fraction",
    }

    @field_validator("combination_types")
    @classmethod
    def _rising_combination_types(cls, types: list[int]) -> list[int]:
        return rising(types)

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        yield from super().contradictions()
        bins = self.mass_max / self.bin_width
        if bins > MOST_BINS:
            yield f"bin_width is {self.bin_width} GeV, which makes more than {MOST_BINS:,} bins up to mass_max"
        elif round(bins) < 1 or abs(bins - round(bins)) > 1e-9 * bins:
            yield f"mass_max is {self.mass_max} GeV, not a multiple of bin_width, {self.bin_width} GeV"

    def selecting(self) -> dict[str, Any]:
        """Return the values that decide what is counted; a rank that is not used decides nothing."""
        values = super().selecting()
        return values if self.sub_leading else values | {"max_rank": type(self).model_fields["max_rank"].default}

    @property
    def grid(self) -> Grid:
        """The bins that masses are counted in."""
        return Grid(self.bin_width, round(self.mass_max / self.bin_width))

    @property
    def rule(self) -> Rule:
        """Which combinations are made."""
        fewest, most = self.combination_types
        rank = self.max_rank if self.sub_leading else 0
        return Rule((fewest, most), self.max_count, self.max_total, rank, self.count_rule)


def make_masses(p: MassParameters, run: Run) -> dict[str, Any]:
    """Count the masses of this job's share of the inputs, write ``masses.parquet`` and return the summary.

    With `keep_masses`, write ``mass_arrays.parquet``, too. Inputs may also be what the original program left
    (`*.npy`, `*.sqlite`), so that its masses can be merged and divided by our rules.

    Raises
    ------
    RunError
        If more files fail than `max_failed_fraction` allows; what was done is kept for the next attempt in the
        same directory.
    FormatError
        If the same events would be counted twice.
    """
    begin = time.monotonic()
    settings = {"selection_hash": selection_hash(p), "grid": asdict(p.grid), "weighted": p.weights != "off"}
    records = Records(run.work, settings, p.keep_masses)
    if are_originals(p.inputs):
        result = _imported(p, records, run)
    else:
        paths, preparation = prepared_inputs(p, run)
        at_once = events_at_once(p)
        result = work_off(
            paths, p, Counting(p, records, preparation), run, chunk_events=at_once, retries=p.retries
        )
        settings["inputs"] = hashlib.sha256("\n".join(sorted(paths)).encode()).hexdigest()[:16]
    refuse_failures(result, p.max_failed_fraction, run)
    tally = _write(p, run, records, result, settings)
    for path in dict.fromkeys(piece.path for piece in result.pieces):
        run.read(path)
    notice_faults(result, p, run, tally.loud())
    if result.files and not tally.accepted:
        run.notice(f"nothing was selected; events left after each step: {tally.cutflow}")
    return _summary(result, tally, time.monotonic() - begin)


def _imported(p: MassParameters, records: Records, run: Run) -> Result:
    """Count what the original left; its cuts are in it, and ours do not act."""
    paths = locate(p.inputs)[: p.max_files]
    found = import_masses(paths, p.job, p.jobs, p.grid, p.same_flavour_min_mass, records, run)
    run.notice("these are masses of the original: cuts and combinations are its own, those set here do not act")
    if found.left_out:
        run.notice(f"arrays of one object are no masses and are left out: {found.left_out}")
    done = {(piece.path, 0): Done([piece], [piece], {}) for piece in found.pieces}
    return Result(found.files, list(found.pieces), done, found.failed)


def _write(p: MassParameters, run: Run, records: Records, result: Result, settings: dict[str, Any]) -> Tally:
    """Write what was counted, and return its sums."""
    pieces, tally = result.pieces, Tally()
    about = settings | {
        "selection": p.selecting(),
        "job": p.job,
        "jobs": p.jobs,
        "planned": [asdict(piece) for piece in result.planned],
        "failed": [{"path": path, "reason": reason} for path, reason in result.failed.items()],
    }
    with run.writing("masses.parquet") as part:
        write_masses(part, tally.over(records.read(pieces)), about)
    if p.keep_masses:
        with run.writing("mass_arrays.parquet") as part:
            join_arrays(part, map(records.arrays_path, pieces))
    return tally


@dataclass(frozen=True)
class Counting:
    """What is done with a piece: read it, count its masses, keep the record."""

    p: MassParameters
    records: Records
    preparation: Preparation

    def wish(self, path: str) -> Wish:
        """Return what is read of a file besides its objects."""
        return self.preparation.wish(path)

    def has(self, piece: Piece) -> bool:
        """Tell whether the piece was counted before, with the same parameters."""
        return self.records.has(piece)

    def do(self, reader: Reader, piece: Piece, events: int) -> None:
        """Count a piece and write its record; `events` decides whether compiled loops pay."""
        p = self.p
        chunk = self.preparation.prepare(self.preparation.read(reader, piece), reader.source)
        loops = engine(events if p.max_memory >= COMPILED_MEMORY else 0)
        selected = select(chunk, p, loops)
        grouped = group(chunk, selected, p.mass_source, loops)
        weights = None if chunk.weights is None else chunk.weights[grouped.order]
        spectra = count_masses(grouped, p.rule, p.grid, p.same_flavour_min_mass, loops, weights)
        schema = reader.source.schema
        told = (
            selected.cutflow,
            selected.dropped,
            selected.seen,
            release_of(schema),
            schema.generated,
            selected.sums,
            *self.preparation.about(reader.source),
        )
        record = PieceRecord(piece, spectra, *told)
        self.records.write(record, list_masses(grouped, p.rule) if p.keep_masses else ())


def events_at_once(p: MassParameters) -> int:
    """Return how many events a piece has, about: as many as wanted and as memory allows."""
    room = (p.max_memory - BASE_MEMORY[p.max_memory >= COMPILED_MEMORY]) * 1_000_000 // EVENT_MEMORY
    return max(1000, min(p.chunk_events, room))


def _summary(result: Result, tally: Tally, seconds: float) -> dict[str, Any]:
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "files": len(result.files) - len(result.failed),
        "files_failed": len(result.failed),
        **tally.numbers(),
        "pieces_done_before": result.earlier,
        **result.effort(seconds),
        "peak_memory_mb": round(max(usage) / 1024, 1),
    }
