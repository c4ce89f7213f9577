"""The stage `events`: collision files in, what is in them out, and on wish a skim of them.

It reads what `masses` would read and cuts as it would cut: the cutflow, the objects of each type and the
events of each final state are those that masses are made of. A skim holds all objects uncut, of all events
but duplicates.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from kit.files import FormatError, read_json, whole, write_json
from kit.opendata.duplicates import VETO
from kit.opendata.engine import engine
from kit.opendata.outcome import notice_faults, refuse_failures
from kit.opendata.passing import add_counts, select
from kit.opendata.pieces import Piece
from kit.opendata.portions import Result, work_off
from kit.opendata.preparation import Preparation, prepared_inputs
from kit.opendata.schemas import OBJECT_NAMES
from kit.opendata.selection import Selection, selection_hash
from kit.opendata.skim import SkimWriter, release_of
from kit.opendata.sources import Reader
from kit.opendata.survey import EDGES, QUANTITIES, Survey, survey
from kit.opendata.tally import Tally
from kit.opendata.weights import kind_of
from kit.opendata.wishes import Wish
from kit.parameters import parameter
from kit.run import Run

__all__ = ["EventParameters", "Surveying", "read_events"]


class EventParameters(Selection):
    """What is looked at, and whether it is written in a smaller form."""

    write_skim: bool = parameter(False, "also write the objects of all events in a small form")
    skim_bytes: int = parameter(2_000_000_000, "size at which a skim file is closed", unit="B", gt=0)
    chunk_events: int = parameter(200_000, "events in a piece, about", ge=1000)
    retries: int = parameter(3, "how often a file that failed is tried again, after the others", ge=0)
    max_failed_fraction: float = parameter(0.0, "share of the files that may fail", ge=0, le=1)

    NOT_SELECTING: ClassVar[frozenset[str]] = Selection.NOT_SELECTING | {
        "write_skim",
        "skim_bytes",
        "chunk_events",
        "retries",
        "max_failed_fraction",
    }


def read_events(p: EventParameters, run: Run) -> dict[str, Any]:
    """Look at this job's share of the inputs, write ``cutflow.json`` and ``objects.json``, return the summary.

    With `write_skim`, write ``events_<release>_<n>.root``, too; with `deduplicate`, ``veto.json``.

    Raises
    ------
    RunError
        If more files fail than `max_failed_fraction` allows; what was done is kept for the next attempt in the
        same directory.
    FormatError
        If the same events would be counted twice.
    """
    begin = time.monotonic()
    paths, preparation = prepared_inputs(p, run)
    work = Surveying(p, run.work, preparation)
    result = work_off(paths, p, work, run, chunk_events=p.chunk_events, retries=p.retries)
    refuse_failures(result, p.max_failed_fraction, run)
    found = _Found()
    for piece in result.pieces:
        found.add(piece, work.read(piece))
    with run.writing("cutflow.json") as part:
        write_json(part, _cutflow(found.total, p.weights))
    with run.writing("objects.json") as part:
        write_json(part, _objects(found.total))
    if p.deduplicate and not p.veto_list:
        with run.writing(VETO) as part:
            write_json(part, read_json(run.work / VETO))
    skims = _join_skims(work, result.pieces, p.skim_bytes, run) if p.write_skim else []
    for path in dict.fromkeys(piece.path for piece in result.pieces):
        run.read(path)
    notice_faults(result, p, run, Tally(seen=found.seen, dropped=found.dropped).loud())
    accepted = sum(found.total.final_states.values())
    if result.files and not accepted:
        run.notice(f"nothing was selected; events left after each step: {found.total.cutflow}")
    return _summary(result, found, skims, time.monotonic() - begin)


@dataclass(frozen=True)
class Surveying:
    """What is done with a piece: read it, cut it, keep its survey and, where wanted, its part of the skim."""

    p: EventParameters
    folder: Path
    preparation: Preparation

    def wish(self, path: str) -> Wish:
        """Return what is read of a file besides its objects."""
        return self.preparation.wish(path)

    @property
    def _about(self) -> dict[str, Any]:
        return {"selection_hash": selection_hash(self.p)}

    def _record(self, piece: Piece) -> Path:
        return self.folder / f"{piece.key}.json"

    def skim(self, piece: Piece) -> Path:
        """Return the file of a piece's part of the skim."""
        return self.folder / f"{piece.key}.root"

    def has(self, piece: Piece) -> bool:
        """Tell whether the piece was done before, with the same cuts."""
        if self.p.write_skim and piece.events and not self.skim(piece).is_file():
            return False
        try:
            return bool(read_json(self._record(piece))["about"] == self._about)
        except (FileNotFoundError, FormatError, KeyError, TypeError):
            return False

    def do(self, reader: Reader, piece: Piece, events: int) -> None:
        """Look at a piece; its record is written last, so that it means that all is there."""
        source = reader.source
        chunk = self.preparation.read(reader, piece, ids=self.p.write_skim)
        if self.p.write_skim and piece.events:
            with SkimWriter(lambda _: whole(self.skim(piece)), self.p.skim_bytes, compressed=False) as skim:
                kind = kind_of(source, self.p, self.preparation.origins.of(source.path))
                skim.write(source, chunk, kind=kind, weighted=self.p.weights != "off")
        chunk = self.preparation.prepare(chunk, source)
        selected = select(chunk, self.p, engine(events))
        schema = source.schema
        kind, _ = self.preparation.about(source)
        found = survey(chunk, selected, release_of(schema), generated=schema.generated, kind=kind)
        write_json(self._record(piece), {"about": self._about, "survey": found.as_json()})

    def read(self, piece: Piece) -> Survey:
        """Return the survey of a piece that was done."""
        return Survey.from_json(read_json(self._record(piece))["survey"])


