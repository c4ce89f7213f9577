"""From the spectra of all jobs to the histograms that BumpNet reads.

The results of the masses stage are added, each piece once; final states with too few events over
all inputs together are left out; each spectrum is cut at its peak and split at its first gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import model_validator

from kit.files import shown, write_json
from kit.opendata.bumpnet import MINIMUM_BINS, MINIMUM_EVENTS, STRICT_BINS, Histogram, write_histograms
from kit.opendata.gathering import Gathered, gather, pooled_masses
from kit.opendata.merging import Merged, merge_masses
from kit.opendata.signatures import (
    Pair,
    Rules,
    Signature,
    from_counts,
    from_masses,
    joined_bins,
    kept_states,
    named_pairs,
)
from kit.parameters import ParameterError, Parameters, parameter
from kit.run import Run

REPORT = "bumpnet.json"
SEVERAL = 5  # so many names are told, the others counted
MUCH = 0.9  # a cut that removes more than this share of a final state's masses is warned of


class HistogramParameters(Parameters):
    """What is merged, which final states are kept, how spectra are divided and written."""

    inputs: list[str] = parameter(
        ["demo"],
        "runs of masses or whole batch runs of it; demo stands for one on generated events",
        min_length=1,
    )
    expected_jobs: int | None = parameter(None, "jobs that must be there; none takes what the inputs tell", ge=1)
    compare: list[str] = parameter(
        [], "runs of masses of simulation, which pictures show as a stack below the data"
    )
    accept_partial: bool = parameter(False, "only list missing jobs and pieces instead of refusing")
    min_events: int = parameter(100, "fewest events of a final state, over all inputs together", ge=1)
    peak_cut: bool = parameter(True, "cut everything left of the highest bin")
    exclude_outliers: bool = parameter(True, "keep what lies behind the first gap out of the main histogram")
    grid: Literal["aligned", "linspace", "linspace_per_file"] = parameter(
        "aligned", "bins from 0 GeV, or as the original drew them, which needs mass arrays"
    )
    naming: Literal["index", "count"] = parameter("index", "combinations by rank, e0e1j0, or by count, e2j1")
    name_types: Literal["all", "present"] = parameter("all", "types in the names of final states")
    bin_width: float = parameter(10.0, "width of a bin, a multiple of the one filled", unit="GeV", gt=0)
    file_name: str = parameter("bumpnet.root", "name of the file that BumpNet reads")
    style: Literal["auto", "ATLAS", "CMS"] = parameter("auto", "look of the pictures; auto goes by the inputs")

    def named_inputs(self) -> list[str]:
        """Return the runs that are read."""
        return [*self.inputs, *self.compare]

    @model_validator(mode="after")
    def _a_root_file(self) -> Self:
        if Path(self.file_name).name != self.file_name or not self.file_name.endswith(".root", 1):
            message = f"file_name is {self.file_name}, should be the name of a file that ends in .root"
            raise ValueError(message)
        return self


def make_histograms(p: HistogramParameters, run: Run) -> dict[str, Any]:
    """Write the BumpNet files of merged results, and the report on every pair.

    Parameters
    ----------
    p : HistogramParameters
        The recipe.
    run : Run
        Where the files go: `file_name`, the same with `_before` and with `_outliers`, `bumpnet.json`.

    Returns
    -------
    dict
        Numbers of final states, pairs, entries and accepted histograms; `empty` if there is no histogram.

    Raises
    ------
    ParameterError
        If `bin_width` does not fit the grid that was filled, or `naming` makes two names the same.
    RunError, FormatError, FileNotFoundError
        If the results cannot be found or added, see `gather` and `merge_masses`.
    """
    gathered = gather(p.inputs)
    for result in gathered.results:
        run.read(result.path)
    expected = p.expected_jobs or gathered.expected
    merged = merge_masses(gathered.results, expected_jobs=expected, accept_partial=p.accept_partial)
    types = "all" if p.name_types == "all" else merged.types
    pairs = named_pairs(merged.spectra, p.min_events, p.bin_width, by_count=p.naming == "count", types=types)
    signatures = list(run.progress(_divided(p, gathered, merged, pairs), "pair", len(pairs)))
    _write_files(p, run, signatures)
    with run.writing(REPORT) as part:
        write_json(part, _report(p, merged, signatures))
    summary = _summary(p, merged, signatures)
    for text in [*_notices_of_merging(merged), *_notices_of_selection(p, merged, signatures)]:
        run.notice(text)
    return summary


def _divided(
    p: HistogramParameters, gathered: Gathered, merged: Merged, pairs: Sequence[Pair]
) -> Iterator[Signature]:
    """Yield the divided spectrum of each pair."""
    rules = Rules(p.bin_width, p.peak_cut, p.exclude_outliers)
    if p.grid != "aligned":
        if merged.spectra.weight is not None:
            message = f"grid is {p.grid}, which knows no weights; should be aligned, or weights off in the masses"
            raise ParameterError(message)
        masses = pooled_masses(gathered.results, {pair.key for pair in pairs})
        for pair in pairs:
            yield from_masses(pair, masses[pair.key], rules, per_file=p.grid == "linspace_per_file")
        return
    spectra = merged.spectra
    factor = joined_bins(p.bin_width, spectra.grid)
    for pair in pairs:
        overflow, below = spectra.overflow(pair.key), spectra.below(pair.key)
        weights = spectra.weights(pair.key)
        yield from_counts(
            pair, spectra.counts(pair.key), rules, factor=factor, overflow=overflow, below=below, weights=weights
        )


def _write_files(p: HistogramParameters, run: Run, signatures: Sequence[Signature]) -> None:
    stem = p.file_name.removesuffix(".root")
    for name, part in ((stem, "main"), (f"{stem}_before", "before"), (f"{stem}_outliers", "outliers")):
        histograms: list[Histogram] = [h for s in signatures if (h := getattr(s, part)) is not None]
        with run.writing(f"{name}.root") as path:
            doubles = write_histograms(path, histograms)
        if doubles:
            run.notice(f"{name}.root: TH1D, since a bin has more than 2²⁴ entries: {_some(doubles)}")


def _report(p: HistogramParameters, merged: Merged, signatures: Sequence[Signature]) -> dict[str, Any]:
    """Return what `bumpnet.json` holds."""
    events = merged.spectra.events
    return {
        "bin_width": p.bin_width,
        "grid": p.grid,
        "peak_cut": p.peak_cut,
        "exclude_outliers": p.exclude_outliers,
        "min_events": p.min_events,
        "bumpnet": {"bins": [MINIMUM_BINS, STRICT_BINS], "events": MINIMUM_EVENTS},
        "schemas": merged.schemas,
        "kinds": merged.kinds,
        "luminosity": merged.luminosity,
        "generated": merged.generated,
        "weighted": merged.spectra.weight is not None,
        "style": p.style,
        "merged": {
            "results": [shown(path) for path in merged.results],
            "pieces": len(merged.pieces),
            "duplicates": {key: [shown(path) for path in paths] for key, paths in merged.duplicates.items()},
            "missing": merged.missing,
        },
        "cutflow": merged.cutflow,
        "final_states": dict(sorted(events.items(), key=lambda item: (-item[1], item[0]))),
        "pairs": [signature.report() for signature in signatures],
    }


def _summary(p: HistogramParameters, merged: Merged, signatures: Sequence[Signature]) -> dict[str, Any]:
    reports = [signature.report() for signature in signatures]
    accepted = {
        f"accepted_at_{bins}_bins": sum(signature.verdict(bins) == "accepted" for signature in signatures)
        for bins in (MINIMUM_BINS, STRICT_BINS)
    }
    return {
        "events": sum(merged.spectra.events.values()),
        "final_states": len(merged.spectra.events),
        "final_states_kept": len(kept_states(merged.spectra.events, p.min_events)),
        "histograms": sum(signature.main is not None for signature in signatures),
        **accepted,
        **{
            name: sum(report[name] for report in reports)
            for name in ("entries", "cut", "main", "outliers", "overflow", "below")
        },
        "pieces": len(merged.pieces),
        "pieces_given_twice": len(merged.duplicates),
        "missing": len(merged.missing),
        "empty": not any(signature.main for signature in signatures),
    }


def _notices_of_merging(merged: Merged) -> Iterator[str]:
    """Yield what the user should hear of how results were added."""
    if merged.duplicates:
        yield f"pieces that came twice, with the same result, and are counted once: {len(merged.duplicates)}"
    if merged.missing:
        yield "incomplete: " + "; ".join(merged.missing)
    if len(merged.schemas) > 1:
        yield f"events of different schemas are added: {', '.join(merged.schemas)}"


def _notices_of_selection(
    p: HistogramParameters, merged: Merged, signatures: Sequence[Signature]
) -> Iterator[str]:
    """Yield what the user should hear of what was kept and cut."""
    events = merged.spectra.events
    if not kept_states(events, p.min_events):
        most = max(events.values(), default=0)
        yield f"NOTHING SELECTED: no final state has {p.min_events} events, the largest {most}; no histogram"
    elif not any(signature.main for signature in signatures):
        yield "NOTHING SELECTED: no final state that is kept has a mass on the grid; no histogram"
    entries, removed = Counter[str](), Counter[str]()
    for signature in signatures:
        entries[signature.pair.final_state] += signature.entries
        removed[signature.pair.final_state] += signature.cut
    shares = {state: cut / entries[state] for state, cut in removed.items() if cut > MUCH * entries[state]}
    if shares:
        told = [f"{share:.1%} of {state}" for state, share in shares.items()]
        yield f"the peak cut removes nearly all masses of {len(shares)} final states: {_some(told)}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SEVERAL]) + (f" and {len(names) - SEVERAL} more" if len(names) > SEVERAL else "")
