"""What HTCondor is told about jobs, as text to read, to edit and to submit by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.batch.chunks import Chunk, flavour_for
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.sites import Site

__all__ = ["Job", "check_extra", "check_folder", "describe", "describe_gate", "fit", "live"]

MANY_JOBS = 1000  # above, the schedd makes jobs only as they are needed
GATE_MEMORY = 500  # MB; what a table of a hundred thousand points takes
ENVIRONMENT = '"HOME=./ PYTHONDONTWRITEBYTECODE=1"'
# a line would end, or a list, or a text in quotes; a macro would be put in
UNFIT = re.compile(r"""[\x00-\x1f\x7f,"]|\$+\w*\(|\\$|^\s|\s$""")
UNFIT_FOLDER = re.compile(
    r"[\x00-\x1f\x7f]|\$\$\("
)  # put in as late as on the machine, into the path of the executable
HELD_TIMES = 4  # releases after which a job stays held
OURS = ("log", "queue", "executable", "arguments", "submit_event_notes", "when_to_transfer_output",
        "should_transfer_files", "output", "error", "batch_name", "initialdir")  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What is the same for all jobs of a round.

    Attributes
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
    node : bool
        Whether each chunk is a node of a DAG, which hands over its columns and keeps the log itself.
    derived : bool
        Whether the jobs make their points themselves, from what an earlier stage has left.
    """

    number: str
    name: str
    seconds: float
    log: str
    transfers: bool = False
    node: bool = False
    derived: bool = False

    @property
    def result(self) -> str:
        """Name of the result files inside the job; an earlier stage's have the other letter."""
        return f"{'d' if self.derived else 'r'}{self.number}_$(chunk)"


def describe(job: Job, options: Options, site: Site, chunks: Sequence[Chunk]) -> str:
    """Return the job description of a round: ``queue … from chunks.txt``, or one for each node of a DAG."""
    points = [] if job.derived else ["points/$(chunk).jsonl"]
    inputs = ["worker", "worker.json", "../../notebook.ipynb", *points, *_further(options, site)]
    outputs = [f"{job.result}.jsonl", f"{job.result}.tar", *(["points_$(chunk).jsonl"] if job.derived else [])]
    lines = [
        ("executable", "run.sh"),
        ("arguments", f"$(chunk) --round {job.number}{' --derived' if job.derived else ''}"),
        ("transfer_input_files", ", ".join([*inputs, *(["$(files)"] if job.transfers else [])])),
        ("transfer_output_files", ", ".join(outputs)),
        ("transfer_output_remaps", f'"{_destinations(job, options)}"'),
        ("should_transfer_files", "YES"),
        ("when_to_transfer_output", "ON_EXIT_OR_EVICT" if options.keep_on_evict else "ON_EXIT"),
        ("output", "logs/$(dir)/$(chunk).out"),
        ("error", "logs/$(dir)/$(chunk).err"),
        *(
            []
            if job.node
            else [
                ("log", job.log),
                ("submit_event_notes", "chunk $(chunk)"),
                ("batch_name", UNFIT.sub("_", job.name)),
            ]
        ),
        *_requests(options, site),
        ("max_retries", str(options.retries)),
        ("notification", "Never"),
        *_time(job, options),
        ("+WantIOProxy", "True" if live(options, site) else "False"),
        ("environment", ENVIRONMENT),
        *_image(options),
    ]
    if len(chunks) > MANY_JOBS and not site.spool and not job.node:
        lines.append(("max_materialize", str(options.max_running)))
    columns = f"chunk, dir, mem{', files' if job.transfers else ''}"
    return _text(lines, site, options, "" if job.node else f" {columns} from chunks.txt")


