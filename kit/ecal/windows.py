"""The stage `windows`: dumper files in, labelled training windows out, one parquet file for each.

A window is a box in η–φ around a cluster with enough ET, with all clusters inside; its labels say which of them
belong to the particle that the seed belongs to. Files are independent of each other: what is bad in one loses
nothing of the others, and a run that was stopped goes on with the file where it was.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import kit
from kit import files
from kit.ecal import ndjson, working_points
from kit.ecal.branches import OPPOSITE_ASSOCIATIONS
from kit.ecal.building import DIFFERING, LabelName, Rules, Windows, build
from kit.ecal.dumper import DumperFile
from kit.ecal.engine import engine
from kit.ecal.events import Events
from kit.ecal.features import Features, read_features
from kit.ecal.ledger import work_off
from kit.ecal.sample import Piece, SampleParameters, ranges, share
from kit.ecal.scrutiny import scrutinise
from kit.ecal.tables import Precision, TableWriter, schema, to_table
from kit.ecal.tally import Tally
from kit.ecal.window_quantities import INSC
from kit.parameters import parameter
from kit.run import Run

__all__ = ["WindowParameters", "make_windows"]

META = (
    *("run_id", "lumi_id", "event_id", "n_windows_matched", "n_windows_nomatched"),
    *("n_seeds_good", "n_seeds_bad_calo_position", "n_seeds_in_other_window"),
)


class WindowParameters(SampleParameters):
    """Which windows are made, how their clusters are labelled, and in which form they are written."""

    working_point: str = parameter(
        "demo", "least score of a true cluster: demo, a JSON file, or a public table's name"
    )
    overlapping: bool = parameter(False, "seeds inside earlier windows open one, too")
    et_seed_min: float = parameter(1.0, "least calibrated ET of a seed", unit="GeV", ge=0)
    unmatched: int | Literal["all"] = parameter(0, "windows of no particle kept beyond the matched ones, or all")
    labels: LabelName = parameter("fixed", "labels as they are meant, or as the public original has them")
    both_labels: bool = parameter(False, "also write the labels of the other definition")
    gen_position: bool = parameter(False, "the seed of a matched window must be near its generated particle")
    flavour: Literal[11, 22, 1] = parameter(11, "PDG id written to every window, 1 for jets")
    formats: list[Literal["parquet", "ndjson"]] = parameter(["parquet"], "what is written", min_length=1)
    precision: Precision = parameter("float64", "of numbers in parquet; float32 is a quarter smaller")
    nan_fill: float | None = parameter(-999.0, "what stands for NaN in parquet; null keeps it")
    row_group: int = parameter(1000, "read at once from parquet", unit="windows", ge=100, le=10_000)
    seed: int = parameter(1, "of the draw of unmatched windows", ge=0)

    def named_inputs(self) -> list[str]:
        """Return the files that are read."""
        return [*self.inputs, *working_points.named(self.working_point)]

    def examine(self) -> None:
        """Raise if the table of working points cannot be used."""
        working_points.read(working_points.find(self.working_point))

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        yield from super().contradictions()
        if self.unmatched != "all" and self.unmatched < 0:
            yield f"unmatched is {self.unmatched}, below 0"
        if len(set(self.formats)) < len(self.formats):
            yield f"formats names one twice: {', '.join(self.formats)}"

    def _takes_opposite(self) -> bool:
        return self.labels == "deepsc"

    @property
    def other_labels(self) -> str:
        """The second definition that is written, too; empty for none."""
        return {"fixed": "deepsc", "deepsc": "fixed"}[self.labels] if self.both_labels else ""


def make_windows(p: WindowParameters, run: Run) -> dict[str, Any]:
    """Write the windows of this job's share of the files, and return the summary.

    Raises
    ------
    RunError
        If more files fail than `max_failed_fraction` allows; what was done is kept for the next attempt in the
        same directory.
    FormatError
        If a file is named twice, or the working point cannot be used.
    """
    begin = time.monotonic()
    path = working_points.find(p.working_point)
    table = working_points.read(path)
    if path != working_points.SHIPPED:
        run.read(str(path))
    if p.association in OPPOSITE_ASSOCIATIONS:
        run.notice(f"of {p.association} the largest value is taken, as in the original: that is not the best one")
    pieces = share(p)
    records = work_off(p, run, pieces, functools.partial(_Maker(p, table), run.directory))
    total = Tally()
    for record in records:
        run.read(record["path"])
        total = total + Tally(**record["tally"])
    _say(p, run, pieces, total)
    return {
        "files": len(records),
        "files_failed": len(pieces) - len(records),
        **asdict(total),
        "working_point": f"{table.name} sha256:{table.sha256[:12]}",
        "labels": p.labels,
        "mb": round(sum(record["bytes"] for record in records) / 1e6, 3),
        "seconds": round(time.monotonic() - begin, 3),
        "events_per_second": round(total.events / max(time.monotonic() - begin, 1e-6), 1),
    }


def _say(p: WindowParameters, run: Run, pieces: list[Piece], total: Tally) -> None:
    """Say aloud what a user should not overlook."""
    if not pieces:
        run.notice(f"job {p.job} of {p.jobs} has nothing to do: there are fewer files than jobs")
    elif not total.windows:
        run.notice(f"not one window was kept, of {total.seeds} seeds in {total.events} events")
    if total.events_bad:
        run.notice(f"{total.events_bad} events were left out, listed in the manifest")
    if total.nan_scores:
        run.notice(f"{total.nan_scores} scores are no numbers: they count as no association")
    if total.undefined:
        run.notice(
            f"in {total.undefined} events the original's labels are not defined: diffcalo begins as false there"
        )


class _Maker:
    """Makes the outputs of one file; can be sent to another process."""

    def __init__(self, p: WindowParameters, table: working_points.WorkingPoint) -> None:
        self.p = p
        names = Rules.__dataclass_fields__.keys() - {"working_point"}
        self.rules = Rules(table, **{name: getattr(p, name) for name in names})

    def __call__(self, directory: Path, piece: Piece) -> dict[str, Any]:
        """Write the windows of a file and return its record."""
        p, started, bad, total = self.p, time.perf_counter(), list[str](), Tally()
        with (
            DumperFile(piece.path, p.association, pileup=p.pileup) as source,
            _Outputs(p, directory, piece.name, self._about(piece, source)) as outputs,
        ):
            spans = ranges(p, source.identity.entries)
            loops = engine(spans[-1][1] - spans[0][0])
            for first, last in spans:
                found = scrutinise(source.read(first, last), skip_bad=p.skip_bad)
                windows = build(found.events, self.rules, loops)
                outputs.write(found.events, windows)
                bad += found.bad
                total = total + Tally.of(windows, len(found.events), len(found.bad), found.nan_scores)
            identity = asdict(source.identity)
        sizes = [(directory / name).stat().st_size for name in outputs.names]
        return {
            **identity,
            "bad": bad,
            "tally": asdict(total),
            "outputs": outputs.names,
            "bytes": sum(sizes),
            "seconds": round(time.perf_counter() - started, 3),
        }

    def _about(self, piece: Piece, source: DumperFile) -> dict[str, Any]:
        """Return what each file says of where it comes from."""
        p, table = self.p, self.rules.working_point
        return {
            "kit": kit.__version__,
            "parameters": p.compared(),
            "working_point": {"name": table.name, "sha256": table.sha256},
            "labels": p.labels,
            "flavour": p.flavour,
            "input": {"number": piece.number, "path": piece.path, **asdict(source.identity)},
        }


def layout_of(p: WindowParameters) -> Features:
    """Return groups and fields of the windows' parquet files."""
    features = read_features()
    return features.with_other_labels(DIFFERING, INSC, p.other_labels) if p.other_labels else features


