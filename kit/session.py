"""Where this session runs, as its environment tells: SWAN, Binder, lxplus; and what is to be chosen there.

The names are those that the services set themselves. SWAN: swan-cern/jupyter-images and jupyterhub-extensions on
GitHub. Binder: BinderHub's documentation. MEM_LIMIT: JupyterHub's documentation of spawners.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["advice", "memory_limit", "place"]

STACK = "LCG_110"  # SWAN's recommended one; any from LCG_106 on has Python 3.11
OLDEST = (3, 11)
ENOUGH = 4e9  # bytes; a kernel, its figures and a job beside it
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def place() -> str:
    """Return ``SWAN``, ``Binder``, ``lxplus`` or, anywhere else, nothing."""
    there = os.environ
    if any(name in there for name in ("SWAN_HOME", "SWAN_ENV_FILE", "SWAN_LIB_DIR")):
        return "SWAN"
    if "BINDER_SERVICE_HOST" in there or "BINDER_REPO_URL" in there:
        return "Binder"
    return "lxplus" if re.match(r"lxplus\d*\b", socket.gethostname()) else ""


def memory_limit() -> int | None:
    """Return how many bytes of memory the session may use, None where nobody says."""
    told = re.fullmatch(r"(\d+)([KMGT]?)", os.environ.get("MEM_LIMIT", ""))
    return int(told[1]) * UNITS[told[2]] if told and int(told[1]) else None


def advice() -> Iterator[tuple[str, str, str]]:
    """Yield what a session is and what should be chosen in its place: subject, state and text, as of `kit check`.

    Anywhere else than at the known places there is nothing to say.
    """
    where = place()
    if where == "SWAN":
        yield from _swan()
    elif where == "Binder":
        text = "nothing that is written here is kept: download it; no XRootD, no HTCondor, one or two GB of memory"
        yield "Binder", "good", text
    elif where == "lxplus":
        yield "lxplus", "good", "submit from AFS with --profile cern-afs, from EOS with --profile cern-eos"
    limit = memory_limit()
    if where and limit and limit < ENOUGH:
        choice = "; choose 8 GB in the form" if where == "SWAN" else ": one stage at a time, and small inputs"
        yield "memory of the session", "absent", f"{limit / 1e9:.1f} GB{choice}"


def _swan() -> Iterator[tuple[str, str, str]]:
    stack = os.environ.get("ROOT_LCG_VIEW_NAME", "")
    own = sys.prefix != sys.base_prefix
    if own:
        text = f"custom environment {Path(sys.prefix).name}, Python {_version()}; it is made anew for each session"
        yield "SWAN software", "good", text
    elif sys.version_info < OLDEST:
        text = (
            f"stack {stack or 'of unknown name'} has Python {_version()}: choose {STACK}, or a custom environment"
        )
        yield "SWAN software", "bad", text
    else:
        text = (
            f"stack {stack or 'of unknown name'}, Python {_version()}, lacks papermill and voila: choose a custom "
            "environment with the project's address and builder venv, or install the project with --user"
        )
        yield "SWAN software", "absent", text
    if os.environ.get("SWAN_USE_LOCAL_PACKAGES") == "true" and own:
        yield (
            "SWAN packages",
            "absent",
            "those of CERNBox come before those of the environment: leave that box empty",
        )
    if os.environ.get("CERN_HTCONDOR") == "true":
        yield "SWAN pool", "good", "HTCondor was chosen in the form; run kinit in a terminal before kit submit"
    else:
        yield (
            "SWAN pool",
            "absent",
            "no pool: for batch jobs choose HTCondor CERN in the form when the session starts",
        )
    home = os.environ.get("SWAN_HOME", "")
    if home.startswith("/eos/") or "CERNBOX_HOME" in os.environ:
        yield (
            "SWAN home",
            "good",
            "on EOS, which is slow for many small files: results are kept there, scratch in /tmp",
        )


def _version() -> str:
    return ".".join(map(str, sys.version_info[:3]))
