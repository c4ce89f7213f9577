"""Closing an ensemble: its files found, counted, and held against the plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kit.files import FormatError, sha256
from kit.mu2e.building import file_name
from kit.mu2e.ensemble_files import TREE
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plan_files import PLAN, identity_of
from kit.mu2e.plans import Plan
from kit.mu2e.repeats import Repeats
from kit.mu2e.sources import open_file
from kit.run import Run, RunError, complete_below

__all__ = ["built_files", "counts_in", "plan_beside", "refuse_differing"]

BLOCK = 1_000_000  # rows read at once


def plan_beside(p: MixtureParameters) -> Path:
    """Return the plan that the runs to close have brought along; that they all have the same is checked later.

    Raises
    ------
    RunError
        If there is none.
    """
    for place in p.inputs_built:
        for one in complete_below(place):
            if one.stage == "mu2e/mixture" and (one.directory / PLAN).is_file():
                return one.directory / PLAN
    message = (
        f"inputs_built is {p.inputs_built}: no complete run with a {PLAN} there; should be runs with step build"
    )
    raise RunError(message)


def built_files(p: MixtureParameters, plan: Plan, run: Run) -> dict[int, Path]:
    """Return the file of each subrun, from the runs that have built them.

    Raises
    ------
    RunError
        Naming subruns that are missing, there twice, or of another plan, and files that are not what was written.
    """
    found: dict[int, Path] = {}
    faults: list[str] = []
    wanted = identity_of(plan)
    names = {file_name(p, plan, subrun): subrun for subrun in range(len(plan.counts))}
    for place in p.inputs_built:
        for one in complete_below(place):
            if one.stage != "mu2e/mixture" or one.parameters.get("step") != "build":
                continue
            if one.summary.get("plan") != wanted:
                faults.append(
                    f"{one.directory} was built from another plan, {one.summary.get('plan')}, not {wanted}"
                )
                continue
            for output in one.manifest["outputs"]:
                path = one.directory / output["path"]
                subrun = names.get(path.name)
                if subrun is None:
                    continue
                if subrun in found:
                    faults.append(f"subrun {subrun} was built twice: {found[subrun]} and {path}")
                elif not path.is_file() or sha256(path) != output["sha256"]:
                    faults.append(f"{path} is not what its run has written")
                else:
                    found[subrun] = path
                    run.read(str(path))
    missing = sorted(set(names.values()) - found.keys())
    if missing:
        words = ", ".join(map(str, missing[:10])) + (" …" if len(missing) > 10 else "")
        faults.append(f"{len(missing)} of {len(names)} subruns are not built: {words}")
    if faults:
        message = f"ensemble {plan.ensemble} cannot be closed:\n  " + "\n  ".join(faults)
        raise RunError(message)
    return dict(sorted(found.items()))


def counts_in(path: Path, processes: int, repeats: Repeats | None = None) -> list[int]:
    """Return the items of each process that a file of an ensemble holds, read from it.

    Parameters
    ----------
    path, processes
        The file, and how many processes there are.
    repeats : Repeats, optional
        Counts the ids that occur again, too.

    Raises
    ------
    FormatError
        If it is no such file, or its events do not run from 1 without a gap.
    """
    counts, event = np.zeros(processes, np.int64), 0
    names = ["proc", "event", *(repeats.columns if repeats else ())]
    with open_file(str(path)) as file:
        if TREE not in file:
            message = f"{path}: there is no tree {TREE}; should be a file of an ensemble"
            raise FormatError(message)
        tree = file[TREE]
        names = [name for name in names if name in tree.keys(recursive=False)]
        for start in range(0, int(tree.num_entries), BLOCK):
            values = {
                name: tree[name].array(library="np", entry_start=start, entry_stop=start + BLOCK) for name in names
            }
            begins = np.flatnonzero(np.diff(values["event"], prepend=event))  # an item may have several rows
            found = values["event"][begins]
            if (gap := np.flatnonzero(found != np.arange(event + 1, event + 1 + len(found)))).size:
                message = f"{path}: event {event + 1 + gap[0]} should follow {event + gap[0]}, not {found[gap[0]]}"
                raise FormatError(message)
            event = int(values["event"][-1])
            counts += np.bincount(values["proc"][begins], minlength=processes)
            if repeats:
                repeats.count(values)
    return [int(n) for n in counts]


def refuse_differing(plan: Plan, files: Mapping[int, Path], counts: Mapping[int, list[int]]) -> None:
    """Refuse files that do not hold what the plan says.

    Raises
    ------
    FormatError
        Naming each file, process and both numbers.
    """
    faults = [
        f"{files[subrun]}: holds {is_} events of {name}, should hold {should}"
        for subrun, of in counts.items()
        for name, is_, should in zip(plan.processes, of, plan.counts[subrun], strict=True)
        if is_ != should
    ]
    if faults:
        raise FormatError("\n".join(faults))
