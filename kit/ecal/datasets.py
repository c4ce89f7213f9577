"""The stage `datasets`: the windows of all jobs in, one dataset out, for training and validation.

What does not belong together is refused, what is missing is told. Windows are read twice: once for the few numbers
that decide what is kept and where it goes, once to be written.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

import kit
from kit import files
from kit.ecal import selection
from kit.ecal.access import Part, WindowFile
from kit.ecal.collecting import collect, refuse_differences, refuse_gaps
from kit.ecal.dataset_index import Index, flavoured, read_index
from kit.ecal.dataset_inputs import Input, common_features, open_inputs, refuse_vectors
from kit.ecal.demo_windows import with_demo_windows
from kit.ecal.events import FloatArray
from kit.ecal.features import Features, read_features
from kit.ecal.normalisation import Normalisation
from kit.ecal.parts import Form, SplitWriter, describe, type_text
from kit.ecal.shuffling import Shuffler
from kit.ecal.tables import Precision
from kit.ecal.weights import Weights, balance
from kit.parameters import Parameters, parameter
from kit.run import Run

__all__ = ["LOADER_CHUNK", "NORMALIZATION", "WEIGHTS", "DatasetParameters", "make_datasets"]

NORMALIZATION, WEIGHTS = "normalization_factors.json", "total_reweighting.json"
TAKEN = {"plots", "tfrecord", "read", "by_flavour"}  # folders of the run, counts of its summary: no parts
LOADER_CHUNK = 5120  # windows; the public loader reads so many of a file at once, and drops the rest


class DatasetParameters(Parameters):
    """Which windows are put together, how they are divided, and in which form they are written."""

    inputs: list[str] = parameter(
        ["demo"],
        "runs of windows or whole batch runs of it, parquet, text; demo stands for made ones",
        min_length=1,
    )
    flavours: dict[str, int] = parameter({}, "PDG id of an input, by its name here; else what the files say")
    mixed: bool = parameter(False, "working points may differ by flavour")
    expected_jobs: int | None = parameter(None, "jobs that must be there; none takes what the inputs tell", ge=1)
    accept_partial: bool = parameter(False, "only list missing jobs and files instead of refusing")
    formats: list[Literal["parquet", "tfrecord"]] = parameter(["parquet"], "what is written", min_length=1)
    features: str = parameter("", "YAML file of groups and vectors; empty takes the shipped one")
    select: dict[str, bool | list[float]] = parameter(
        {}, "kept windows: matched, calo_seed; ranges of et, eta, ncls"
    )
    split: dict[str, float] = parameter({"train": 1.0}, "parts, and the share of events in each")
    shuffle: bool = parameter(False, "windows of each part in random order")
    windows_per_file: int = parameter(51200, "windows in a file", unit="windows", ge=5120)
    row_group: int = parameter(1000, "read at once from parquet", unit="windows", ge=100, le=10_000)
    precision: Precision = parameter("float64", "of numbers in parquet; float32 is a quarter smaller")
    nan_fill: float | None = parameter(-999.0, "what stands for NaN in parquet; null keeps it")
    normalization: bool = parameter(True, "also write mean, width and range of the features")
    weights: bool = parameter(False, "also write weights, flat in flavour, ET and η")
    weight_max: float = parameter(20.0, "largest weight of the flattening", gt=0)
    seed: int = parameter(1, "of the shuffle and of the split", ge=0)

    def named_inputs(self) -> list[str]:
        """Return the runs and files that are read."""
        return [*self.inputs, *filter(None, (self.features,))]

    def examine(self) -> None:
        """Raise if the layout cannot be used."""
        self.layout()

    def layout(self) -> Features:
        """Return groups and vectors of the dataset."""
        return read_features(files.resolve(self.features)) if self.features else read_features()

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        total = sum(self.split.values())
        if not self.split or abs(total - 1) > 1e-9 or any(share < 0 for share in self.split.values()):
            yield f"split adds up to {total:g}, should be 1, of shares that are not negative"
        if strange := [name for name in self.split if not name.isidentifier()]:
            yield f"split: {', '.join(strange)} should be a plain word, it names a folder"
        if taken := [name for name in self.split if name in TAKEN or name.startswith("_")]:
            yield f"split: {', '.join(taken)} is used by the run or hidden from readers, should be another"
        yield from selection.faults(self.select)
        if unknown := [name for name in self.flavours if name not in self.inputs]:
            yield f"flavours: {', '.join(unknown)} is not among inputs"


def make_datasets(p: DatasetParameters, run: Run) -> dict[str, Any]:
    """Write the parts of the dataset, normalisation, weights, and return the summary.

    Raises
    ------
    RunError
        If jobs or files are missing and `accept_partial` is false, or if some are there twice.
    FormatError
        If inputs do not belong together, hold the same events, or are no windows.
    """
    begin = time.monotonic()
    collected = collect(with_demo_windows(p.inputs))
    missing = refuse_gaps(collected, p.expected_jobs, accept_partial=p.accept_partial)
    refuse_differences(collected.sources, mixed=p.mixed)
    features = p.layout()
    flavours = dict(zip(with_demo_windows(p.flavours), p.flavours.values(), strict=False))
    inputs = list(open_inputs(collected.sources, run, features, flavours))
    features = common_features(inputs, features)
    if "tfrecord" in p.formats:
        refuse_vectors(inputs, features)
    index = read_index(inputs, run, p.select, list(p.split.values()), p.seed)
    weights = balance(*index.training(), p.weight_max) if p.weights and index.kept.any() else None
    normalisation = Normalisation(
        [name for name in features.groups["cl_features"] if features.type_of(name) != "string"],
        features.groups["window_features"],
        inputs[0].absent,
    )
    rows = _write(p, run, inputs, index, features, weights, normalisation)
    _write_beside(p, run, rows, weights, normalisation)
    for text in missing:
        run.notice(f"missing: {text}")
    if not index.kept.any():
        run.notice(f"no window was kept, of {len(index.kept)}")
    return _summary(index, rows, weights, missing, time.monotonic() - begin)


def _write(
    p: DatasetParameters,
    run: Run,
    inputs: list[Input],
    index: Index,
    features: Features,
    weights: Weights | None,
    normalisation: Normalisation,
) -> dict[str, list[int]]:
    """Write all parts, and return the windows of each file of each part."""
    form = Form(
        features,
        p.precision,
        p.nan_fill,
        inputs[0].absent,
        p.windows_per_file,
        p.row_group,
        "parquet" in p.formats,
        "tfrecord" in p.formats,
        {"kit": kit.__version__, "parameters": p.compared(), "inputs": [given.source.origin for given in inputs]},
    )
    first = 0
    with contextlib.ExitStack() as stack:
        writers: dict[str, Any] = {s: stack.enter_context(SplitWriter(run, s, form)) for s in p.split}
        targets = writers
        if p.shuffle:
            counts = np.bincount(index.share[index.kept], minlength=len(p.split)).tolist()
            targets = {
                name: stack.enter_context(Shuffler(run.work, writer, form, number, counts[number], p.seed))
                for number, (name, writer) in enumerate(writers.items())
            }
        for given in run.progress(inputs, "file", label="write"):
            with WindowFile(given.path) as file:
                for group, rows in enumerate(file.rows):
                    part = flavoured(file.read(group, calos=True, hits=True), given.flavour)
                    for number, target in enumerate(targets.values()):
                        own = slice(first, first + rows)
                        chosen = np.flatnonzero(index.kept[own] & (index.share[own] == number))
                        taken = part.take(chosen)
                        if number == 0 and p.normalization:
                            normalisation.add(taken.cluster, taken.window, given.source.path)
                        target.write(taken, _weight(weights, taken))
                    first += rows
    return {name: writer.rows for name, writer in writers.items()}


def _weight(weights: Weights | None, part: Part) -> FloatArray:
    if weights is None:
        return np.ones(len(part))
    names = ("et_seed", "seed_eta", "ncls")
    return weights.of(part.window["flavour"].astype(np.int64), *(part.window[name] for name in names))


def _write_beside(
    p: DatasetParameters,
    run: Run,
    rows: dict[str, list[int]],
    weights: Weights | None,
    normalisation: Normalisation,
) -> None:
    """Write what describes the dataset."""
    if "parquet" in p.formats:
        for split, files_of in rows.items():
            describe(run, split, len(files_of))
        with run.writing("dataset_metadata.txt") as part:
            part.write_text(
                type_text(run.directory / next(iter(rows)) / "part-0.parquet") + "\n", encoding="utf-8"
            )
    if p.normalization:
        with run.writing(NORMALIZATION) as part:
            files.write_json(part, normalisation.told())
    if weights is not None:
        with run.writing(WEIGHTS) as part:
            files.write_json(part, weights.as_corrections())
        if weights.clipped:
            run.notice(f"{weights.clipped} windows have a weight cut at {p.weight_max:g}")


def _summary(
    index: Index,
    rows: dict[str, list[int]],
    weights: Weights | None,
    missing: list[str],
    seconds: float,
) -> dict[str, Any]:
    flavours = index.columns["flavour"][index.kept].astype(np.int64)
    known, counts = np.unique(flavours, return_counts=True)
    return {
        "windows_read": len(index.kept),
        "windows": int(index.kept.sum()),
        **{f"windows_{split}": sum(numbers) for split, numbers in rows.items()},
        "files_written": sum(len(numbers) for numbers in rows.values()),
        "windows_by_flavour": {str(pdg): int(number) for pdg, number in zip(known, counts, strict=True)},
        "matched": int(index.columns["is_seed_calo_matched"][index.kept].sum()),
        "calo_seeds": int(index.columns["is_seed_calo_seed"][index.kept].sum()),
        "dropped_by_loaders_of_5120": sum(
            number % LOADER_CHUNK for numbers in rows.values() for number in numbers
        ),
        "weights_clipped": weights.clipped if weights else None,
        "missing": missing,
        "seconds": round(seconds, 3),
    }
