"""Pseudo-experiments: many ensembles of the same expectation that share no event, or as few as may be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kit.files import resolve, write_json
from kit.mu2e.building import file_name
from kit.mu2e.interleaving import stream
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plan_files import plan_from, plan_record, refuse_other, write_plan
from kit.mu2e.planning import Request, choose, drawn_counts, parts_for
from kit.mu2e.plans import Plan
from kit.mu2e.primaries import Pool
from kit.mu2e.reservations import joined
from kit.mu2e.shelves import Range
from kit.mu2e.steps import build, close, note_inputs, probe, tell_same_seed, told
from kit.run import Run, RunError

__all__ = ["OVERLAP", "disjoint_plans", "mix_pseudo", "overlapping_plans", "shared"]

OVERLAP = "overlap.json"
LARGEST = 10**9  # NumPy's hypergeometric numbers end there
Free = Mapping[tuple[str, str], list[tuple[int, int]]]


def mix_pseudo(p: MixtureParameters, pools: Mapping[str, Pool], request: Request, run: Run) -> dict[str, Any]:
    """Draw, build and close all pseudo-experiments, each in a folder of its own, and return the summary."""
    probe(p, pools, request, run)
    note_inputs(pools, run)
    parts = parts_for(pools, request)[2]
    of = overlapping_plans if p.allow_overlap else disjoint_plans

    def draw(free: Free) -> tuple[list[Range], str]:
        plans, ranges = of(request, pools, free, p.pseudo_experiments)
        for number, plan in enumerate(plans):
            refuse_other(plan, run, folder_of(number))
        return ranges, json.dumps([plan_record(plan) for plan in plans])

    ledger = Ledger(resolve(p.ledger))
    configuration = f"{request.configuration} × {p.pseudo_experiments}{' overlapping' if p.allow_overlap else ''}"
    text, _ = ledger.reserve(
        request.ensemble, configuration, [part.shelf for part in parts], draw, [run.directory]
    )
    plans = [plan_from(content, str(ledger.path)) for content in json.loads(text)]
    tell_same_seed(request.ensemble, plans[0], ledger, run)
    summary = told(plans[0]) | {"pseudo_experiments": len(plans), "rows": 0}
    drawn = []
    for number, plan in enumerate(plans):
        folder = folder_of(number)
        write_plan(plan, run, folder)
        drawn.append(list(plan.totals.values()))
        if p.output_format != "virtual":
            summary["rows"] += build(p, plan, run, folder)["rows"]
            files = {i: run.directory / (folder + file_name(p, plan, i)) for i in range(len(plan.counts))}
            close(plan, run, files, folder)
    summary["drawn"] = {name: [of[i] for of in drawn] for i, name in enumerate(plans[0].processes)}
    if p.allow_overlap:
        report = shared(plans)
        with run.writing(OVERLAP) as part:
            write_json(part, report)
        keys = ("expected", "mean", "largest")
        summary["shared"] = {name: {key: found[key] for key in keys} for name, found in report.items()}
    ledger.confirm(request.ensemble, configuration)
    return summary


def folder_of(number: int) -> str:
    """Return where in the run's directory a pseudo-experiment lies."""
    return f"pseudo_{number:04d}/"


def disjoint_plans(
    request: Request, pools: Mapping[str, Pool], free: Free, number: int
) -> tuple[list[Plan], list[Range]]:
    """Return plans that share no event.

    Raises
    ------
    RunError
        If the pools allow fewer: how many.
    """
    plans: list[Plan] = []
    ranges: list[Range] = []
    for i in range(number):
        try:
            plan, taken = choose(_request(request, i), pools, _without(free, ranges))
        except RunError as fault:
            if i == 0:
                raise
            message = f"only {i} of {number} pseudo-experiments share no event; allow_overlap draws all\n{fault}"
            raise RunError(message) from None
        plans.append(plan)
        ranges += taken
    return plans, joined(ranges)


