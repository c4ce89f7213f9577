"""Where jobs run, and what is special there: profiles as data, chosen by looking, overridable key by key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from kit import files, wording
from kit.batch import condor
from kit.batch.faults import SubmissionError
from kit.parameters import read_yaml

__all__ = ["NO_TICKET", "Site", "choose", "local", "on_shared_file_system"]

PROFILES = Path(__file__).parent / "profiles"
NETWORKED = ("nfs", "afs", "cvmfs", "gpfs", "lustre", "ceph", "beegfs", "eos", "panfs", "glusterfs")
NO_TICKET = "no Kerberos ticket: run `kinit` in a terminal, then repeat"
SWAN_FORM = (
    "HTCondor was not chosen for this session: in SWAN's start form choose `CERN HTCondor pool`, then run kinit"
)


@dataclass(frozen=True)
class Site:
    """A profile, and why it was chosen.

    Attributes
    ----------
    words : str
        What the site is called.
    shared : list of str
        Folders that jobs see, too; files elsewhere travel with the job.
    refused : dict
        Folders from which jobs cannot get files, with the rule.
    max_jobs : int or None
        Most jobs of one submission, where the site has such a limit.
    spool : bool
        Whether everything is sent to the schedd beforehand and fetched afterwards.
    kerberos : bool
        Whether a ticket is needed.
    live_progress : bool
        Whether progress lines reach the event log.
    disk_mb : int or None
        What is asked for where nobody says otherwise.
    lines : list of str
        Lines of the job description.
    """

    name: str
    ground: str
    words: str = ""
    shared: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    max_jobs: int | None = None
    spool: bool = False
    kerberos: bool = False
    live_progress: bool = False
    disk_mb: int | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def local(self) -> bool:
        """Whether the jobs are processes of this computer."""
        return self.name == "local"

    def sees(self, path: str) -> bool:
        """Tell whether jobs can read `path` where it lies; addresses they always can."""
        return files.is_remote(path) or any(_below(path, folder) for folder in self.shared)

    def check_inputs(self, paths: Iterable[str]) -> None:
        """Refuse inputs that jobs of this site cannot get, with the rule.

        Raises
        ------
        SubmissionError
            Naming the first path and the rule, and how many more there are.
        """
        paths = [path for path in paths if not files.is_remote(path)]
        for folder, rule in self.refused.items():
            if found := [path for path in paths if _below(path, folder)]:
                more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
                message = f"{found[0]}{more}: {self.name}: {rule}"
                raise SubmissionError(message)
        if unreadable := [path for path in paths if not os.access(path, os.R_OK)]:
            message = f"{unreadable[0]} cannot be read by you; see its permissions"
            raise SubmissionError(message)

    def lacks_ticket(self) -> bool:
        """Tell whether a Kerberos ticket is needed here and there is none."""
        return self.kerberos and (
            shutil.which("klist") is None or subprocess.run(["klist", "-s"], check=False).returncode != 0
        )

    def check_ticket(self) -> None:
        """Refuse to go on without a Kerberos ticket where one is needed."""
        if self.lacks_ticket():
            raise SubmissionError(NO_TICKET)


def choose(wanted: str, changes: Mapping[str, Any], directory: Path) -> Site:
    """Return the profile for jobs whose files lie in `directory`.

    Parameters
    ----------
    wanted : str
        Name of a profile, or ``auto``.
    changes : mapping
        Keys of the profile with other values.
    directory : Path
        Where the run is, or will be.

    Raises
    ------
    SubmissionError
        If no profile can be used here, or not for this directory, with the ways out.
    """
    if wanted == "auto":
        wanted, ground = _detected(directory)
    else:
        ground = "asked for"
        good, reason = (True, "") if wanted == "local" else condor.works()
        if not good:
            message = f"profile {wanted}: {_missing(reason)}"
            raise SubmissionError(message)
    site = Site(wanted, ground, **read_yaml(PROFILES / f"{wanted}.yaml"))
    known = {entry.name for entry in fields(Site)} - {"name", "ground"}
    if strangers := [name for name in changes if name not in known]:
        message = f"site.{strangers[0]} is not known{wording.suggestion(strangers[0], known)}"
        raise SubmissionError(message)
    site = replace(site, **changes)
    for folder, rule in site.refused.items():
        if _below(str(directory), folder):
            message = f"{directory}: {site.name}: {rule}"
            raise SubmissionError(message)
    return site


def local(ground: str = "here") -> Site:
    """Return the profile of this computer."""
    return Site("local", ground, **read_yaml(PROFILES / "local.yaml"))


def _missing(reason: str) -> str:
    on_swan = bool(os.environ.get("SWAN_HOME")) and os.environ.get("CERN_HTCONDOR") != "true"
    return SWAN_FORM if on_swan else f"{reason}; profile local runs the points on this computer"


def _detected(directory: Path) -> tuple[str, str]:
    good, reason = condor.works()
    if not good:
        return "local", _missing(reason)
    if _below(str(directory), "/afs"):
        return "cern-afs", "the run lies on AFS"
    if _below(str(directory), "/eos"):
        modules = os.environ.get("LOADEDMODULES", "")
        if "lxbatch/eossubmit" in modules or os.environ.get("CERN_HTCONDOR") == "true":
            return "cern-eos", "the run lies on EOS, and the eossubmit schedds are selected"
        if "lxbatch/spool" in modules:
            return "cern-spool", "the run lies on EOS, and lxbatch/spool is loaded"
        message = (
            f"{directory} lies on EOS, which the usual schedds do not know; `module load lxbatch/eossubmit` "
            "(all files on EOS) or `module load lxbatch/spool` (at most 100 jobs), then repeat"
        )
        raise SubmissionError(message)
    return "condor", f"condor_submit works ({reason})"


def on_shared_file_system(path: str) -> bool:
    """Tell whether `path` lies on a file system that other machines may have, too."""
    best, kind = "", ""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else ():
        _, place, type_, *_ = line.split()
        if _below(path, place) and len(place) >= len(best):
            best, kind = place, type_
    return any(word in kind.lower() for word in NETWORKED)


def _below(path: str, folder: str) -> bool:
    return Path(path) == Path(folder) or Path(path).is_relative_to(folder)
