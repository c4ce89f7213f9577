"""What an ensemble needs on the grid: configuration, lists of files, one configuration a job, job definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from kit.files import FormatError, resolve
from kit.mu2e.consumption import ids_of
from kit.mu2e.fcl import Ensemble, EventId, fcl_text, job_text
from kit.mu2e.jobdefs import jobdef_bytes, jobdef_name, jobs_of, submit_text
from kit.mu2e.ledger import Ledger
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.plans import Plan
from kit.mu2e.shares import Held, Share, free_shares, planned_shares
from kit.mu2e.table import Yields
from kit.run import Run

__all__ = ["ensemble_of", "export", "refuse_ungridded", "shares_for"]

FCL = "SamplingInput_sr0.fcl"
MOST_JOBS_WRITTEN = 10_000
BLINDLY = "grid jobs of several files would use events of other ensembles: files_per_job: 1 begins behind them"


def ensemble_of(p: MixtureParameters, made: Yields) -> Ensemble:
    """Return what the grid is told of an ensemble: weights are shares of the expected events."""
    rows = [row for row in made.rows if row.mean is not None]
    total = float(p.total_events or sum(float(row.mean or 0) for row in rows))
    compat, on_spill = made.parameters["compat"], float(made.exposure["on_spill_s"])
    wall = float(made.exposure["wall_s"])
    return Ensemble(
        tag=made.tag,
        owner=p.owner,
        configuration=p.configuration,
        livetime=on_spill if compat == "mds3" else wall,
        wall=wall,
        on_spill=on_spill,
        r_mue=float(made.parameters["r_mue"]),
        dio_emin=float(made.parameters["dio_emin"]),
        t_min=float(made.parameters["t_min"]),
        run=p.run_number,
        sampling_seed=p.sampling_seed,
        events=round(total),
        files={row.process: list(made.catalogue[row.process].files) for row in rows},
        weights={row.process: (row.mean or 0.0) / total for row in rows},
        first={},
    )


def refuse_ungridded(p: MixtureParameters, made: Yields) -> None:
    """Refuse files that grid tools could not use, before anything is reserved.

    Raises
    ------
    FormatError
        Naming data set and line.
    """
    if not p.export_grid or p.blind or p.step not in ("all", "plan"):
        return
    ensemble = ensemble_of(p, made)
    jobs_of(ensemble.files, p.files_per_job)
    if weighted := [name for name in ensemble.files if made.catalogue[name].weight_branch]:
        message = (
            f"{', '.join(weighted)}: entries have weights, and grid jobs would take all alike;"
            " export_grid: false writes nothing for the grid"
        )
        raise FormatError(message)


def shares_for(p: MixtureParameters, made: Yields, plan: Plan, held: Held) -> list[Share]:
    """Return which events each job may use; none where a job has several files of a data set.

    Raises
    ------
    FormatError
        If jobs cannot do what was planned.
    """
    files = ensemble_of(p, made).files
    if p.files_per_job > 1:
        return []
    return planned_shares(plan, files) if p.mode == "art" else free_shares(plan, files, held)


def export(p: MixtureParameters, made: Yields, plan: Plan, run: Run) -> dict[str, Any]:
    """Write everything that the grid needs, and return the number of its jobs."""
    ensemble = ensemble_of(p, made)
    compat = made.parameters["compat"]
    held = Ledger(resolve(p.ledger)).held_by_others(plan.ensemble)
    shares = shares_for(p, made, plan, held)
    blindly = not shares and not {of for of, _ in held}.isdisjoint(source.identity for source in plan.sources)
    jobs = len(shares) if p.mode == "art" else jobs_of(ensemble.files, p.files_per_job)
    if shares and shares[0].first:
        ensemble = replace(ensemble, first=shares[0].first)
    common = fcl_text(ensemble, compat)
    texts = {FCL: common}
    for name, paths in ensemble.files.items():
        texts[f"filenames_{name}"] = "".join(f"{path}\n" for path in paths)
        texts[f"filenames_{name}_{jobs}.txt"] = "".join(f"{PurePath(path).name}\n" for path in paths)
    lacking = {index: share.lacking for index, share in enumerate(shares) if share.lacking}
    for index in range(min(jobs, MOST_JOBS_WRITTEN)):
        if index not in lacking:
            share = shares[index] if shares else Share()
            # a job's text adds its index to the first seed; older productions had one seed for all
            mine = replace(ensemble, sampling_seed=p.sampling_seed - index) if p.legacy_seed else ensemble
            texts[f"job_{index}.fcl"] = job_text(
                common, mine, index, p.files_per_job, share.most, _every(share, ensemble, plan, index)
            )
    told = [BLINDLY] * blindly + _left_out(lacking)
    usable = _whole(shares) and not blindly
    texts["submit.txt"] = submit_text(ensemble, jobs, _warnings(p, compat, shares) + told, usable)
    for text in told:
        run.notice(text)
    for name, text in texts.items():
        with run.writing(f"grid/{name}") as part:
            part.write_text(text, encoding="utf-8")
    with run.writing(f"grid/{jobdef_name(ensemble)}") as part:
        part.write_bytes(
            jobdef_bytes(ensemble, common, p.setup, p.files_per_job, "mds1" if p.legacy_seed else compat)
        )
    return {"grid_jobs": jobs - len(lacking)}


def _every(share: Share, ensemble: Ensemble, plan: Plan, index: int) -> dict[str, EventId]:
    """Return where a job begins in each data set that the common configuration lets begin elsewhere."""
    first = dict(share.first)
    for name in ensemble.first.keys() - first.keys():
        source = next(one for one in plan.sources if one.path == ensemble.files[name][index])
        first[name] = EventId(*map(int, ids_of(source)[0]))
    return first


def _whole(shares: Sequence[Share]) -> bool:
    """Tell whether jobs may use whole files: a job definition says nothing else."""
    return not any(share.first or share.lacking for share in shares)


def _warnings(p: MixtureParameters, compat: str, shares: Sequence[Share]) -> list[str]:
    lines = []
    if p.legacy_seed:
        lines.append(
            "every job has the same sampling seed, as older productions had it: numbers spread too widely"
        )
    elif compat != "none" or p.sampling_seed != 1:
        lines.append(
            "the job definition gives every job the same sampling seed: only job_<index>.fcl differ in it"
        )
    if not _whole(shares):
        lines.append(
            "the job definition would use events of other ensembles: only job_<index>.fcl begin behind them"
        )
    if p.mode != "art":
        lines.append(
            "jobs draw numbers of their own, and the ledger does not reserve what they use: mode art does"
        )
    return lines


def _left_out(lacking: Mapping[int, Sequence[str]]) -> list[str]:
    return [
        f"there is no grid job {index}: other ensembles hold all of its {', '.join(names)}"
        for index, names in lacking.items()
    ]
