"""The configuration of SamplingInput jobs, in FHiCL, as the experiment's own scripts lay it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kit.mu2e.processes import Compat

__all__ = ["Ensemble", "EventId", "fcl_text", "job_text", "output_name"]

MOST_EVENTS = 10_000_000  # of one subrun; the originals' cap
GRID_EVENTS = 2147483647


@dataclass(frozen=True)
class EventId:
    """Run, subrun and event from which on a data set is read."""

    run: int
    subrun: int
    event: int

    def __str__(self) -> str:
        """Return it as a configuration has it."""
        return f"{self.run}:{self.subrun}:{self.event}"


@dataclass(frozen=True)
class Ensemble:
    """What a configuration says.

    Attributes
    ----------
    livetime : float
        What the original calls so: wall seconds in mds1, on-spill seconds in mds3.
    files : mapping
        By data set, in the order in which they are written, the full path of its files.
    weights : mapping
        By data set.
    events : int
        Events of the ensemble.
    """

    tag: str
    owner: str
    configuration: str
    livetime: float
    wall: float
    on_spill: float
    r_mue: float
    dio_emin: float
    t_min: float
    run: int
    sampling_seed: int
    events: int
    files: Mapping[str, Sequence[str]]
    weights: Mapping[str, float]
    first: Mapping[str, EventId]


def output_name(ensemble: Ensemble, subrun: int = 0, tier: str = "dts", ending: str = "art") -> str:
    """Return the name of a job's output."""
    sequencer = f"{ensemble.run:06d}_{subrun:08d}"
    return f"{tier}.{ensemble.owner}.ensemble{ensemble.tag}.{ensemble.configuration}.{sequencer}.{ending}"


def fcl_text(ensemble: Ensemble, compat: Compat = "none") -> str:
    """Return the configuration of all jobs; what differs between them is set for each.

    In `compat` numbers are printed as the originals did, with six digits behind the point: a conversion rate is 0.
    """
    lines = ['#include "Production/JobConfig/ensemble/fcl/prolog.fcl"', "", *_header(ensemble, compat), "", ""]
    lines += [
        "process_name : SI",
        "",
        "source : { module_type : SamplingInput",
        "  inputCommands : @local::Ensemble.InputCommands",
        "  dropDescendantsOfDroppedBranches: false",
        f"  run : {ensemble.run}",
        "  subRun : 0",
        f"  samplingSeed : {ensemble.sampling_seed}",
        "  dataSets : { ",
    ]
    for name, files in ensemble.files.items():
        lines += [
            f"      {name}: {{",
            f'        fileNames : ["{files[0]}"]',
            f"        weight : {ensemble.weights[name]:e}",
        ]
        if name in ensemble.first:
            lines.append(f'        skipToEvent : "{ensemble.first[name]}"')
        lines.append("      }")
    lines += [
        " ",
        "  }",
        "}",
        "",
        "physics :",
        "{ ",
        "  EndPath : [ OutputMC ]",
        "  end_paths : [ EndPath ]",
        "}",
        "",
        "outputs : {",
        "  OutputMC : {",
        "    module_type : RootOutput",
        "    outputCommands : @local::Ensemble.OutputCommandsMC",
        f'    fileName : "{output_name(ensemble)}"',
        "  }",
        "",
        "}",
        "",
        "",
        "services.TimeTracker.printSummary: true",
        "physics.trigger_paths: []",
    ]
    return "\n".join(lines) + "\n"


def job_text(
    common: str,
    ensemble: Ensemble,
    index: int,
    files_per_job: int,
    most: int = GRID_EVENTS,
    first: Mapping[str, EventId] | None = None,
) -> str:
    """Return the configuration of one job: the common one, and below it what is this job's own.

    Parameters
    ----------
    common : str
        What `fcl_text` returns.
    ensemble : Ensemble
        What it was made of.
    index, files_per_job : int
        Which job, and how many files of each data set it has.
    most : int
        Events that it makes at most.
    first : mapping, optional
        By data set, the event that it begins with, where that is not the first one.

    Raises
    ------
    IndexError
        If there are no files left for this job.
    """
    start = index * files_per_job
    lines = [
        "",
        f"# job {index}",
        f"source.run : {ensemble.run}",
        f"source.subRun : {index}",
        f"source.maxEvents : {most}",
    ]
    for name, files in ensemble.files.items():
        mine = files[start : start + files_per_job]
        if not mine:
            message = f"{name} has {len(files)} files, none is left for job {index}"
            raise IndexError(message)
        listed = ", ".join(f'"{path}"' for path in mine)
        lines.append(f"source.dataSets.{name}.fileNames : [{listed}]")
        if first and name in first:
            lines.append(f'source.dataSets.{name}.skipToEvent : "{first[name]}"')
    lines.append(f"source.samplingSeed : {ensemble.sampling_seed + index}")
    lines.append(f'outputs.OutputMC.fileName : "{output_name(ensemble, index)}"')
    return common + "\n".join(lines) + "\n"


def _header(ensemble: Ensemble, compat: Compat) -> list[str]:
    """Return the comment block, whose numbers other scripts read."""
    events = min(ensemble.events, MOST_EVENTS)
    values = {
        "livetime": ensemble.livetime,
        "rue": ensemble.r_mue,
        "dem_emin": ensemble.dio_emin,
        "tmin": ensemble.t_min,
        "run": float(ensemble.run),
    }
    if compat == "mds3":
        del values["rue"]
        values = {("dioemin" if name == "dem_emin" else name): value for name, value in values.items()}
    if compat == "none":
        lines = [f"#{name}: {value!r}" for name, value in values.items()]
        times = [f"#livetime_wall: {ensemble.wall!r}", f"#livetime_on_spill: {ensemble.on_spill!r}"]
        return [*lines, f"#nevts: {events}", *times]
    return [*(f"#{name}: {value:f}" for name, value in values.items()), f"#nevts: {events}"]
