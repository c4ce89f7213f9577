"""A blinded ensemble: events of all processes in one stream, and nothing in the open that tells them apart.

Rate and seed come from a sealed file. Provenance, truth, plan and yields go to the sealed side; the ledger
reserves blocks of a size that does not depend on what was drawn.
"""

from __future__ import annotations

import fnmatch
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kit.files import json_text, read_json, resolve
from kit.mu2e.building import OWN, Builder, file_name
from kit.mu2e.checksums import identity
from kit.mu2e.columns import IDS
from kit.mu2e.ensemble_files import write_tree
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plan_files import plan_from, plan_record
from kit.mu2e.planning import choose, parts_for
from kit.mu2e.plans import Plan
from kit.mu2e.primaries import Pool
from kit.mu2e.requests import request_for
from kit.mu2e.reservations import joined
from kit.mu2e.sealing import Sealed, read_sealed, write_private
from kit.mu2e.shelves import Range
from kit.mu2e.steps import note_inputs, probe
from kit.mu2e.table import Yields
from kit.run import Run, RunError

__all__ = ["SEALED", "TRUTH", "block_of", "mix_blind", "open_names"]

SEALED, TRUTH = "sealed.json", "sealed_truth.root"
SIGNAL = "CeMLL"
PLAIN = ("run", "subrun", "event")  # what an open file says besides the columns of the primaries
Free = Mapping[tuple[str, str], list[tuple[int, int]]]


def mix_blind(p: MixtureParameters, made: Yields, pools: dict[str, Pool], run: Run) -> dict[str, Any]:
    """Draw and build a blinded ensemble and return the summary, which tells the checksum of what is sealed.

    Raises
    ------
    RunError
        If the yields have no signal to scale, or the ensemble was drawn before and its sealed plan is not here.
    """
    sealed = read_sealed(resolve(p.sealed))
    rate = float(made.parameters["r_mue"])
    if not rate or SIGNAL not in pools:
        message = f"blind scales the signal of the yields: they need {SIGNAL} and a conversion rate above 0"
        raise RunError(message)
    public = request_for(p, made, pools)
    means = dict(public.means) | {SIGNAL: public.means[SIGNAL] / rate * sealed.r_mue}
    request = request_for(p, made, pools, means=means, seed=sealed.seed)
    largest = dict(public.means) | {SIGNAL: public.means[SIGNAL] / rate * sealed.range[1]}
    blocks = {name: block_of(mean) for name, mean in largest.items()}
    probe(p, pools, request, run)
    note_inputs(pools, run)

    def draw(free: Free) -> tuple[list[Range], str]:
        plan, ranges = choose(request, pools, free, blocks)
        _keep(run.directory, sealed, plan, made)
        return joined(ranges), json.dumps("sealed")

    ledger = Ledger(resolve(p.ledger))
    shelves = [part.shelf for part in parts_for(pools, request)[2]]
    commitment = f"sealed {sealed.checksum}"
    ledger.reserve(request.ensemble, commitment, shelves, draw, [run.directory])
    plan = _kept(run.directory)
    rows = _build(p, plan, run)
    ledger.confirm(request.ensemble, commitment)
    return {
        "ensemble": request.ensemble,
        "commitment": sealed.checksum,
        "blind": True,
        **{key: made.exposure[key] for key in ("wall_s", "on_spill_s", "pot")},
        "subruns": p.subruns,
        "rows": rows,
        "synthetic": plan.facts["synthetic"],
        "momentum": plan.facts["momentum"],
    }


def block_of(mean: float) -> int:
    """Return how many events are reserved for a process with this largest mean: six standard deviations more."""
    return math.ceil(mean + 6 * math.sqrt(mean) + 10)


def open_names(names: Mapping[str, Any] | list[str], truth: list[str]) -> list[str]:
    """Return the columns that may be shown: no truth, no provenance, no ids that tell the primary."""
    ids = {name for of in IDS for name in of}
    return [
        name
        for name in names
        if name in PLAIN
        or not (name in OWN or name in ids or name.startswith(("src_", "evtinfo")) or _matches(name, truth))
    ]


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name.lower(), pattern.lower()) for pattern in patterns)


def _keep(folder: Path, sealed: Sealed, plan: Plan, made: Yields) -> None:
    """Write what belongs to the sealed side before the reservation: it could not be built without.

    Raises
    ------
    RunError
        If there are files of an earlier plan, whose events were given back since.
    """
    record = plan_record(plan)
    there = read_json(folder / SEALED)["plan"] if (folder / SEALED).is_file() else {}
    if any(folder.glob("nts.*.root")) and identity(there) != identity(record):
        message = (
            f"{folder} holds files of another plan, whose events were given back since; choose another output"
        )
        raise RunError(message)
    content = {
        "commitment": sealed.checksum,
        "r_mue": sealed.r_mue,
        "seed": sealed.seed,
        "nonce": sealed.nonce,
        "plan": record,
        "yields": made.plain(),
    }
    write_private(folder / SEALED, json_text(content))


def _kept(folder: Path) -> Plan:
    path = folder / SEALED
    if not path.is_file():
        message = f"the ensemble was drawn before, and its plan is sealed elsewhere: there is no {path}"
        raise RunError(message)
    return plan_from(read_json(path)["plan"], str(path))


def _build(p: MixtureParameters, plan: Plan, run: Run) -> int:
    """Write the open files, then the truth of all of them, and return the rows."""
    builder = Builder(plan, p)
    rows = 0
    for subrun in run.progress(range(len(plan.counts)), "subrun"):
        name = file_name(p, plan, subrun)
        rows += sum(plan.counts[subrun])
        if run.has(name):
            continue
        with run.writing(name) as part:
            title = f"ensemble {plan.tag}, blinded"
            write_tree(
                part, _open(p, builder, subrun), builder.layout.columns, p.output_format, p.compression, title
            )
            builder.close()
    if not run.has(TRUTH):
        with run.writing(TRUTH) as part:
            part.touch(mode=0o600)
            chunks = _truth(p, builder, len(plan.counts))
            write_tree(part, chunks, builder.layout.columns, p.output_format, p.compression, "sealed truth")
            part.chmod(0o600)
        builder.close()
    return rows


def _open(p: MixtureParameters, builder: Builder, subrun: int) -> Iterator[dict[str, Any]]:
    for values in builder.chunks(subrun):
        yield {name: values[name] for name in open_names(values, p.truth)}


def _truth(p: MixtureParameters, builder: Builder, subruns: int) -> Iterator[dict[str, Any]]:
    for subrun in range(subruns):
        for values in builder.chunks(subrun):
            shown = set(open_names(values, p.truth)) - set(PLAIN)
            yield {name: column for name, column in values.items() if name not in shown}
