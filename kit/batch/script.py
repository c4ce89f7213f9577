"""How jobs get their Python, and the script that prepares them and becomes the worker."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from kit import files
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.sites import Site, on_shared_file_system

__all__ = ["environment_for", "script", "worker_environment"]


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
        f"jobs may not see {prefix}, where this Python is; say what they use, as `--environment python=PATH` (one "
        "that they see), setup=SCRIPT (to source), image=CONTAINER or archive=FILE; or --profile local"
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
if [ -n "${{_CONDOR_SCRATCH_DIR:-}}" ] && [ "$1" != gate ]; then # a result file that is missing would hold the job
  kind=r
  case " $* " in *" --derived "*) kind=d; : >>"points_$1.jsonl" ;; esac
  : >>"$kind$3_$1.jsonl"
  : >>"$kind$3_$1.tar"
fi
{_activation(environment)}
if [ "$1" = gate ]; then
  shift
  exec "$python" -m worker.gate "$@"
fi
exec "$python" -m worker "$@"
"""


def _activation(environment: dict[str, str]) -> str:
    lines = []
    if setup := environment.get("setup"):
        place = shlex.quote(setup if "/" in setup else f"./{setup}")  # a bare name would be looked for in PATH
        lines.append(f"[ -r {place} ] || {_refusal(setup)}\nset +eu\n. {place} >&2\nset -eu")
    if archive := environment.get("archive"):
        name = shlex.quote(Path(archive).name)
        where = f'archive="$here"/{name}\n[ -f "$archive" ] || archive={shlex.quote(archive)}'
        lines.append(f"{where}\nmkdir -p environment")
        lines.append(f'tar -xf "$archive" -C environment || {_refusal(archive)}')
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


def _refusal(path: str) -> str:
    """Return what ends a job without its environment: as a fault of the machine, which is tried again."""
    return f'{{ echo "run.sh:" {shlex.quote(path)} "cannot be used on $(hostname)" >&2; exit 65; }}'


def _absolute(path: str) -> str:
    return os.pathsep.join(str(Path(part).absolute()) for part in path.split(os.pathsep) if part)


def worker_environment(scratch: Path) -> dict[str, str]:
    """Return the environment of a worker on this computer: the project's root, one cache, kernels of the user."""
    kernels = [os.environ.get("JUPYTER_PATH"), str(Path("~/.local/share/jupyter").expanduser())]
    own = {
        "KIT_HOME": str(files.home()),
        "KIT_CACHE": str(scratch / "cache"),
        "JUPYTER_PATH": os.pathsep.join(filter(None, kernels)),  # the worker has another home
    }
    dropped = ("KIT_PROGRESS", "KIT_PROGRESS_WIDTH", "JPY_PARENT_PID", "MPLBACKEND")
    return {name: value for name, value in os.environ.items() if name not in dropped} | own
