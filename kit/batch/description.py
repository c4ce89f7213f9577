"""What HTCondor is told: the job description and the script that starts the worker, as text to read and edit."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from kit.batch.chunks import Chunk, flavour_for
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.sites import Site, on_shared_file_system

__all__ = ["Job", "check_extra", "describe", "environment_for", "script"]

MANY_JOBS = 1000  # above, the schedd makes jobs only as they are needed
HELD_TIMES = 4  # releases after which a job stays held
OURS = ("log", "queue", "executable", "arguments", "submit_event_notes", "when_to_transfer_output",
        "should_transfer_files", "output", "error", "batch_name")  # fmt: skip


class Job:
    """What is the same for all jobs of a round.

    Parameters
    ----------
    number : str
        Number of the round, three digits.
    name : str
        What the queue shows.
    seconds : float
        Time that the longest chunk should need.
    log : str
        Name of the event log.
    transfers : bool
        Whether the chunks bring input files of their own (a fourth column of ``chunks.txt``).
    """

    def __init__(self, number: str, name: str, seconds: float, log: str, *, transfers: bool = False) -> None:
        self.number = number
        self.name = name
        self.seconds = seconds
        self.log = log
        self.transfers = transfers


def describe(job: Job, options: Options, site: Site, chunks: Sequence[Chunk]) -> str:
    """Return the job description of a round, for ``queue … from chunks.txt``."""
    result = f"r{job.number}_$(chunk)"
    columns = "chunk, dir, mem, files" if job.transfers else "chunk, dir, mem"
    inputs = ["worker", "worker.json", "../../notebook.ipynb", "points/$(chunk).jsonl", *_further(options, site)]
    lines = [
        ("executable", "run.sh"),
        ("arguments", f"$(chunk) --round {job.number}"),
        ("transfer_input_files", ", ".join([*inputs, *(["$(files)"] if job.transfers else [])])),
        ("transfer_output_files", f"{result}.jsonl, {result}.tar"),
        *_destinations(result, options),
        ("should_transfer_files", "YES"),
        ("when_to_transfer_output", "ON_EXIT_OR_EVICT" if options.keep_on_evict else "ON_EXIT"),
        ("log", job.log),
        ("output", "logs/$(dir)/$(chunk).out"),
        ("error", "logs/$(dir)/$(chunk).err"),
        ("submit_event_notes", "chunk $(chunk)"),
        *_requests(options, site),
        ("max_retries", str(options.retries)),
        ("batch_name", job.name),
        ("notification", "Never"),
        *_time(job, options),
        ("+WantIOProxy", "True" if live(options, site) else "False"),
        ("environment", '"HOME=./ PYTHONDONTWRITEBYTECODE=1"'),
    ]
    if options.environment.get("image"):
        lines.append(("MY.SingularityImage", f'"{options.environment["image"]}"'))
    if len(chunks) > MANY_JOBS and not site.spool:
        lines.append(("max_materialize", str(options.max_running)))
    width = max(len(name) for name, _ in lines)
    text = "\n".join(f"{name.ljust(width)} = {value}" for name, value in lines)
    further = "\n".join([*site.lines, *options.extra])
    return f"{text}\n{further}{chr(10) if further else ''}queue {columns} from chunks.txt\n"


def live(options: Options, site: Site) -> bool:
    """Tell whether jobs send progress lines."""
    return site.live_progress if options.live_progress is None else options.live_progress


def _further(options: Options, site: Site) -> list[str]:
    """Return the files that every job gets beside its own."""
    archive = options.environment.get("archive")
    return [path for path in [*options.inputs, *([archive] if archive else [])] if not site.sees(path)]


def _destinations(result: str, options: Options) -> list[tuple[str, str]]:
    """Return where the results go: small lines home, the files of the points to another place if one is named."""
    tar = f"{options.output_url.rstrip('/')}/" if options.output_url else "../../results/"
    remaps = f"{result}.jsonl=../../results/{result}.jsonl;{result}.tar={tar}{result}.tar"
    return [("transfer_output_remaps", f'"{remaps}"')]


def _requests(options: Options, site: Site) -> list[tuple[str, str]]:
    """Return cores, disk and memory; what was held for its memory comes again with more."""
    last = "ifThenElse(isUndefined(MemoryUsage), 0, MemoryUsage * 3 / 2)"
    more = f"min({{max({{$(mem) * pow(2, NumHolds), {last}}}), {options.memory_max_mb}}})"
    policy = "HoldReasonCode =?= 21 && HoldReasonSubCode =?= 102"
    disk = site.disk_mb if site.disk_mb and "disk_mb" not in options.model_fields_set else options.disk_mb
    return [
        ("request_cpus", str(options.cpus)),
        ("request_disk", f"{disk}MB"),
        ("request_memory", f"ifThenElse(isUndefined(NumHolds), $(mem), {more})"),
        ("periodic_release", f"(HoldReasonCode =?= 34 || ({policy})) && NumHolds < {HELD_TIMES}"),
    ]


def _time(job: Job, options: Options) -> list[tuple[str, str]]:
    if options.max_runtime:
        return [("+MaxRuntime", str(options.max_runtime))]
    return [("+JobFlavour", f'"{options.flavour or flavour_for(job.seconds)}"')]


def check_extra(lines: Sequence[str]) -> None:
    """Refuse further lines that would change what the kit relies on.

    Raises
    ------
    SubmissionError
        Naming the line.
    """
    for line in lines:
        name = line.partition("=")[0].strip().lower()
        if name.split(" ")[0] in OURS or name.startswith("transfer_"):
            message = f"extra: {line!r} changes {name.split(' ')[0]}, which the kit relies on; leave it out"
            raise SubmissionError(message)


def environment_for(options: Options, site: Site) -> dict[str, str]:
    """Return how jobs get their Python: as asked for, else this one where they can see it.

    Raises
    ------
    SubmissionError
        If they cannot, and nothing was asked for.
    """
    if options.environment or site.local:
        return options.environment or {"python": sys.executable}
    prefix = str(Path(sys.prefix).resolve())
    if site.sees(prefix) or on_shared_file_system(prefix):
        return {"python": sys.executable}
    message = (
        f"jobs may not see {prefix}, where this Python is; say what they use: environment.python (a path that "
        "they see), environment.setup (a script to source), environment.image or environment.archive"
    )
    raise SubmissionError(message)


def script(environment: dict[str, str], cpus: int) -> str:
    """Return ``run.sh``: it prepares the environment of the job and becomes the worker."""
    threads = " ".join(f"{name}_NUM_THREADS={cpus}" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA"))
    return f"""#!/bin/sh