def overlapping_plans(
    request: Request, pools: Mapping[str, Pool], free: Free, number: int
) -> tuple[list[Plan], list[Range]]:
    """Return plans that each draw without replacement, from the whole free pool, beginning anywhere in it."""
    plans: list[Plan] = []
    ranges: list[Range] = []
    for i in range(number):
        one = replace(_request(request, i), order=request.order)
        random = stream(one.seed, "files", i)
        turned = {key: _turned(of, random) for key, of in free.items()}
        plan, taken = choose(one, pools, _spread(one, pools, turned, random))
        plans.append(plan)
        ranges += taken
    return plans, joined(ranges)


def shared(plans: Sequence[Plan]) -> dict[str, dict[str, Any]]:
    """Return for each process which share of its events pairs of plans have in common."""
    report: dict[str, dict[str, Any]] = {}
    for process, name in enumerate(plans[0].processes):
        held = [_held(plan, process) for plan in plans]
        sizes = [sum(stop - start for of in one.values() for start, stop in of) for one in held]
        entries = plans[0].facts["entries"][name]
        pairs = {
            f"{i}-{j}": _common(held[i], held[j]) / max(1, min(sizes[i], sizes[j]))
            for i in range(len(plans))
            for j in range(i)
        }
        values = list(pairs.values()) or [0.0]
        report[name] = {
            "expected": float(np.mean(sizes)) / entries if entries else 0.0,
            "mean": float(np.mean(values)),
            "largest": max(values),
            "pairs": pairs,
        }
    return report


def _request(request: Request, number: int) -> Request:
    seed = int(np.random.SeedSequence(request.seed, spawn_key=(5, number)).generate_state(1)[0])
    return replace(request, seed=seed, ensemble=f"{request.ensemble}_{number:04d}")


def _without(free: Free, ranges: Sequence[Range]) -> Free:
    """Return what is left free beside ranges, which all begin where a free range does."""
    left = {key: list(of) for key, of in free.items()}
    for one in ranges:
        key = one.identity, one.tree
        here = []
        for start, stop in left[key]:
            here += [(start, min(stop, one.start))] if start < one.start else []
            here += [(max(start, one.stop), stop)] if stop > one.stop else []
        left[key] = here
    return left


def _turned(free: list[tuple[int, int]], random: np.random.Generator) -> list[tuple[int, int]]:
    """Return free ranges beginning at a random place, what lies before it last."""
    total = sum(stop - start for start, stop in free)
    place = int(random.integers(total)) if total else 0
    before, after = [], []
    for start, stop in free:
        middle = min(max(start + place, start), stop)
        place -= middle - start
        before += [(start, middle)] if middle > start else []
        after += [(middle, stop)] if stop > middle else []
    return after + before


def _spread(request: Request, pools: Mapping[str, Pool], free: Free, random: np.random.Generator) -> Free:
    """Return of each part as many items as an unordered draw from all would take: no file comes always first."""
    _, of, parts = parts_for(pools, request)
    needed = np.sum(drawn_counts(request), axis=0)
    chosen = dict(free)
    for name, number in zip(request.means, needed, strict=True):
        here = [parts[i] for i in of[name]]
        sizes = [part.available(list(free[part.shelf.key])) for part in here]
        if not number <= sum(sizes) < LARGEST:  # more than there are: `choose` says what is short
            continue
        shares = random.multivariate_hypergeometric(sizes, int(number), method="marginals")
        for part, share in zip(here, shares, strict=True):
            chosen[part.shelf.key] = part.take(list(free[part.shelf.key]), int(share))[0]
    return chosen


def _held(plan: Plan, process: int) -> dict[int, list[tuple[int, int]]]:
    held: dict[int, list[tuple[int, int]]] = {}
    for takes in plan.takes:
        for part, start, stop in takes[process]:
            held.setdefault(part, []).append((start, stop))
    return held


def _common(one: Mapping[int, list[tuple[int, int]]], other: Mapping[int, list[tuple[int, int]]]) -> int:
    return sum(
        max(0, min(stop, last) - max(start, first))
        for part, ranges in one.items()
        for start, stop in ranges
        for first, last in other.get(part, [])
    )
