"""Which files of windows an input stands for, whether they belong together, and whether none is missing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit.ecal.access import WindowFile
from kit.ecal.ndjson_reading import ENDINGS
from kit.files import FormatError, locate, shown
from kit.manifest import MANIFEST
from kit.run import FinishedRun, RunError, complete_below, load

__all__ = ["STAGE", "Collected", "Source", "collect", "refuse_differences", "refuse_gaps"]

STAGE = "ecal/windows"
POINTS = "points.jsonl"
ROOT = b"root"  # how a ROOT file begins
NO_MATTER = {"inputs", "job", "jobs", "max_files", "first_event", "events", "flavour", "formats", "row_group"}
NO_MATTER |= {"chunk_events", "max_failed_fraction", "skip_bad", "workers", "working_point"}


@dataclass(frozen=True)
class Source:
    """A file of windows.

    Attributes
    ----------
    path : Path
        Parquet or text.
    sample : str
        The input that it was found through.
    about : dict
        What a parquet file of this kit says of itself; empty for others.
    sha256 : str
        What the manifest of the run that has made it says; empty where there is none.
    """

    path: Path
    sample: str
    about: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it must be read line by line."""
        return self.path.name.endswith(ENDINGS)

    @property
    def kind(self) -> str:
        """What is put together before others come: the flavour, or the input where the file does not say."""
        return str(self.about.get("flavour", self.sample))

    @property
    def origin(self) -> str:
        """The file of events that the windows are from, the file itself where that is not known."""
        return str(self.about.get("input", {}).get("path", self.path))


@dataclass(frozen=True)
class Collected:
    """All files, by flavour as it first came, then in the order of the files of events; the runs they are from.

    `points` is how many runs batch runs should have; 0 where the inputs do not tell.
    """

    sources: list[Source]
    runs: list[FinishedRun]
    points: int


def collect(inputs: Iterable[str]) -> Collected:
    """Return what inputs stand for: runs of windows, batch runs of them, parquet files, text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RunError
        If a folder holds no complete run of windows.
    FormatError
        If a run or a file is named twice, or is no file of windows.
    """
    sources: list[Source] = []
    runs: list[FinishedRun] = []
    points = 0
    for sample in inputs:
        for path in map(Path, locate([sample])):
            if path.is_dir():
                points += _points(path)
                for run in _runs(path):
                    runs.append(run)
                    sources += [_source(file, sample, stated) for file, stated in _files(run).items()]
            else:
                sources.append(_source(path, sample, _stated(path)))
    kinds = list(dict.fromkeys(source.kind for source in sources))
    sources.sort(key=lambda source: (kinds.index(source.kind), source.origin, str(source.path)))
    for kind, paths in (("runs", [run.directory for run in runs]), ("files", [source.path for source in sources])):
        twice = [shown(path) for path, number in Counter(paths).items() if number > 1]
        if twice:
            message = "\n  ".join([f"inputs name {kind} twice, the same windows would count twice:", *twice])
            raise FormatError(message)
    return Collected(sources, runs, points)


def refuse_gaps(collected: Collected, expected: int | None, *, accept_partial: bool) -> list[str]:
    """Return what is missing: jobs, and files that failed in a job.

    Raises
    ------
    RunError
        If something is missing and `accept_partial` is false, or if a job is there twice in any case.
    """
    missing, twice = [], []
    for group in _groups(collected.runs).values():
        jobs = Counter(int(run.parameters["job"]) for run in group)
        wanted = int(group[0].parameters["jobs"])
        gone = [str(job) for job in range(1, wanted + 1) if job not in jobs]
        if gone:
            missing.append(f"of {wanted} jobs of {shown(group[0].directory)} and others: {', '.join(gone)}")
        if wanted > 1:
            for job, number in jobs.items():
                if number > 1:
                    where = [shown(run.directory) for run in group if int(run.parameters["job"]) == job]
                    twice.append(f"job {job} of {wanted} is there {number} times: {', '.join(where)}")
    number = len(collected.runs) or len(collected.sources)
    wanted = expected or collected.points
    if wanted and number < wanted:
        missing.append(f"{wanted - number} of {wanted} expected jobs")
    for run in collected.runs:
        failed = [piece["path"] for piece in run.manifest.get("pieces", []) if piece["state"] == "failed"]
        missing += [f"{path}, which failed in {shown(run.directory)}" for path in failed]
    if expected and number > expected:
        twice.append(f"{number} jobs are there, {expected} expected")
    if twice or (missing and not accept_partial):
        text = [*twice, *(f"missing: {gap}" for gap in missing)]
        hint = [] if twice else ["accept_partial takes what is there"]
        raise RunError("\n  ".join(["the windows are not complete:", *text, *hint]))
    return missing


