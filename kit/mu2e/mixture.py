"""The stage `mixture`: expected numbers in, one stream of real simulated events out.

A plan says which events are drawn and reserves them in the ledger; files are built from it, also by many jobs;
when all are there, their events are marked as used. One run does all of it, or each step is a run of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kit.files import resolve
from kit.mu2e.blinding import mix_blind
from kit.mu2e.building import file_name
from kit.mu2e.closing import built_files, plan_beside
from kit.mu2e.exporting import export, refuse_ungridded, shares_for
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plan_files import identity_of, read_plan, write_plan
from kit.mu2e.plans import Plan
from kit.mu2e.primaries import Pool
from kit.mu2e.pseudo import mix_pseudo
from kit.mu2e.requests import pools_of, request_for, yields_of
from kit.mu2e.steps import build, close, make_plan, told, write_spectrum
from kit.mu2e.table import Yields
from kit.mu2e.toys import draw_toys, pool_histograms, write_toys
from kit.run import Run

__all__ = ["TOYS", "MixtureParameters", "mix"]

TOYS = "toys.npz"


def mix(p: MixtureParameters, run: Run) -> dict[str, Any]:
    """Do the step that the parameters name, and return the summary.

    Raises
    ------
    RunError
        If events are short, the ledger is locked or does not fit; then nothing is written or reserved.
    FormatError
        Naming file and spot of everything that cannot be used.
    """
    if p.step in ("build", "close"):
        path = resolve(p.plan) if p.plan else plan_beside(p)
        plan = read_plan(path)
        run.read(str(path))
        if p.step == "close":
            return told(plan) | _close(p, plan, run)
        write_plan(plan, run)  # it travels with what was built from it
        return told(plan) | build(p, plan, run)
    made = yields_of(p, run)
    refuse_ungridded(p, made)
    pools = pools_of(made, run)
    if p.blind:
        return mix_blind(p, made, pools, run)
    request = request_for(p, made, pools)
    if p.pseudo_experiments:
        return mix_pseudo(p, pools, request, run)
    toys = _toys(p, pools, dict(request.means), run)
    plan = make_plan(p, pools, request, run, lambda plan: _refuse_unplannable(p, made, plan))
    summary = told(plan) | toys
    if p.export_grid:
        summary |= export(p, made, plan, run)
    if p.step == "plan":
        return summary
    if p.output_format == "virtual":
        Ledger(resolve(p.ledger)).confirm(plan.ensemble, plan.configuration, identity_of(plan))
        return summary | {"files": 0, "rows": 0}
    summary |= build(p, plan, run) | _close(p, plan, run)
    write_spectrum(pools, plan, run, _own_files(p, plan, run))
    return summary


def _refuse_unplannable(p: MixtureParameters, made: Yields, plan: Plan) -> None:
    """Refuse a plan that grid jobs could not do, before it is reserved."""
    if p.export_grid and p.mode == "art":
        shares_for(p, made, plan, {})


def _close(p: MixtureParameters, plan: Plan, run: Run) -> dict[str, Any]:
    """Count the files, those of this run or of others, and mark their events as used."""
    ledger = Ledger(resolve(p.ledger))
    reserved = plan.ensemble, plan.configuration, identity_of(plan)
    ledger.require(*reserved)
    files = built_files(p, plan, run) if p.step == "close" else _own_files(p, plan, run)
    found = close(plan, run, files)
    ledger.confirm(*reserved, sorted({path.parent for path in files.values()}))
    return found


def _own_files(p: MixtureParameters, plan: Plan, run: Run) -> dict[int, Path]:
    return {subrun: run.directory / file_name(p, plan, subrun) for subrun in range(len(plan.counts))}


def _toys(p: MixtureParameters, pools: dict[str, Pool], means: dict[str, float], run: Run) -> dict[str, Any]:
    if not p.toys:
        return {}
    low, high, bins = p.toy_edges
    edges = np.linspace(low, high, int(bins) + 1)
    toys = draw_toys(pool_histograms(pools, p.toy_branch, edges), means, p.toys, edges, p.seed)
    with run.writing(TOYS) as part:
        write_toys(part, toys)
    return {"toys": p.toys}