@dataclass
class _Found:
    """Sums over pieces; `seen` and `dropped` are by file."""

    total: Survey = field(default_factory=Survey)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, piece: Piece, more: Survey) -> None:
        """Add a piece."""
        self.total = self.total + more
        self.seen[piece.path] = add_counts(self.seen.get(piece.path, {}), more.seen)
        self.dropped[piece.path] = add_counts(self.dropped.get(piece.path, {}), more.dropped)


def _cutflow(total: Survey, weights: str) -> dict[str, Any]:
    """Return what is written; without weights, each event counts as one."""
    steps = [
        {"step": step, "events": events, "sum_of_weights": total.sums.get(step, float(events))}
        for step, events in total.cutflow.items()
    ]
    return {"weights": weights, "steps": steps}


def _objects(total: Survey) -> dict[str, Any]:
    """Return counts and distributions by type; final states by falling count, then by name."""
    states = sorted(total.final_states.items(), key=lambda item: (-item[1], item[0]))
    types = {
        letter: {
            "name": OBJECT_NAMES[letter],
            "read": total.seen[letter],
            "dropped": total.dropped[letter],
            "selected": total.kept[letter],
            "distributions": {
                which: {
                    name: {"counts": counts[:-1].tolist(), "outside": int(counts[-1])}
                    for name, counts in by_name.items()
                }
                for which, by_name in total.counts[letter].items()
            },
        }
        for letter in OBJECT_NAMES
        if letter in total.counts
    }
    edges = {name: EDGES[name].tolist() for name in QUANTITIES}
    told = {"schemas": total.schemas, "kinds": total.kinds, "generated": total.generated}
    return {**told, "units": {"pt": "GeV"}, "edges": edges, "types": types, "final_states": dict(states)}


def _join_skims(work: Surveying, pieces: Iterable[Piece], limit: int, run: Run) -> list[str]:
    """Write the parts of the skim one behind the other, in the order of the inputs, and return the files."""
    with SkimWriter(run.writing, limit) as skim:
        for piece in run.progress([piece for piece in pieces if piece.events], "piece", label="skim"):
            with Reader.of(str(work.skim(piece)), wish=work.p.wish) as reader:
                if not reader.source.entries:
                    continue  # all of its events were duplicates
                told = reader.source.schema
                chunk = reader.read(0, reader.source.entries, ids=True)
                skim.write(reader.source, chunk, kind=told.kind, weighted=told.weighted)
    return skim.names


def _summary(result: Result, found: _Found, skims: list[str], seconds: float) -> dict[str, Any]:
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    total = found.total
    events, accepted = total.cutflow.get("read", 0), sum(total.final_states.values())
    return {
        "files": len(result.files) - len(result.failed),
        "files_failed": len(result.failed),
        "pieces": len(result.pieces),
        "pieces_done_before": result.earlier,
        "events": events,
        "rejected": events - accepted,
        "final_states": len(total.final_states),
        "objects": total.kept,
        "dropped": {letter: number for letter, number in total.dropped.items() if number},
        "empty": accepted == 0,
        "cutflow": total.cutflow,
        "skims": skims,
        **result.effort(seconds),
        "peak_memory_mb": round(max(usage) / 1024, 1),
    }