class _Outputs:
    """The files that the windows of one input go to; they appear under their names together, when it is done."""

    def __init__(self, p: WindowParameters, directory: Path, name: str, about: dict[str, Any]) -> None:
        self.p, self.features = p, layout_of(p)
        self.about = about
        endings = {"parquet": "parquet", "ndjson": "ndjson.gz"}
        self.paths: dict[str, Path] = {kind: directory / f"windows_{name}.{endings[kind]}" for kind in p.formats}
        self.paths["meta"] = directory / f"windows_{name}.meta.csv"
        self.names = [path.name for path in self.paths.values()]

    def __enter__(self) -> _Outputs:
        with contextlib.ExitStack() as stack:
            parts = {kind: stack.enter_context(files.whole(path)) for kind, path in self.paths.items()}
            if "parquet" in parts:
                layout = schema(self.features, self.p.precision, self.about)
                self._table = stack.enter_context(TableWriter(parts["parquet"], layout, self.p.row_group))
            if "ndjson" in parts:
                self._text = stack.enter_context(ndjson.writing(parts["ndjson"]))
            self._meta = stack.enter_context(parts["meta"].open("w", encoding="utf-8"))
            self._meta.write(";".join(META) + "\n")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *fault: Any) -> None:
        self._stack.__exit__(*fault)

    def write(self, events: Events, windows: Windows) -> None:
        """Write the windows of a chunk."""
        p = self.p
        if "parquet" in self.paths:
            made = to_table(windows, self.features, p.precision, flavour=p.flavour, nan_fill=p.nan_fill)
            self._table.write(made)
        if "ndjson" in self.paths:
            self._text.writelines(ndjson.lines(windows, more=p.labels == "fixed" or p.both_labels))
        counts = windows.counts
        good = counts["matched"] if p.gen_position else counts["matched"] - counts["strays"]
        numbers = [events.event[name] for name in ("runId", "lumiId", "eventId")]
        numbers += [counts["matched"], counts["unmatched"], good, counts["strays"], counts["blocked"]]
        rows = zip(*(column.tolist() for column in numbers), strict=True)
        self._meta.writelines(";".join(map(str, row)) + "\n" for row in rows)