def refuse_differences(sources: Sequence[Source], *, mixed: bool) -> None:
    """Raise a FormatError naming two files and every item in which they differ.

    Labels, parameters, the table of working points and the version of the kit must be the same; with `mixed` the
    table may differ by flavour.
    """
    told = [source for source in sources if source.about]
    uuids: dict[str, Source] = {}
    for source in told:
        uuid = source.about["input"]["uuid"]
        if uuid in uuids:
            message = f"{uuids[uuid].path} and {source.path} are both from {source.origin}: its events count twice"
            raise FormatError(message)
        uuids[uuid] = source
    for first, source in ((told[0], other) for other in told[1:]):
        items = _differences(first.about, source.about, mixed=mixed)
        if items:
            message = f"{source.path} does not fit to {first.path}: {'; '.join(items)}"
            raise FormatError(message)


def _differences(one: Mapping[str, Any], other: Mapping[str, Any], *, mixed: bool) -> list[str]:
    pairs = [("kit", one["kit"], other["kit"])]
    if not (mixed and one["flavour"] != other["flavour"]):
        pairs.append(("working_point", one["working_point"]["name"], other["working_point"]["name"]))
        pairs.append(("its table", one["working_point"]["sha256"][:12], other["working_point"]["sha256"][:12]))
    names = sorted((one["parameters"].keys() | other["parameters"].keys()) - NO_MATTER)
    pairs += [(name, one["parameters"].get(name), other["parameters"].get(name)) for name in names]
    return [f"{name} is {second}, there {first}" for name, first, second in pairs if first != second]


def _source(path: Path, sample: str, sha256: str) -> Source:
    if path.name.endswith(ENDINGS):
        return Source(path, sample, {}, sha256)
    with path.open("rb") as stream:
        if stream.read(len(ROOT)) == ROOT:
            message = f"{path}: is a ROOT file, should be windows: {STAGE} makes them of it"
            raise FormatError(message)
    with WindowFile(path) as file:
        return Source(path, sample, file.about, sha256)


def _files(run: FinishedRun) -> dict[Path, str]:
    """Return the files of windows of a run with their checksums: parquet, or text where there is none."""
    sums = _sums(run)
    found = [path for path in sums if path.suffix == ".parquet"] or [p for p in sums if p.name.endswith(ENDINGS)]
    return {path: sums[path] for path in found}


def _sums(run: FinishedRun) -> dict[Path, str]:
    """Return the checksums of all outputs of a run, by their paths."""
    return {run.directory / output["path"]: output.get("sha256", "") for output in run.manifest["outputs"]}


def _stated(path: Path) -> str:
    """Return the checksum of a file in the manifest beside it; empty where no run has left one."""
    try:
        return _sums(load(path.parent)).get(path, "")
    except (FileNotFoundError, FormatError):  # alone, or beside a manifest of something else
        return ""


def _runs(folder: Path) -> list[FinishedRun]:
    runs = [run for run in complete_below(folder) if run.stage == STAGE]
    if not runs:
        others = sorted({run.stage for run in complete_below(folder)})
        held = f"; it holds runs of {', '.join(others)}" if others else ""
        state = "" if others or not (folder / MANIFEST).is_file() else "; it is not complete"
        message = f"{shown(folder)} holds no complete run of {STAGE}{held}{state}"
        raise RunError(message)
    return runs


def _groups(runs: Sequence[FinishedRun]) -> dict[str, list[FinishedRun]]:
    """Return the runs that differ in their share alone."""
    groups: dict[str, list[FinishedRun]] = {}
    for run in runs:
        rest = {
            k: v
            for k, v in run.parameters.items()
            if k not in ("job", "output", "interactive", "workers", "chunk_events")
        }
        groups.setdefault(json.dumps(rest, sort_keys=True), []).append(run)
    return groups


def _points(folder: Path) -> int:
    """Return how many points a batch run has; 0 where the folder is none."""
    path = folder / POINTS
    return (
        sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip()) if path.is_file() else 0
    )
