"""One file of clusters from end to end: read, respond, digitise, write; and what became of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kit
from kit import files
from kit.files import FormatError
from kit.run import Run
from kit.smartpixels.delays import DelayTable
from kit.smartpixels.digitisation import Codes, digitise, noise
from kit.smartpixels.engine import Engine
from kit.smartpixels.example import Example
from kit.smartpixels.options import AmplifierParameters, ClusterParameters, DigitisationParameters, TableParameters
from kit.smartpixels.outputs import output_names
from kit.smartpixels.printing import TextWriter
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.stream import stem_of
from kit.smartpixels.tally import Tally
from kit.smartpixels.voltages import Amplifier, Voltages

__all__ = ["EXAMPLE", "Outcome", "Production", "ProductionParameters", "about_run"]

MOST_TOLD = 20  # clusters left out, of each file
EXAMPLE = "example.npz"  # a cluster before and after, for the figures


class ProductionParameters(TableParameters, DigitisationParameters, AmplifierParameters, ClusterParameters):
    """All that decides what is made of a file."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    record: dict[str, Any]
    tally: Tally


@dataclass(frozen=True)
class Production:
    """What all files of a run have in common.

    Attributes
    ----------
    p : ProductionParameters
        The parameters.
    run : Run
        Where results go.
    amplifier, engine, delays : Amplifier, Engine, DelayTable or None
        What turns charge into voltage and voltage into codes.
    about : dict
        What is known about the run, for the tables: parameters, checksum of the pulses, …
    shown : str
        Stem of the file of which a cluster is kept for the figures.
    """

    p: ProductionParameters
    run: Run
    amplifier: Amplifier
    engine: Engine
    delays: DelayTable | None
    about: dict[str, Any]
    shown: str

    def convolve_file(self, path: str) -> Outcome:
        """Make the outputs of one file, unless an earlier attempt has; each appears whole or not at all.

        Raises
        ------
        FormatError
            With file, line, cluster and slice, if the file or a cluster of it cannot be used.
        OSError
            If it cannot be read, or a result cannot be written.
        """
        stem = stem_of(path)
        names = output_names(stem, self.p)
        kept = self._kept(stem, path)
        written_here = names | ({"example": EXAMPLE} if stem == self.shown else {})
        if kept and self._all_there(written_here.values()):
            return kept
        started, cpu = time.perf_counter(), time.thread_time()
        tally = Tally.empty(self.amplifier, len(self.p.sample_times), len(self.p.levels))
        with (
            contextlib.ExitStack() as outputs,
            ClusterFile(path, self.p, self.p.kernel_step, self.engine) as source,
        ):
            parts = {kind: outputs.enter_context(self.run.writing(name)) for kind, name in written_here.items()}
            written, rows = self._write_all(source, parts, stem, tally)
            if not written:
                if 0 < source.count <= self.p.first:
                    message = f"{source.name}: has {source.count} clusters from 0 on, first is {self.p.first}"
                    raise FormatError(message)
                reasons = "; ".join(dropped.reason for dropped in source.dropped[:3])
                message = f"{source.name}: has no cluster that can be written" + (
                    f": {reasons}" if reasons else ""
                )
                raise FormatError(message)
        record = {
            "file": source.name,
            "path": path,
            "sha256": source.stream.checksum,
            "array": [source.layout.rows, source.layout.columns, source.layout.slices],
            "step": source.layout.step,
            "clusters": source.count,
            "written": written,
            "table_rows": rows,
            "dropped": [vars(dropped) for dropped in source.dropped],
            "damage": source.damage,
            "notes": [*source.notes, *_left_out(source)],
            "outputs": list(names.values()),
            "seconds": round(time.perf_counter() - started, 3),
            "cpu_seconds": round(time.thread_time() - cpu, 3),
        }
        self._keep(stem, record, tally)
        return Outcome(record, tally)

    def _write_all(self, source: ClusterFile, parts: dict[str, Path], stem: str, tally: Tally) -> tuple[int, int]:
        """Write all clusters of an open file and return how many there were, and how many are in the tables."""
        p, amplifier = self.p, self.amplifier.separate()
        tables = {kind: path for kind, path in parts.items() if kind not in ("text", "example")}
        with contextlib.ExitStack() as writers:
            text = writers.enter_context(_text_writer(parts["text"], source, p)) if "text" in parts else None
            table_set = None
            if tables:
                from kit.smartpixels.table_set import TableSet  # and pyarrow, which most jobs need not load

                table_set = TableSet(
                    tables, p, source.layout, source.geometry, amplifier.steps, p,
                    {**self.about, **_origin(source)},
                )  # fmt: skip
                for table in table_set.tables.values():
                    writers.enter_context(table)
            for block in source.blocks():
                if "example" in parts and not tally.clusters:
                    Example.of(block, source.geometry, amplifier, p).write(parts["example"])
                voltages = amplifier.respond(block, self.engine)
                if text:
                    text.write(voltages, self.engine)
                codes = self._codes(voltages, stem) if "adc" in tables else None
                if codes:
                    tally.add_codes(codes.codes, p.levels)
                if table_set:
                    table_set.append(voltages, codes)
                tally.add(voltages, source.geometry.thickness)
            source.stream.finish()
            if table_set and files.is_remote(source.stream.path):
                table_set.describe({"clusters_checksum": source.stream.checksum})
        rows = table_set.rows if table_set else 0
        if table_set and tally.clusters and not rows:
            source.notes.append(_empty_tables(source, tally.clusters, p))
        if table_set and table_set.endless:
            source.notes.append(
                f"{source.name}: {table_set.endless} of {rows} clusters in tables have n_z of 0: their slopes and "
                "midplane points are inf or nan"
            )
        return tally.clusters, rows

    def _codes(self, voltages: Voltages, stem: str) -> Codes:
        """Return the codes of a block; noise depends on the file's name and the cluster's number alone."""
        p, block = self.p, voltages.block
        step = p.output_step * 1e-3
        full = block.dense(voltages.rounded if p.adc_input == "rounded" else voltages.values)
        if p.noise:
            for place, number in enumerate(block.numbers.tolist()):
                full[place] += noise(full.shape[1], step, full.shape[2], p, stem, number)
        return digitise(full, step, p, self.delays)

    def _all_there(self, names: Iterable[str]) -> bool:
        return False not in [self.run.has(name) for name in names]  # each is asked, and so taken over

    def _keep(self, stem: str, record: dict[str, Any], tally: Tally) -> None:
        """Remember what became of a file, for an attempt that goes on from here."""
        with files.whole(self.run.work / f"{stem}.npz") as part:
            tally.write(part)
        files.write_json(self.run.work / f"{stem}.json", record)

    def _kept(self, stem: str, path: str) -> Outcome | None:
        known = self.run.work / f"{stem}.json"
        if not known.is_file():
            return None
        record = json.loads(known.read_text(encoding="utf-8"))
        return Outcome(record, Tally.read(known.with_suffix(".npz"))) if record["path"] == path else None


