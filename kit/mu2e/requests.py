"""What the parameters of `mixture` ask for: the yields, the pools, and the request for a plan."""

from __future__ import annotations

from typing import Any

from kit.files import FormatError, resolve
from kit.mu2e.calculation import calculate, inputs_of
from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.checksums import checksum
from kit.mu2e.consumption import make_part
from kit.mu2e.demo import DEMO_YIELDS, catalogue_path
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.planning import Request
from kit.mu2e.primaries import Pool, measure
from kit.mu2e.processes import canonical
from kit.mu2e.table import Yields, read_yields
from kit.mu2e.yield_options import YieldParameters
from kit.run import Run, RunError, complete_below

__all__ = ["pools_of", "request_for", "yields_of"]

RECORD = "yields.json"


def yields_of(p: MixtureParameters, run: Run) -> Yields:
    """Return the yields that the parameters name, those of the demo where they name none.

    Raises
    ------
    RunError
        If there is no complete run of yields, or several.
    """
    if not p.yields:
        return _demo_yields()
    path = resolve(p.yields)
    if path.is_dir():
        runs = [one for one in complete_below(path) if one.stage == "mu2e/yields"]
        if len(runs) != 1:
            message = f"yields is {p.yields}: {len(runs)} complete runs of mu2e/yields there, should be one"
            raise RunError(message)
        path = runs[0].directory / RECORD
    if not path.is_file():
        message = f"yields is {p.yields}: there is no such file; should be a run of mu2e/yields or its {RECORD}"
        raise RunError(message)
    run.read(str(path))
    return read_yields(path)


def _demo_yields() -> Yields:
    p = YieldParameters(**DEMO_YIELDS, tag="demo")
    catalogue = read_catalogue(resolve(catalogue_path()))
    inputs, _ = inputs_of(p)
    made = calculate(p, inputs, {name: measure(primary) for name, primary in catalogue.items()})
    return Yields(p.model_dump(), catalogue, made.rows, made.told())


def pools_of(made: Yields, run: Run) -> dict[str, Pool]:
    """Return what there is of each process, in ASCII order of names, looked at anew.

    Raises
    ------
    FormatError
        Naming everything in the files that cannot be used.
    RunError
        If the yields were counted without primaries.
    """
    names = sorted(row.process for row in made.rows if row.mean is not None)
    if not names:
        message = "these yields were counted without primaries: there is nothing to draw from"
        raise RunError(message)
    pools: dict[str, Pool] = {}
    faults: list[str] = []
    for name in run.progress(names, "primary"):
        try:
            pools[name] = measure(made.catalogue[name])
        except FormatError as fault:
            faults.append(str(fault))
    if faults:
        raise FormatError("\n".join(faults))
    return pools


def request_for(p: MixtureParameters, made: Yields, pools: dict[str, Pool], **changes: Any) -> Request:
    """Return the request for a plan.

    `changes` replace values of the request: a sealed seed, means of another conversion rate.

    Raises
    ------
    RunError
        If whole events are asked for of a primary whose entries have weights.
    """
    weighted = [name for name, pool in pools.items() if pool.weights]
    if p.unit == "event" and weighted:
        message = (
            f"unit is event, but {', '.join(weighted)} is thinned by weights, entry by entry; should be entry"
        )
        raise RunError(message)
    rows = {row.process: row for row in made.rows}
    means = {name: float(rows[name].mean or 0.0) for name in pools}
    if p.unit == "event":
        means = {name: mean * _items(pools[name]) / pools[name].entries for name, mean in means.items()}
    values: dict[str, Any] = {
        "ensemble": p.ensemble or made.tag,
        "tag": made.tag,
        "mode": p.mode,
        "seed": p.seed,
        "sampling_seed": p.sampling_seed,
        "subruns": p.subruns,
        "chunk": p.chunk,
        "unit": p.unit,
        "order": p.order,
        "run_number": p.run_number,
        "first_subrun": p.first_subrun,
        "means": means,
        "exposure": made.exposure,
        "facts": _facts(made, pools),
        "livetime_process": canonical(p.livetime_process) if p.livetime_process else "",
        "legacy_seed": p.legacy_seed,
        "legacy_exhaustion": p.on_exhaustion == "legacy",
        "total": p.total_events,
    } | changes
    decisive = values | {
        "facts": {},
        "files": [[s.identity, s.tree] for pool in pools.values() for s in pool.sources],
    }
    return Request(**values, configuration=checksum(decisive))


def _items(pool: Pool) -> int:
    """Return the events of a pool, whose entries may be several of one event."""
    by_file: dict[str, list[int]] = {}
    for i, source in enumerate(pool.sources):
        by_file.setdefault(source.identity, []).append(i)
    return sum(
        make_part(indices, [pool.sources[i] for i in indices], "event", "sequential").items
        for indices in by_file.values()
    )


def _facts(made: Yields, pools: dict[str, Pool]) -> dict[str, Any]:
    return {
        **made.exposure,
        "r_mue": made.parameters["r_mue"],
        "thresholds": {name: made.parameters[f"{name}_emin"] for name in ("dio", "rpc", "rmc", "ipa")},
        "t_min": made.parameters["t_min"],
        "synthetic": [name for name, pool in pools.items() if pool.primary.synthetic],
        "momentum": sorted({pool.primary.momentum for pool in pools.values()}),
        "entries": {name: pool.entries for name, pool in pools.items()},
    }
