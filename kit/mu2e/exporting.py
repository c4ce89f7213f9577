"""What an ensemble needs on the grid: configuration, lists of files, one configuration a job, job definition."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from kit.mu2e.fcl import Ensemble, fcl_text, job_text
from kit.mu2e.jobdefs import jobdef_bytes, jobdef_name, jobs_of, submit_text
from kit.mu2e.mixture_options import MixtureParameters
from kit.mu2e.table import Yields
from kit.run import Run

__all__ = ["ensemble_of", "export", "refuse_ungridded"]

FCL = "SamplingInput_sr0.fcl"
MOST_JOBS_WRITTEN = 10_000


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
    if p.export_grid and not p.blind and p.step in ("all", "plan"):
        jobs_of(ensemble_of(p, made).files, p.files_per_job)


def export(p: MixtureParameters, made: Yields, run: Run) -> dict[str, Any]:
    """Write everything that the grid needs, and return the number of its jobs."""
    ensemble = ensemble_of(p, made)
    compat = made.parameters["compat"]
    jobs = jobs_of(ensemble.files, p.files_per_job)
    common = fcl_text(ensemble, compat)
    texts = {FCL: common}
    for name, paths in ensemble.files.items():
        texts[f"filenames_{name}"] = "".join(f"{path}\n" for path in paths)
        texts[f"filenames_{name}_{jobs}.txt"] = "".join(f"{PurePath(path).name}\n" for path in paths)
    for index in range(min(jobs, MOST_JOBS_WRITTEN)):
        texts[f"job_{index}.fcl"] = job_text(common, ensemble, index, p.files_per_job)
    seeded = compat == "none" and p.sampling_seed == 1
    texts["submit.txt"] = submit_text(ensemble, jobs, seeded)
    for name, text in texts.items():
        with run.writing(f"grid/{name}") as part:
            part.write_text(text, encoding="utf-8")
    with run.writing(f"grid/{jobdef_name(ensemble)}") as part:
        part.write_bytes(jobdef_bytes(ensemble, common, p.setup, p.files_per_job, compat))
    return {"grid_jobs": jobs}
