"""How a run stands: every point in exactly one state, from the result lines and the event logs alone."""

from __future__ import annotations

import contextlib
import json
import re
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.chunks import Chunk
from kit.batch.dag import state_of_dagman
from kit.batch.events import EventLog, Job
from kit.batch.reasons import is_memory
from kit.batch.results import LETTERS, NAMES, NONE, Results
from kit.batch.rounds import BatchRun, Round
from kit.batch.sending import standing
from kit.batch.spooled import is_at_schedd, refresh
from kit.batch.tenancy import is_alive

__all__ = ["STATES", "ChunkState", "Status", "status_of"]

WITH_LINE = tuple(LETTERS)
WITHOUT_LINE = ("waiting", "running", "held", "missing")
STATES = (*WITH_LINE, *WITHOUT_LINE)
NUMBER = re.compile(r"\d+(\.\d+)?(e[-+]?\d+)?")
CACHE = "state.json"
CACHE_FORM = 1


@dataclass(frozen=True)
class ChunkState:
    """A chunk of one round with its job; `state` is that of its points without a line."""

    round: Round
    chunk: Chunk
    state: str
    job: Job | None
    process: int
    left: int

    @property
    def result(self) -> str:
        """Name of its result files."""
        return f"r{self.round.number}_{self.chunk.name}"


