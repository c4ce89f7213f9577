"""Planning an ensemble: how many events of what, from where; refused before anything is written.

Numbers first, then the ranges: what a process lacks is told with the largest exposure that would fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.mu2e.consumption import Order, Part, Thinning, Unit, make_part
from kit.mu2e.headroom import RISK, longest
from kit.mu2e.interleaving import stream
from kit.mu2e.plans import Mode, Plan, Take
from kit.mu2e.primaries import Pool
from kit.mu2e.processes import COSMICS
from kit.mu2e.reservations import filling, reserved
from kit.mu2e.sampler import coinciding_seeds, simulate_job
from kit.mu2e.shelves import Range
from kit.mu2e.sources import Source
from kit.run import RunError

__all__ = ["Request", "choose", "drawn_counts", "parts_for", "thinning_of"]

Free = Mapping[tuple[str, str], list[tuple[int, int]]]


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes
    ----------
    means : mapping
        Expected events of each process, in ASCII order of names.
    exposure : mapping
        Wall and on-spill time in seconds, for errors.
    total : int
        Events that weights are relative to, as the originals have it; 0 for the sum of the means.
    """

    ensemble: str
    tag: str
    mode: Mode
    seed: int
    sampling_seed: int
    subruns: int
    chunk: int
    unit: Unit
    order: Order
    run_number: int
    first_subrun: int
    means: Mapping[str, float]
    exposure: Mapping[str, Any]
    facts: Mapping[str, Any]
    livetime_process: str = ""
    legacy_seed: bool = False
    legacy_exhaustion: bool = False
    total: int = 0
    configuration: str = ""


def parts_for(
    pools: Mapping[str, Pool], request: Request
) -> tuple[list[Source], dict[str, list[int]], list[Part]]:
    """Return all sources, the parts of each process, and the parts.

    Raises
    ------
    RunError
        If one file serves two processes: its events would be used twice.
    """
    sources: list[Source] = []
    of: dict[str, list[int]] = {}
    parts: list[Part] = []
    owner: dict[str, str] = {}
    for process in request.means:
        of[process] = []
        by_file: dict[str, list[int]] = {}
        for source in pools[process].sources:
            if owner.setdefault(source.identity, process) != process:
                message = f"{source.path} is a primary of {owner[source.identity]} and of {process}"
                raise RunError(message)
            key = source.identity if request.unit == "event" else f"{source.identity} {source.tree}"
            by_file.setdefault(key, []).append(len(sources))
            sources.append(source)
        thinning = thinning_of(pools[process])
        for indices in by_file.values():
            of[process].append(len(parts))
            here = [sources[i] for i in indices]
            parts.append(make_part(indices, here, request.unit, request.order, thinning, request.seed))
    return sources, of, parts


def thinning_of(pool: Pool) -> Thinning:
    """Return by which weights the entries of a pool are thinned."""
    return (pool.primary.weight_branch, pool.weights[1]) if pool.weights else ("", 0.0)


def drawn_counts(request: Request) -> list[list[int]]:
    """Return the items of each subrun and process, in `poisson` and `asimov`.

    Poisson numbers are drawn in ASCII order of processes from one stream, for all subruns of each.
    """
    random = stream(request.seed, "counts")
    columns = []
    for mean in request.means.values():
        if request.mode == "poisson":
            columns.append(random.poisson(mean / request.subruns, request.subruns))
        else:
            whole, rest = divmod(round(mean), request.subruns)
            columns.append(whole + (np.arange(request.subruns) < rest))
    return [[int(n) for n in counts] for counts in np.array(columns).T]


def choose(
    request: Request, pools: Mapping[str, Pool], free: Free, blocks: Mapping[str, int] | None = None
) -> tuple[Plan, list[Range]]:
    """Return the plan of an ensemble and the ranges that it reserves.

    Parameters
    ----------
    request, pools
        What is wanted, and what there is.
    free : mapping
        Free positions of each part, by identity and tree.
    blocks : mapping, optional
        Items of each process that are reserved in any case, so that the reservation does not tell the numbers.

    Raises
    ------
    RunError
        If a process has fewer events than needed, in words: how many are short, and what would fit.
    """
    sources, of, parts = parts_for(pools, request)
    left = {part: list(free[parts[part].shelf.key]) for every in of.values() for part in every}
    available = {name: sum(parts[i].available(left[i]) for i in of[name]) for name in of}
    plan = Plan(
        request.ensemble, request.tag, request.mode, request.seed, request.chunk, request.unit, request.order,
        request.run_number, request.first_subrun, list(request.means), list(request.means.values()),
        _weights(request), sources, [list(part.sources) for part in parts],
        [thinning_of(pools[name]) for name in of for _ in of[name]],
        [i for i, name in enumerate(of) for _ in pools[name].sources], [], [],
        facts=request.facts, configuration=request.configuration,
    )  # fmt: skip
    if request.mode == "art":
        plan = _art(request, plan, of, parts, left)
    else:
        counts = drawn_counts(request)
        _refuse_shortage(request, counts, available)
        takes = [_takes(request, n, of, parts, left, subrun) for subrun, n in enumerate(counts)]
        plan = replace(plan, counts=counts, takes=takes)
    ranges = reserved(plan, parts)
    for name, block in (blocks or {}).items():
        ranges += filling(block - plan.totals[name], of[name], parts, left, name)
    return plan, ranges


