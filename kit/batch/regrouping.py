"""Points that are sent again, each in the way that the end of its last attempt asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kit import files
from kit.batch.chunks import Chunk, cut
from kit.batch.faults import SubmissionError
from kit.batch.options import FLAVOURS, Options
from kit.batch.planning import chunks_for
from kit.batch.reasons import is_memory, is_wall_time
from kit.batch.status import ChunkState, Status
from kit.batch.writing import Sending

__all__ = ["Groups", "by_reason", "chunks_of", "told", "with_more_time"]


@dataclass
class Groups:
    """The points to send, by what their last attempt asks for."""

    plain: list[int] = field(default_factory=list)
    memory: dict[int, int] = field(default_factory=dict)
    late: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.plain) + len(self.memory) + len(self.late)


def by_reason(status: Status, indexes: Sequence[int]) -> Groups:
    """Sort points by why they are not done: too much memory, too little time, anything else."""
    groups = Groups()
    where = {index: state for state in [*status.earlier, *status.chunks] for index in state.chunk.indexes}
    for index in indexes:
        state = where.get(index)
        if state is None:
            groups.plain.append(index)
        elif status.results.letters[index] == "m" or (state.job and is_memory(state.job)):
            groups.memory[index] = _more_memory(status, state, index)
        elif _ran_out_of_time(state):
            groups.late[index] = len(state.chunk.indexes)
        else:
            groups.plain.append(index)
    return groups


def _more_memory(status: Status, state: ChunkState, index: int) -> int:
    """Return the MB to ask for: twice the last request, or half more than the peak, whichever is more."""
    asked = max(state.chunk.memory_mb, state.job.request_mb if state.job else 0)
    peak = max(status.results.rss_mb[index], state.job.peak_mb if state.job else 0)
    return math.ceil(max(2 * asked, 1.5 * peak))


def _ran_out_of_time(state: ChunkState) -> bool:
    """Tell whether a job was removed for its time, or stopped by itself with points left."""
    job = state.job
    if job is None or (state.round.submitted or {}).get("profile") == "local":
        return False
    return is_wall_time(job) or (job.state == "done" and state.left > 0)


def with_more_time(groups: Groups, status: Status, options: Options) -> Options:
    """Return options with the next longer limit where a job of a single point had too little."""
    if 1 not in groups.late.values():
        return options
    about = files.read_json(status.run.rounds[-1].directory / "worker.json")
    if options.max_runtime:
        last_limit = max(options.max_runtime, about.get("max_runtime") or 0)
        return options.with_values(max_runtime=min(2 * last_limit, FLAVOURS["nextweek"]))
    names = list(FLAVOURS)
    last = names.index(about["flavour"]) if about.get("flavour") in names else 0
    return options.with_values(flavour=names[min(last + 1, len(names) - 1)])


def chunks_of(groups: Groups, seconds: float, sending: Sending) -> list[Chunk]:
    """Return the chunks of the next round, each with what its points ask for."""
    return [
        *_plain_chunks(groups.plain, seconds, sending),
        *_late_chunks(groups.late, sending.options),
        *_memory_chunks(groups.memory, seconds, sending),
    ]


def _plain_chunks(indexes: list[int], seconds: float, sending: Sending) -> list[Chunk]:
    if not indexes:
        return []
    number = chunks_for(len(indexes), seconds, sending.options, sending.site)
    return cut(indexes, number, sending.options.memory_mb)


def _late_chunks(late: dict[int, int], options: Options) -> list[Chunk]:
    """Return chunks half as long as those that had too little time."""
    if not late:
        return []
    each = max(1, min(late.values()) // 2)
    return cut(list(late), math.ceil(len(late) / each), options.memory_mb)


def _memory_chunks(memory: dict[int, int], seconds: float, sending: Sending) -> list[Chunk]:
    """Return chunks with more memory, as much as their points ask for.

    Raises
    ------
    SubmissionError
        If that is more than `memory_max_mb`, and they had that already.
    """
    most = sending.options.memory_max_mb
    if hungry := [index for index, wanted in memory.items() if wanted > 2 * most]:
        message = f"{len(hungry)} points need more memory than memory_max_mb, {most} MB; let it be more"
        raise SubmissionError(message)
    if not memory:
        return []
    number = chunks_for(len(memory), seconds, sending.options, sending.site)
    chunks = cut(list(memory), number, 0)
    return [replace(chunk, memory_mb=min(most, max(memory[index] for index in chunk.indexes))) for chunk in chunks]


def told(groups: Groups) -> str:
    """Return in words what is sent otherwise than before."""
    parts = []
    if groups.memory:
        parts.append(f"{len(groups.memory)} of them with more memory, {max(groups.memory.values())} MB")
    if groups.late:
        parts.append(f"{len(groups.late)} of them in shorter jobs or with more time")
    return ": " + ", ".join(parts) if parts else ""