class Status:
    """A run at one moment; `read` brings it up to date.

    Attributes
    ----------
    counts : dict
        Number of points by state; their sum is the number of points.
    chunks : list of ChunkState
        The chunks of the latest round.
    notes : list of str
        What a person should know: no log yet, not submitted, lines that cannot be used.
    """

    def __init__(self, run: BatchRun) -> None:
        self.run = run
        self.results = Results(run)
        self.logs: dict[str, EventLog] = {}
        self.counts: dict[str, int] = {}
        self.chunks: list[ChunkState] = []
        self.earlier: list[ChunkState] = []
        self.notes: list[str] = []
        self.dag_is_alive = False
        self.dag_is_held = False
        self.gate: Job | None = None

    def read(self) -> bool:
        """Look at logs and results, and tell whether anything is new."""
        rounds = self.run.rounds
        self.notes = []
        changed = False
        states = []
        for place, round_ in enumerate(rounds):
            log = self._log(round_)
            if is_at_schedd(round_):
                self.notes += filter(None, [refresh(round_, log)])
            changed |= log.read()
            states += self._chunk_states(round_, log, latest=place == len(rounds) - 1)
        ended = {state.result for state in states if state.job and not state.job.alive}
        changed |= self.results.read(ended)
        self._count(states, rounds[-1] if rounds else None)
        self.notes += [f"{name} {text}" for name, text in self.results.problems.items()]
        return changed

    @property
    def total(self) -> int:
        """The number of points."""
        return len(self.results.letters)

    @property
    def alive(self) -> bool:
        """Whether jobs may still bring results, or a DAG has not come to its end."""
        return self.dag_is_alive or any(state.state in ("waiting", "running", "held") for state in self.chunks)

    @property
    def stuck(self) -> bool:
        """Whether all that is left is held, and will not go on by itself."""
        living = [state.job for state in self.chunks if state.state in ("waiting", "running", "held")]
        if self.dag_is_held:  # it starts no node; what runs comes to its end
            return not any(job and job.state == "running" for job in living)
        if self.dag_is_alive and not living:
            living = [self.gate]
        return bool(living) and all(job and job.state == "held" and not is_memory(job) for job in living)

    @property
    def good(self) -> bool:
        """Whether all points are done."""
        return self.counts["done"] == self.total

    @property
    def seconds(self) -> float | None:
        """Median time of the done points, None where there is none."""
        times = [
            seconds
            for seconds, letter in zip(self.results.seconds, self.results.letters, strict=True)
            if letter == "d"
        ]
        return statistics.median(times) if times else None

    @property
    def underway(self) -> int:
        """Points that running jobs have finished by their own word, but not yet brought home."""
        return sum(
            max(0, state.job.done - (len(state.chunk.indexes) - state.left))
            for state in self.chunks
            if state.job and state.job.state == "running"
        )

    def groups(self) -> list[tuple[str, str, int, int]]:
        """Return the failures by state and error: state, words, how many, index of the first; many first.

        Errors that differ in their numbers alone are one; the words are those of the first point.
        """
        found: dict[tuple[str, str], list[Any]] = {}
        for index, (name, value, cell) in self.results.failures.items():
            state = NAMES[self.results.letters[index]]
            words = (f"cell {cell}: {name}: {value}" if state == "failed" else value).partition("\n")[0]
            words = words.removesuffix(": ")  # an assertion that says nothing
            group = found.setdefault((state, NUMBER.sub("#", words)), [words, 0, index])
            group[1] += 1
            if index < group[2]:
                group[0], group[2] = words, index
        rows = [(state, *group) for (state, _), group in found.items()]
        return sorted(rows, key=lambda row: -row[2])

    def missing(self) -> list[int]:
        """Return the indexes of the points that are not done."""
        return [index for index, letter in enumerate(self.results.letters) if letter != "d"]

    def save(self) -> None:
        """Keep what was read, so that the next look reads only what is new.

        That is a convenience: a run that is another's to write, or lies on a full disk, is looked at all the same.
        """
        content = {
            "form": CACHE_FORM,
            "points": self.run.points.stat().st_size,
            "results": self.results.remembered(),
            "logs": {name: log.remembered() for name, log in self.logs.items()},
        }
        with contextlib.suppress(OSError), files.whole(self.run.directory / CACHE) as part:
            part.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")

    def recall(self) -> None:
        """Go on from what the last look has kept; anything odd about it means to read all anew."""
        try:
            content: dict[str, Any] = json.loads((self.run.directory / CACHE).read_text(encoding="utf-8"))
            if content["form"] != CACHE_FORM or content["points"] != self.run.points.stat().st_size:
                return
            self.results.recall(content["results"])
            for round_ in self.run.rounds:
                if memory := content["logs"].get(round_.number):
                    self._log(round_).recall(memory)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.results, self.logs = Results(self.run), {}

    def _log(self, round_: Round) -> EventLog:
        submitted = standing(round_)
        log = self.logs.setdefault(round_.number, EventLog(round_.log))
        log.cluster = None if submitted.get("dag") else submitted.get("cluster")
        return log

    def _chunk_states(self, round_: Round, log: EventLog, *, latest: bool) -> list[ChunkState]:
        """Return the chunks of a round with their jobs, matched by the note, else by the number of the job."""
        about = standing(round_)
        submitted = "cluster" in about
        dagman = state_of_dagman(about) if about.get("dag") else ""
        if latest and "unclear" in about:
            self.notes.append(f"whether round {round_.number} reached HTCondor is unclear: `kit resume` finds out")
        elif latest and not submitted:
            self.notes.append(f"round {round_.number} was not submitted: `kit resume` does")
        elif latest and not log.jobs and "removed" not in about and dagman in ("", "alive"):
            self.notes.append(f"waiting (no log yet): {files.shown(log.path)}")
        prefix = str(files.read_json(round_.directory / "worker.json").get("prefix", ""))
        by_note = {job.note: (key[1], job) for key, job in log.jobs.items() if job.note}
        by_process = {key[1]: job for key, job in log.jobs.items()}
        orphaned = "removed" in about or (about.get("profile") == "local" and not is_alive(round_))
        given_up = dagman == "gone"
        if latest:
            gate = by_note.get(f"{prefix}gate")
            over = given_up or orphaned or (gate is not None and not gate[1].alive)
            self.dag_is_alive = submitted and bool(about.get("dag")) and not over
            self.gate = gate[1] if gate else None
            self.dag_is_held = self.dag_is_alive and dagman == "held"
            if self.dag_is_held:
                self.notes.append("DAGMan is held and starts no further job: `kit release` lets it go on")
        states = []
        for process, chunk in enumerate(round_.chunks):
            known = by_note.get(prefix + chunk.name) or (process, None if by_note else by_process.get(process))
            state = _state(known[1], submitted=submitted)
            if orphaned or (given_up and known[1] is None):
                state = "ended"
            states.append(ChunkState(round_, chunk, state, known[1], known[0], 0))
        return states

    def _count(self, states: list[ChunkState], latest: Round | None) -> None:
        """Count every point once: by its line, else by the job of its chunk in the latest round."""
        letters = self.results.letters
        counts = Counter({NAMES[letter]: number for letter, number in Counter(letters).items() if letter != NONE})
        self.chunks, self.earlier = [], []
        for state in states:
            left = sum(letters[index] == NONE for index in state.chunk.indexes)
            state = ChunkState(state.round, state.chunk, state.state, state.job, state.process, left)
            (self.chunks if state.round == latest else self.earlier).append(state)
            if state.round == latest and state.state != "ended":
                counts[state.state] += left
        counts["missing"] = self.total - sum(counts.values())
        self.counts = {state: counts[state] for state in STATES}


def _state(job: Job | None, *, submitted: bool) -> str:
    """Return the state of the points of a job that have no line."""
    if not submitted or (job and not job.alive):
        return "ended"
    if job is None or job.state == "idle":
        return "waiting"
    return job.state


def status_of(path: str | Path) -> Status:
    """Return how the run at `path` stands, and remember it for the next time."""
    from kit.batch.rounds import batch_run

    status = Status(batch_run(path))
    status.recall()
    if status.read():
        status.save()
    return status