def _weights(request: Request) -> list[float]:
    """Return the share of each process; in `art` as the configuration prints it, since jobs read that."""
    total = request.total or float(sum(request.means.values()))
    weights = [mean / total if total else 0.0 for mean in request.means.values()]
    return [float(f"{weight:e}") for weight in weights] if request.mode == "art" else weights


def _refuse_shortage(request: Request, counts: Sequence[Sequence[int]], available: Mapping[str, int]) -> None:
    needed = {name: sum(of[i] for of in counts) for i, name in enumerate(request.means)}
    short = {name: number - available[name] for name, number in needed.items() if number > available[name]}
    if not short:
        return
    factor, limiting = longest(available, request.means)
    lines = [
        f"{name} needs {needed[name]} events, {available[name]} are available: {number} short"
        for name, number in short.items()
    ]
    wall, on_spill = (factor * float(request.exposure[key]) for key in ("wall_s", "on_spill_s"))
    lines.append(
        f"{limiting} limits: at most {on_spill:.6g} s on spill ({wall:.6g} s wall) fit,"
        f" with a risk of {RISK:g} to run dry"
    )
    message = f"ensemble {request.ensemble} cannot be drawn:\n  " + "\n  ".join(lines)
    raise RunError(message)


def _takes(
    request: Request, counts: Sequence[int], of: Mapping[str, list[int]], parts: Sequence[Part],
    left: dict[int, list[tuple[int, int]]], subrun: int,
) -> list[list[Take]]:  # fmt: skip
    """Return the ranges of one subrun, and take them from what is `left`."""
    takes = []
    for process, (name, number) in enumerate(zip(of, counts, strict=True)):
        wanted = _split(request, number, of[name], parts, left, subrun, process)
        here: list[Take] = []
        for part, count in zip(of[name], wanted, strict=True):
            ranges, left[part] = parts[part].take(left[part], count)
            here += [(part, start, stop) for start, stop in ranges]
        takes.append(here)
    return takes


def _split(
    request: Request, number: int, indices: Sequence[int], parts: Sequence[Part],
    left: Mapping[int, list[tuple[int, int]]], subrun: int, process: int,
) -> list[int]:  # fmt: skip
    """Return how many items come from each part: the first ones, or, at random, as many as a random draw has."""
    has = [parts[i].available(left[i]) for i in indices]
    if request.order == "random":
        random = stream(request.seed, "files", subrun, process)
        return [int(n) for n in random.multivariate_hypergeometric(has, number)]
    wanted = []
    for most in has:
        wanted.append(min(most, number))
        number -= wanted[-1]
    return wanted


def _art(
    request: Request,
    plan: Plan,
    of: Mapping[str, list[int]],
    parts: Sequence[Part],
    left: dict[int, list[tuple[int, int]]],
) -> Plan:
    """Return the plan with every job simulated: one file of each process, until one of them runs dry."""
    ends_jobs = request.livetime_process or next((name for name in of if name in COSMICS), "")
    if ends_jobs not in of and not request.legacy_exhaustion:
        message = f"mode art needs livetime_process, whose end ends a job: one of {', '.join(of)}"
        raise RunError(message)
    if few := [f"{name} has {len(of[name])}" for name in of if len(of[name]) < request.subruns]:
        message = (
            f"mode art needs a file of each process for each of {request.subruns} subruns, but {', '.join(few)}"
        )
        raise RunError(message)
    seeds = [request.sampling_seed + (0 if request.legacy_seed else i) for i in range(request.subruns)]
    if same := coinciding_seeds(seeds):
        message = f"sampling seeds {same[0][0]} and {same[0][1]} are one and the same sequence"
        raise RunError(message)
    counts, takes, stopped, faults = [], [], [], []
    for subrun, seed in enumerate(seeds):
        files = [of[name][subrun] for name in of]
        available = [parts[i].available(left[i]) for i in files]
        faults += [
            f"job {subrun} has no event of {name} left in {parts[i].shelf.path}"
            for name, i, number, weight in zip(of, files, available, plan.weights, strict=True)
            if weight and not number
        ]
        job = simulate_job(plan.weights, seed, available)
        counts.append(list(job.counts))
        stopped.append(plan.processes[job.stopped_by])
        here: list[list[Take]] = []
        for part, count in zip(files, job.counts, strict=True):
            ranges, left[part] = parts[part].take(left[part], count)
            here.append([(part, start, stop) for start, stop in ranges])
        takes.append(here)
        if stopped[-1] != ends_jobs:
            faults.append(f"job {subrun} ends after {sum(job.counts)} events, when {stopped[-1]} runs dry")
    if faults and not request.legacy_exhaustion:
        lines = "\n  ".join(
            [*faults[:10], f"should end with {ends_jobs}: the jobs would be cut short without a word"]
        )
        message = f"ensemble {request.ensemble} cannot be drawn:\n  {lines}"
        raise RunError(message)
    return replace(plan, counts=counts, takes=takes, seeds=seeds, stopped_by=stopped)
