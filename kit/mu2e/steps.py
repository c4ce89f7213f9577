"""The three steps of an ensemble: plan it, build its files, close it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import json_text, resolve, write_json
from kit.mu2e.building import Builder, file_name
from kit.mu2e.closing import counts_in, refuse_differing
from kit.mu2e.ensemble_files import TREE, field_names
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.momenta import EDGES, flat_values, histogram
from kit.mu2e.plan_files import identity_of, plan_from, plan_record, refuse_other, write_plan
from kit.mu2e.planning import Request, choose, parts_for
from kit.mu2e.plans import Plan
from kit.mu2e.primaries import Pool
from kit.mu2e.pulls import compare, pull_text
from kit.mu2e.repeats import Repeats
from kit.mu2e.shelves import Range
from kit.mu2e.sources import open_file
from kit.run import Run

__all__ = [
    "SPECTRUM",
    "VALIDATION",
    "build",
    "close",
    "everything_free",
    "make_plan",
    "momenta_in",
    "no_momentum",
    "note_inputs",
    "probe",
    "tell_same_seed",
    "told",
    "write_spectrum",
]

FloatArray = npt.NDArray[np.float64]

VALIDATION, SPECTRUM = "validation.csv", "spectrum.json"
Free = Mapping[tuple[str, str], list[tuple[int, int]]]


def note_inputs(pools: Mapping[str, Pool], run: Run) -> None:
    """Note all primaries as inputs of the run."""
    for pool in pools.values():
        for path in dict.fromkeys(source.path for source in pool.sources):
            run.read(path)


def everything_free(pools: Mapping[str, Pool], request: Request) -> Free:
    """Return all positions of all parts, as if nothing had been used."""
    return {part.shelf.key: [(0, part.items)] for part in parts_for(pools, request)[2]}


def probe(p: MixtureParameters, pools: Mapping[str, Pool], request: Request, run: Run) -> None:
    """Refuse what cannot be copied or drawn at all, before anything is reserved.

    Raises
    ------
    FormatError
        If columns cannot be read, differ, or do not fit the output format.
    RunError
        If the whole pools have too few events.
    """
    plan, _ = choose(request, pools, everything_free(pools, request))
    if dropped := Builder(plan, p).layout.dropped:
        run.notice(f"left out, since not all files have them equally: {', '.join(dropped)}")


def make_plan(
    p: MixtureParameters,
    pools: Mapping[str, Pool],
    request: Request,
    run: Run,
    refuse: Callable[[Plan], None] = lambda _plan: None,
) -> Plan:
    """Reserve the events of an ensemble and write its plan, or take up what was reserved before.

    What `refuse` raises leaves nothing reserved.
    """
    probe(p, pools, request, run)
    note_inputs(pools, run)
    parts = parts_for(pools, request)[2]

    def draw(free: Free) -> tuple[list[Range], str]:
        plan, ranges = choose(request, pools, free)
        refuse(plan)
        refuse_other(plan, run)
        return ranges, json_text(plan_record(plan))

    ledger = Ledger(resolve(p.ledger))
    shelves = [part.shelf for part in parts]
    places = [run.directory] if p.step == "all" else []
    text, known = ledger.reserve(request.ensemble, request.configuration, shelves, draw, places)
    if known:
        run.notice(f"ensemble {request.ensemble} had its events before; the same ones are used")
    plan = plan_from(json.loads(text), str(ledger.path))
    tell_same_seed(request.ensemble, plan, ledger, run)
    write_plan(plan, run)
    return plan


def tell_same_seed(ensemble: str, plan: Plan, ledger: Ledger, run: Run) -> None:
    """Notice that other ensembles have the same random numbers: all of them fluctuate alike."""
    seeds = plan.seeds if plan.mode == "art" else [plan.seed]
    same = [] if plan.mode == "asimov" else ledger.drawn_with(ensemble, plan.mode, seeds)
    if same:
        name = "sampling_seed" if plan.mode == "art" else "seed"
        words = ", ".join(same[:5]) + (" …" if len(same) > 5 else "")
        run.notice(
            f"the numbers of {ensemble} fluctuate as those of {words}, of the same {name}; choose another one"
        )


def build(p: MixtureParameters, plan: Plan, run: Run, folder: str = "") -> dict[str, Any]:
    """Write the files of the subruns asked for; those of an earlier attempt stay.

    Raises
    ------
    ValueError
        If there is no subrun of that index.
    """
    subruns: Sequence[int] = range(len(plan.counts)) if p.index < 0 else [p.index]
    if p.index >= len(plan.counts):
        message = f"index is {p.index}, should be below the number of subruns, {len(plan.counts)}"
        raise ValueError(message)
    builder = Builder(plan, p)
    rows = earlier = 0
    for subrun in run.progress(subruns, "subrun"):
        name = folder + file_name(p, plan, subrun)
        if run.has(name):
            earlier += 1
            with open_file(str(run.directory / name)) as file:
                rows += int(file[TREE].num_entries)
            continue
        with run.writing(name) as part:
            rows += builder.write(part, subrun)
    return {
        "files": len(subruns),
        "files_done_before": earlier,
        "rows": rows,
        "columns": len(builder.layout.columns),
        "columns_dropped": list(builder.layout.dropped),
    }


def close(plan: Plan, run: Run, files: Mapping[int, Path], folder: str = "") -> dict[str, Any]:
    """Hold the files against the plan, and write how the numbers compare with the expected ones."""
    repeats = Repeats(plan)
    counts = {subrun: counts_in(path, len(plan.processes), repeats) for subrun, path in sorted(files.items())}
    refuse_differing(plan, files, counts)
    expected = [[mean / len(plan.counts) for mean in plan.means]] * len(plan.counts)
    found = compare(plan.processes, list(counts.values()), expected)
    with run.writing(folder + VALIDATION) as part:
        part.write_text(pull_text(found), encoding="utf-8")
    return {
        "repeated_event_ids": repeats.rows,
        "chi2": found.chi2,
        "degrees_of_freedom": found.degrees,
        "p_value": found.p_value,
    }


def write_spectrum(pools: Mapping[str, Pool], plan: Plan, run: Run, files: Mapping[int, Path]) -> None:
    """Write the momentum spectrum, expected and drawn, or say why there is none."""
    shapes = {name: histogram(pool.sources, pool.primary.momentum) for name, pool in pools.items()}
    drawn = momenta_in(files.values(), {pool.primary.momentum for pool in pools.values()})
    if drawn is None or any(shape is None for shape in shapes.values()):
        run.notice(no_momentum([pool.primary.momentum for pool in pools.values()]))
        return
    counts = {}
    for name, mean in zip(plan.processes, plan.means, strict=True):
        shape = shapes[name]
        assert shape is not None
        counts[name] = shape * mean / pools[name].entries
    with run.writing(SPECTRUM) as part:
        record = {"edges": EDGES, "counts": counts, "drawn": drawn, "synthetic": plan.facts["synthetic"]}
        write_json(part, record)


def momenta_in(paths: Iterable[Path], names: Collection[str]) -> FloatArray | None:
    """Return the momenta in the files of an ensemble, in bins; None where they are not in one flat column."""
    if len(names) != 1:
        return None
    (name,) = names
    total = np.zeros(len(EDGES) - 1)
    for path in paths:
        with open_file(str(path)) as file:
            tree = file[TREE]
            values = flat_values(tree, name)
            if values is None:  # an RNTuple has no dots in names
                values = flat_values(tree, field_names([name])[name])
            if values is None:
                return None
            total += np.histogram(values, EDGES)[0]
    return total


def no_momentum(names: Iterable[str]) -> str:
    """Return in words why there is no spectrum."""
    found = sorted(set(names))
    if len(found) != 1:
        return f"no spectrum: the momentum has several names in the primaries ({', '.join(found)})"
    return (
        f"no spectrum: there is no column {found[0]} with one number an event;"
        " momentum in the catalogue of primaries names it"
    )


def told(plan: Plan) -> dict[str, Any]:
    """Return what the summary says of a plan."""
    facts = plan.facts
    return {
        "ensemble": plan.ensemble,
        "configuration": plan.configuration,
        "plan": identity_of(plan),
        "mode": plan.mode,
        "wall_s": facts["wall_s"],
        "on_spill_s": facts["on_spill_s"],
        "pot": facts["pot"],
        "r_mue": facts["r_mue"],
        "subruns": len(plan.counts),
        "code": {str(i): name for i, name in enumerate(plan.processes)},
        "expected": dict(zip(plan.processes, plan.means, strict=True)),
        "drawn": plan.totals,
        "synthetic": facts["synthetic"],
        "momentum": facts.get("momentum", ["mom"]),
    }
