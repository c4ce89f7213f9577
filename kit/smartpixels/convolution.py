"""From the charge that PixelAV simulates to the voltage at the amplifiers' output, file by file.

The numerics are by default those of the public original, guptaharshul24/Smartpixels-Dataset-Convolution, to the
printed digit; what is right where it is not, is an option.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from kit import files
from kit.files import FormatError
from kit.parameters import parameter
from kit.run import Run
from kit.smartpixels import delivery, demo
from kit.smartpixels.amplifier import measured_templates, model_template
from kit.smartpixels.delays import read_delays
from kit.smartpixels.engine import engine_for
from kit.smartpixels.options import is_multiple
from kit.smartpixels.outputs import output_names
from kit.smartpixels.production import Outcome, Production, ProductionParameters, about_run
from kit.smartpixels.pulses import PulseTable, read_pulses
from kit.smartpixels.stream import file_name, stem_of
from kit.smartpixels.tally import Tally
from kit.smartpixels.voltages import Amplifier

__all__ = ["DISTRIBUTIONS", "ConvolutionParameters", "convolve"]

DISTRIBUTIONS = "distributions.npz"  # what the figures show of all clusters
GZIP_RATIO = 30  # of text in the format of PixelAV


class ConvolutionParameters(ProductionParameters):
    """Parameters of `convolve`."""

    effort: ClassVar[frozenset[str]] = frozenset({"workers", "copy_to"})

    copy_to: str = parameter("", "folder or root:// address to which results are copied, each file whole or not")
    workers: int = parameter(1, "files worked on side by side", ge=1, le=64)

    def named_inputs(self) -> list[str]:
        """Return the files that are read."""
        pulses = [self.pulses] if self.response == "measured" else []
        return [*self.clusters, *pulses, *[self.delay_table] * bool(self.delay_table)]

    @model_validator(mode="after")
    def _values_fit_together(self) -> Self:
        faults = [
            *self.cluster_faults(),
            *self.amplifier_faults(),
            *self.digitisation_faults(),
            *self.table_faults(),
        ]
        step, window = self.output_step, self.window
        faults += [
            f"sample_times has {time} ns, not on the output's grid of {step} ps up to {window} ns"
            for time in self.sample_times
            if not 0 <= time <= window or not is_multiple(time, step)
        ]
        if self.delay_table and window < self.delay_window:
            faults.append(f"window is {window} ns, below delay_window, {self.delay_window} ns")
        if not is_multiple(self.delay_shift, step):
            faults.append(f"delay_shift is {self.delay_shift} ns, not a multiple of output_step, {step} ps")
        faults += [
            f"compat takes the original's numbers, which {name} changes: set one of the two"
            for name, used in (("t0_fix", self.t0_fix), ("resample", self.resample != "refuse"))
            if used and self.compat
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def convolve(p: ConvolutionParameters, run: Run) -> dict[str, Any]:
    """Make the outputs of all files, and return the numbers that the run is judged by.

    Raises
    ------
    FormatError
        Naming every file that cannot be used, with line, cluster and slice; the others are written.
    OSError
        If a file cannot be read, or a result cannot be written.
    """
    if p.copy_to:
        delivery.refuse_unreachable(p.copy_to)
    paths = _inputs(p)
    production = _prepare(p, run, paths)
    outcomes: list[Outcome] = []
    faults: list[str] = []
    for path, result in run.progress(_side_by_side(production, paths, p.workers, p.copy_to), "file", len(paths)):
        if isinstance(result, Exception):
            faults.append(str(result))
            continue
        run.read(path, result.record["sha256"])
        for note in result.record["notes"]:
            run.notice(note)
        outcomes.append(result)
    if faults:
        head = f"{len(faults)} of {len(paths)} files cannot be used:\n  " if len(paths) > 1 else ""
        raise FormatError(head + "\n  ".join(sorted(faults)))
    outcomes.sort(key=lambda outcome: paths.index(outcome.record["path"]))
    return _conclude(production, outcomes)


def _inputs(p: ConvolutionParameters) -> list[str]:
    """Return the files, none of which writes the outputs of another."""
    paths = files.locate(demo.clusters() if name == "demo" else name for name in p.clusters)
    for path in paths:
        if Path(path).is_dir():
            message = f"{path}: is a folder, should be a cluster file; {path}/*.out* takes those in it"
            raise FormatError(message)
    writers: dict[str, str] = {}
    for path in paths:
        for name in output_names(stem_of(path), p).values():
            if name in writers:
                message = f"{writers[name]} and {path} would both become {name}; give one of them to another run"
                raise FormatError(message)
            writers[name] = path
    return paths


def _prepare(p: ConvolutionParameters, run: Run, paths: list[str]) -> Production:
    """Return what all files have in common."""
    about = ""
    if p.response == "measured":
        path = files.locate([demo.pulses() if p.pulses == "demo" else p.pulses])[0]
        table = read_pulses(path, p, compat=p.compat)
        for note in table.notes:
            run.notice(note)
        about = f"{file_name(path)} sha256:{table.sha256}"
        run.read(path, f"sha256:{table.sha256}")
        _write_pulses(run, table)
        templates = measured_templates(table, p)
    else:
        templates = model_template(p)
    delays = None
    if p.delay_table:
        path = run.read(files.locate([p.delay_table])[0])
        delays = read_delays(path)
    text = sum((files.size(path) or 0) * (GZIP_RATIO if path.endswith("gz") else 1) for path in paths)
    amplifier = Amplifier(templates, p, resample=p.resample == "linear")
    return Production(p, run, amplifier, engine_for(text), delays, about_run(p, about), stem_of(paths[0]))


def _write_pulses(run: Run, table: PulseTable) -> None:
    """Keep what was understood of the pulse responses."""
    with run.writing("pulses.csv") as part, part.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(["column", "charge (e-)", "samples", "first (ns)", "last (ns)", "plateau (uV/e-)"])
        for column, charge, samples, first, last, plateau in table.rows():
            lines.writerow([column, f"{charge:g}", samples, f"{first:.6f}", f"{last:.6f}", f"{plateau:.4f}"])


def _side_by_side(
    production: Production, paths: list[str], workers: int, copy_to: str
) -> Iterator[tuple[str, Outcome | FormatError | OSError]]:
    """Yield each file with what became of it, in order of completion.

    Threads do: decompression and the compiled loops leave the interpreter to each other.
    """

    def work(path: str) -> Outcome | FormatError | OSError:
        try:
            outcome = production.convolve_file(path)
            _copy(production.run, outcome, copy_to)
            return outcome
        except (FormatError, OSError) as fault:
            return fault

    if workers == 1 or len(paths) == 1:
        yield from ((path, work(path)) for path in paths)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(work, path): path for path in paths}
        try:
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _copy(run: Run, outcome: Outcome, folder: str) -> None:
    """Copy what was made of a file to where the user wants it."""
    for name in outcome.record["outputs"] if folder else []:
        delivery.deliver(run.directory / name, folder, name)


def _conclude(production: Production, outcomes: list[Outcome]) -> dict[str, Any]:
    """Write what is known of all files together, and return the summary."""
    p, run = production.p, production.run
    empty = Tally.empty(production.amplifier, len(p.sample_times), len(p.levels))
    tally = sum((outcome.tally for outcome in outcomes), empty)
    with run.writing(DISTRIBUTIONS) as part:
        tally.write(part)
    records = [outcome.record for outcome in outcomes]
    with run.writing("files.json") as part:
        files.write_json(part, records)
    dropped = sum(len(record["dropped"]) for record in records)
    cpu = sum(record["cpu_seconds"] for record in records)
    used = {
        f"{charge:g}": int(count)
        for charge, count in zip(production.amplifier.templates.charges, tally.templates, strict=True)
        if count and p.response == "measured"
    }
    other = "final" if p.template_by == "peak" else "peak"
    summary: dict[str, Any] = {
        "files": len(records),
        "clusters": tally.clusters,
        "clusters_dropped": dropped,
        **(
            {"clusters_in_tables": sum(record["table_rows"] for record in records)}
            if {*p.formats} - {"text"}
            else {}
        ),
        "array": sorted({"x".join(map(str, record["array"])) for record in records}),
        "clusters_per_second": round(tally.clusters / max(sum(record["seconds"] for record in records), 1e-3), 1),
        "cpu_per_cluster_(ms)": round(1e3 * cpu / tally.clusters, 4),
        "loops": production.engine.name,
        "pixels_per_cluster": round(tally.pixels / tally.clusters, 2),
        "pixels_by_template_(e-)": used,
        "largest_voltage_(mV)": tally.largest,
        "mean_voltage_in_last_slice_(mV)": tally.total / max(tally.pixels, 1),
        "charge_in_first_slice_(e-_per_cluster)": tally.first_charge / tally.clusters,
        f"other_template_by_{other}_(share_of_pixels)": tally.other_template / max(tally.pixels, 1),
    }
    if "adc" in p.formats:
        for time, counts in zip(p.sample_times, tally.occupancy.tolist(), strict=True):
            summary[f"codes_at_{time:g}_ns"] = dict(zip(map(str, p.levels), counts, strict=True))
    if warnings := _warnings(records):
        summary["warning"] = "; ".join(warnings)
        run.notice(summary["warning"])
    return summary


def _warnings(records: list[dict[str, Any]]) -> list[str]:
    """Return what `keep_good` has passed over."""
    dropped = {record["file"]: len(record["dropped"]) for record in records if record["dropped"]}
    damaged = [record["file"] for record in records if record["damage"]]
    warnings = []
    if count := sum(dropped.values()):
        words = "1 damaged cluster was" if count == 1 else f"{count} damaged clusters were"
        numbers = ", ".join(f"{file}: {number}" for file, number in dropped.items())
        warnings.append(f"{words} left out, listed in files.json ({numbers})")
    if damaged:
        warnings.append(f"damaged, though no cluster of it is known to be: {', '.join(damaged)}")
    return warnings
