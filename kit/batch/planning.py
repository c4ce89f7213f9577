"""What a submission would be, before anything is written: its points, its jobs, its cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import files, wording
from kit.batch import checks, description, sites, sweeps
from kit.batch.chunks import UNKNOWN_SECONDS, flavour_for, number_of_chunks
from kit.batch.faults import SubmissionError
from kit.batch.notebooks import Notebook, find
from kit.batch.options import Options
from kit.batch.points import Point, code_of, numbered
from kit.batch.pool import workers_for
from kit.batch.script import environment_for
from kit.batch.sites import Site

__all__ = ["UNKNOWN_SECONDS", "Plan", "chunks_for", "known_seconds", "make_plan", "where"]


@dataclass(frozen=True)
class Plan:
    """Everything that is known before the first file is written.

    Attributes
    ----------
    notebook : Notebook
        What runs.
    fixed, sweep
        The values of all points, and the description of those that differ.
    points : list of Point
        In their order.
    options, site, environment
        How they are sent, where, and with which Python.
    inputs : list of str
        The input files of the points.
    seconds : float
        What a point is taken to need; `ground` says whence.
    notes : list of str
        What a person should hear.
    """

    notebook: Notebook
    fixed: dict[str, Any]
    sweep: Any
    points: list[Point]
    options: Options
    site: Site
    environment: dict[str, str]
    inputs: list[str]
    code: str
    seconds: float
    ground: str
    notes: list[str]

    @property
    def jobs(self) -> int:
        """The number of jobs."""
        return chunks_for(len(self.points), self.seconds, self.options, self.site)

    def told(self) -> dict[str, Any]:
        """Return the plan as the numbers that a person decides by."""
        jobs = self.jobs
        least, most = len(self.points) // jobs, -(-len(self.points) // jobs)
        return {
            "points": len(self.points),
            "jobs": jobs,
            "points a job": str(least) if least == most else f"{least} to {most}",
            "seconds a point": f"{self.seconds:.3g} ({self.ground})",
            "CPU hours": float(f"{len(self.points) * self.seconds * self.options.cpus / 3600:.3g}"),
            "memory a job": f"{self.options.memory_mb} MB",
            "time limit": "none" if self.site.local else self._limit(most * self.seconds),
            "input files": len(self.inputs),
            "where": f"{self.site.name}, {self.site.words} ({self.site.ground})",
        }

    def _limit(self, longest: float) -> str:
        if self.options.max_runtime:
            return f"{self.options.max_runtime} s"
        return self.options.flavour or flavour_for(longest)


def make_plan(
    stage: str, fixed: Mapping[str, Any], sweep: Any, options: Options, directory: Path | None = None
) -> Plan:
    """Return the plan for `stage` with values `fixed` over `sweep`, everything checked.

    Raises
    ------
    ParameterError, SubmissionError, FileNotFoundError, RunError
        Naming what cannot be used.
    """
    notebook = find(stage)
    sets = [dict(fixed) | values for values in sweeps.expand(sweep, notebook.model)]
    names = dict.fromkeys(name for values in sets for name in values)
    options, notes = _fitting(notebook, options)
    checks.check_notebook(notebook, [*names, *([options.seed_parameter] if options.seed_parameter else [])])
    typed = checks.checked(notebook, sets)
    inputs = [*checks.located(notebook, typed, _file_names(sweep)), *files.locate(options.inputs)]
    site, environment = where(options, directory or files.resolve("outputs"))
    site.check_inputs(inputs)
    code = code_of(notebook.content)
    points = numbered(code, typed, options.repeat, _seed(notebook, options))
    seconds, ground = known_seconds(notebook, code)
    return Plan(
        notebook, dict(fixed), sweep, points, options, site, environment, inputs,
        code, seconds, ground, notes + _shared_seed(notebook, points) + [sites.NO_TICKET] * site.lacks_ticket(),
    )  # fmt: skip


def where(options: Options, directory: Path) -> tuple[Site, dict[str, str]]:
    """Return where jobs run whose files lie in `directory`, and how they get their Python.

    Raises
    ------
    SubmissionError
        If these options cannot be had there.
    """
    site = sites.choose(options.profile, options.site, directory)
    if options.dag and site.local:
        message = "a DAG needs HTCondor; on this computer leave --dag out"
        raise SubmissionError(message)
    if options.notify == "mail" and not options.dag:
        message = "mail comes from the last node of a DAG: add --dag, or take notify `command: PROGRAM`"
        raise SubmissionError(message)
    description.check_extra(options.extra)
    if not site.local:
        description.check_folder(directory)
    return site, environment_for(options, site)


def _fitting(notebook: Notebook, options: Options) -> tuple[Options, list[str]]:
    """Return options that fit the notebook: only Python kernels can be forked."""
    if checks.language_of(notebook) == "python" or options.isolation == "kernel":
        return options, []
    note = f"the notebook is in {checks.language_of(notebook)}: each point starts an ordinary kernel"
    return options.with_values(isolation="kernel"), [note]


def _seed(notebook: Notebook, options: Options) -> str | None:
    """Return the parameter that gets a number of its own at each point; `seed` where points are repeated."""
    if options.seed_parameter:
        if options.seed_parameter not in notebook.values:
            message = (
                f"seed_parameter: {options.seed_parameter} is not known to the notebook"
                + wording.suggestion(options.seed_parameter, notebook.model.model_fields)
            )
            raise SubmissionError(message)
        return options.seed_parameter
    return "seed" if options.repeat > 1 and "seed" in notebook.values else None


def _shared_seed(notebook: Notebook, points: list[Point]) -> list[str]:
    """Say so when all points of a foreign notebook draw the same random numbers."""
    if notebook.own or len(points) < 2 or "seed" not in notebook.values:
        return []
    seeds = {point.parameters.get("seed") for point in points}
    if len(seeds) > 1:
        return []
    return [f"all {len(points)} points share one seed; --seed-parameter seed gives each its own"]


def _file_names(sweep: Any) -> Iterable[str]:
    """Return the parameters that a sweep takes from files."""
    if isinstance(sweep, Mapping):
        for name, part in sweep.items():
            if name in ("grid", "zip") and isinstance(part, Mapping):
                yield from _file_names(part)
            elif isinstance(part, Mapping) and "files" in part:
                yield name


def chunks_for(points: int, seconds: float, options: Options, site: Site) -> int:
    """Return the number of chunks for so many points of so many seconds.

    Raises
    ------
    SubmissionError
        If `per_job` would make more jobs than the site takes at once.
    """
    most = min(options.max_jobs, site.max_jobs or options.max_jobs)
    jobs = number_of_chunks(points, seconds, options, most, workers_for(options) if site.local else 0)
    if site.max_jobs and jobs > site.max_jobs:
        message = (
            f"{points} points, {options.per_job} a job, would be {jobs} jobs; {site.name} takes {site.max_jobs} "
            f"at once: let per_job be {-(-points // site.max_jobs)} or more"
        )
        raise SubmissionError(message)
    return jobs


def known_seconds(notebook: Notebook, code: str) -> tuple[float, str]:
    """Return what a point took in earlier runs of the same code, else a guess, and which of them it is."""
    folder = files.resolve("outputs") / notebook.stage
    for record in sorted(folder.glob("*/submission.json"), reverse=True)[:20]:
        report = record.parent / "merged" / "report.json"
        if report.is_file() and files.read_json(record).get("code") == code:
            spread = files.read_json(report).get("seconds")
            if spread:
                return max(0.1, float(spread["median"])), f"median of {files.shown(record.parent)}"
    return UNKNOWN_SECONDS, "a guess: nobody has measured it"