def describe_gate(job: Job, options: Options, site: Site, results: Sequence[str]) -> str:
    """Return the description of a DAG's last node for a stage: it merges `results` and counts."""
    points = "points.jsonl, chunks.json" if job.derived else ""
    inputs = ["worker", *([] if job.derived else ["../../points.jsonl"]), *results]
    outputs = ["points.csv", "report.json", *([points] if points else [])]
    remaps = ["points.csv=../../merged/points.csv", "report.json=../../merged/report.json"]
    remaps += ["points.jsonl=../../points.jsonl"] if job.derived else []
    derived = f" --derived --memory-mb {options.memory_mb}" if job.derived else ""
    lines = [
        ("executable", "run.sh"),
        ("arguments", f"gate --accept {options.accept}{derived}"),
        ("transfer_input_files", ", ".join(inputs)),
        ("transfer_output_files", ", ".join(outputs)),
        ("transfer_output_remaps", f'"{";".join(remaps)}"'),
        ("should_transfer_files", "YES"),
        ("when_to_transfer_output", "ON_EXIT"),
        ("output", "logs/gate.out"),
        ("error", "logs/gate.err"),
        ("request_cpus", "1"),
        ("request_disk", "200MB"),
        ("request_memory", f"{GATE_MEMORY}MB"),
        ("notification", "Complete" if options.notify == "mail" else "Never"),
        ("+JobFlavour", '"espresso"'),
        ("environment", ENVIRONMENT),
        *_image(options),
    ]
    return _text(lines, site, options, "")


def fit(text: str) -> str:
    """Return a path, a name or an address that a description can hold.

    Raises
    ------
    SubmissionError
        If something in it would mean more to HTCondor than a sign of a name.
    """
    if found := UNFIT.search(text):
        message = f"{text!r}: HTCondor's lists cannot hold a name with {found[0]!r}; rename it"
        raise SubmissionError(message)
    return text


def check_folder(directory: Path) -> None:
    """Refuse a directory that jobs could not be sent from.

    Raises
    ------
    SubmissionError
        Naming what in its path HTCondor would take for something else.
    """
    if found := UNFIT_FOLDER.search(str(directory)):
        message = f"{str(directory)!r}: HTCondor cannot work in a folder with {found[0]!r}; rename it"
        raise SubmissionError(message)


def _text(lines: Sequence[tuple[str, str]], site: Site, options: Options, queue: str) -> str:
    width = max(len(name) for name, _ in lines)
    text = [f"{name.ljust(width)} = {value}" for name, value in lines]
    return "\n".join([*text, *site.lines, *options.extra, f"queue{queue}"]) + "\n"


def _image(options: Options) -> list[tuple[str, str]]:
    image = options.environment.get("image")
    return [("MY.SingularityImage", f'"{fit(image)}"')] if image else []


def live(options: Options, site: Site) -> bool:
    """Tell whether jobs send progress lines."""
    return site.live_progress if options.live_progress is None else options.live_progress


def _further(options: Options, site: Site) -> list[str]:
    """Return the files that every job gets beside its own."""
    archive = options.environment.get("archive")
    return [fit(path) for path in [*options.inputs, *([archive] if archive else [])] if not site.sees(path)]


def _destinations(job: Job, options: Options) -> str:
    """Return where the results go: small lines home, the files of the points to another place if one is named."""
    home = f"r{job.number}_$(chunk)"
    if ";" in options.output_url or "=" in options.output_url:
        message = f"output_url is {options.output_url!r}, should be an address without ; and ="
        raise SubmissionError(message)
    tar = f"{fit(options.output_url).rstrip('/')}/" if options.output_url else "../../results/"
    places = [f"{job.result}.jsonl=../../results/{home}.jsonl", f"{job.result}.tar={tar}{home}.tar"]
    if job.derived:
        places.append("points_$(chunk).jsonl=points/points_$(chunk).jsonl")
    return ";".join(places)


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
        for part in line.splitlines():  # a text of several lines is as many commands
            name = "".join(part.partition("=")[0].lower().split(maxsplit=1)[:1])
            if name in OURS or name.startswith("transfer_"):
                message = f"extra: {line!r} changes {name}, which the kit relies on; leave it out"
                raise SubmissionError(message)