# Starts the worker of one chunk in the current directory: sh run.sh CHUNK --round NUMBER [OPTIONS].
# Written by the kit; can be read, changed and run by hand.
set -eu
here=$PWD
cache=${{KIT_CACHE:-$here/cache}}
PATH=${{PATH:-/usr/local/bin:/usr/bin:/bin}}
export PATH HOME="$here" PYTHONDONTWRITEBYTECODE=1
export IPYTHONDIR="$here/ipython" JUPYTER_RUNTIME_DIR="$here/jupyter" JUPYTER_PLATFORM_DIRS=1
export MPLCONFIGDIR="$cache/matplotlib" NUMBA_CACHE_DIR="$cache/numba" XDG_CACHE_HOME="$cache"
export KIT_HOME="${{KIT_HOME:-$here/project}}"
export {threads}
export JE_ARROW_MALLOC_CONF=background_thread:false # so that pyarrow can be imported before kernels are forked
mkdir -p "$IPYTHONDIR" "$JUPYTER_RUNTIME_DIR" "$MPLCONFIGDIR" "$NUMBA_CACHE_DIR" "$KIT_HOME"
if [ -n "${{_CONDOR_SCRATCH_DIR:-}}" ]; then # a result file that is missing would hold the job
  : >>"r$3_$1.jsonl"
  : >>"r$3_$1.tar"
fi
{_activation(environment)}
exec "$python" -m worker "$@"
"""


def _activation(environment: dict[str, str]) -> str:
    lines = []
    if setup := environment.get("setup"):
        lines.append(f"set +eu\n. {shlex.quote(setup)} >&2\nset -eu")
    if archive := environment.get("archive"):
        name = shlex.quote(Path(archive).name)
        where = f'archive="$here"/{name}\n[ -f "$archive" ] || archive={shlex.quote(archive)}'
        lines.append(f'{where}\nmkdir -p environment && tar -xf "$archive" -C environment')
        lines.append('PATH="$here/environment/bin:$PATH"')
    if python := environment.get("python"):
        lines.append(f"python={shlex.quote(python)}\nPATH={shlex.quote(str(Path(python).parent))}:$PATH")
        if path := os.environ.get("PYTHONPATH"):  # the same Python finds the same modules
            lines.append(f"export PYTHONPATH={shlex.quote(_absolute(path))}")
    else:
        lines.append("python=python3")
    lines.append(
        'command -v "$python" >/dev/null || { echo "run.sh: there is no $python on $(hostname)" >&2; exit 65; }'
    )
    return "\n".join(lines)


def _absolute(path: str) -> str:
    return os.pathsep.join(str(Path(part).absolute()) for part in path.split(os.pathsep) if part)
