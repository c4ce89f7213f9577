"""The job definition that the experiment's submission tools read: a tar with parameters and configuration."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from kit.files import FormatError
from kit.mu2e.fcl import GRID_EVENTS, Ensemble, output_name
from kit.mu2e.processes import Compat

__all__ = ["jobdef_bytes", "jobdef_name", "jobs_of", "submit_text"]

FIELD = re.compile(r"[A-Za-z0-9_.-]+")
FIELDS = 6  # of a Mu2e file name: tier, owner, description, configuration, sequencer, extension


def jobs_of(files: Mapping[str, Sequence[str]], files_per_job: int) -> int:
    """Return the number of jobs.

    Raises
    ------
    FormatError
        If data sets have unequal numbers of files, or a file no name of six fields: with data set and line.
    """
    faults = []
    for name, paths in files.items():
        for line, path in enumerate(paths, 1):
            base = PurePath(path).name
            fields = base.split(".")
            if len(fields) != FIELDS or not all(FIELD.fullmatch(one) for one in fields):
                faults.append(f"filenames_{name}:{line}: {base} should have {FIELDS} fields, dots between")
    lengths = {name: len(paths) for name, paths in files.items()}
    if len(set(lengths.values())) > 1:
        words = ", ".join(f"{name} {number}" for name, number in lengths.items())
        faults.append(f"data sets have unequal numbers of files: {words}")
    if faults:
        raise FormatError("\n".join([*faults[:20], "export_grid: false writes nothing for the grid"]))
    return -(-max(lengths.values(), default=0) // files_per_job)


def jobdef_name(ensemble: Ensemble) -> str:
    """Return the name of the tar."""
    return f"cnf.{ensemble.owner}.ensemble{ensemble.tag}.{ensemble.configuration}.0.tar"


def jobdef_bytes(ensemble: Ensemble, fcl: str, setup: str, files_per_job: int, compat: Compat = "none") -> bytes:
    """Return the tar: the same bytes for the same content.

    Each job has a sampling seed of its own, 1 + index, as the tools append it; where another first seed is wanted,
    or the original is to be reproduced, the seed is left out.
    """
    parameters = _parameters(ensemble, setup, files_per_job)
    if compat == "none" and ensemble.sampling_seed == 1:
        parameters["tbs"]["seed"] = "source.samplingSeed"
    text = json.dumps(parameters, indent=3, separators=(",", " : "), sort_keys=True) + "\n\n"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("jobpars.json", text), ("mu2e.fcl", fcl)):
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content.encode()), 0o644, 0
            tar.addfile(member, io.BytesIO(content.encode()))
    return stream.getvalue()


def submit_text(ensemble: Ensemble, jobs: int, warnings: Sequence[str] = (), usable: bool = True) -> str:
    """Return the command that submits all jobs, which the kit never calls, below what has to be known.

    Where the job definition is not `usable`, there is no command.
    """
    lines = [f"# {text}" for text in warnings]
    if usable:
        lines.append(
            f"mu2ejobsub --jobdef {jobdef_name(ensemble)} --firstjob=0 --njobs={jobs}"
            " --default-protocol ifdh --default-location tape"
        )
    return "\n".join(lines) + "\n"


def _parameters(ensemble: Ensemble, setup: str, files_per_job: int) -> dict[str, Any]:
    return {
        "jobname": jobdef_name(ensemble),
        "code": "",
        "setup": setup,
        "tbs": {
            "event_id": {"source.maxEvents": str(GRID_EVENTS), "source.run": ensemble.run},
            "subrunkey": "source.subRun",
            "outfiles": {"outputs.OutputMC.fileName": output_name(ensemble)},
            "samplinginput": {
                f"source.dataSets.{name}.fileNames": [files_per_job, [PurePath(path).name for path in paths]]
                for name, paths in ensemble.files.items()
            },
        },
    }
