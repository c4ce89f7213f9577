"""The first point of a run, which is tried before all others: how its failure is told."""

from __future__ import annotations

from kit import files
from kit.batch.collecting import collect
from kit.batch.faults import SubmissionError
from kit.batch.rounds import Round
from kit.batch.status import Status
from kit.batch.why import tail

__all__ = ["check"]


def check(status: Status, round_: Round) -> None:
    """Refuse to go on when the first point has not become done.

    Raises
    ------
    SubmissionError
        With what went wrong: in the point, or where its worker could not even begin, what that printed.
    """
    if status.results.letters[0] == "d":
        return
    if groups := status.groups():
        collect(status)
        words, where = groups[0][1], files.shown(status.run.directory / "outputs")
    else:
        words, where = _last_words(round_)
    message = f"the first point failed, nothing else was started: {words} (see {where})"
    raise SubmissionError(message)


def _last_words(round_: Round) -> tuple[str, str]:
    """Return the last line that the worker of the first point printed, errors first, and the file it stands in."""
    for path in round_.printed(round_.chunks[0]):
        lines = [line for line in tail(path) if line.strip()] if path.is_file() else []
        if lines:
            return lines[-1].strip(), files.shown(path)
    return "its worker did not come to an end, and printed nothing", files.shown(round_.directory)