def _origin(source: ClusterFile) -> dict[str, str]:
    """Return name and checksum of a file; one from afar, read but once, has its checksum at the end only.

    What is added to a table at its end stands in the file's metadata, but not in those of its schema, which pandas
    and pyarrow show.
    """
    path = source.stream.path
    known = {} if files.is_remote(path) else {"clusters_checksum": f"sha256:{files.sha256(Path(path))}"}
    return {"clusters": source.name, **known}


def _empty_tables(source: ClusterFile, clusters: int, p: ProductionParameters) -> str:
    """Return a note on tables without a row."""
    sign, thickness = "!=" if p.select == "flipped" else "==", source.geometry.thickness
    return (
        f"{source.name}: 0 of {clusters} clusters pass select: {p.select} (z-entry {sign} thickness, "
        f"{thickness:g} um); its tables are empty, select: all takes every cluster"
    )


def _left_out(source: ClusterFile) -> list[str]:
    """Return notes on the clusters that were left out."""
    dropped = source.dropped
    notes = [f"{source.name}:{one.line}: left out: {one.reason}" for one in dropped[:MOST_TOLD]]
    more = len(dropped) - MOST_TOLD
    return [*notes, *[f"{source.name}: {more} more were left out, listed in files.json"] * (more > 0)]


def _text_writer(path: Path, source: ClusterFile, p: ProductionParameters) -> TextWriter:
    return TextWriter(
        path, source.header, p.output_steps, p.output_step, compression=p.compression, lenient=p.compat
    )


def about_run(p: ProductionParameters, pulses: str) -> dict[str, Any]:
    """Return what every table of a run says about itself."""
    return {
        "kit": kit.__version__,
        "stage": "smartpixels/convolution",
        "parameters": p.compared(),
        "pulses": pulses,
        "thresholds": p.thresholds,
        "seed": p.seed,
        "units": {"voltage": "mV", "charge": "e-", "position": "um", "time": "ns"},
    }
