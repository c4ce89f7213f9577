"""What is missing, and only that, is sent again; in the way that its reason asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kit import files
from kit.batch import checks
from kit.batch.chunks import Chunk
from kit.batch.faults import SubmissionError
from kit.batch.launching import write_and_send, write_copy
from kit.batch.notebooks import Notebook
from kit.batch.options import Options
from kit.batch.planning import UNKNOWN_SECONDS, where
from kit.batch.points import cell_codes, code_of
from kit.batch.reasons import is_environment, named_file
from kit.batch.regrouping import by_reason, chunks_of, told, with_more_time
from kit.batch.rounds import BatchRun, batch_run
from kit.batch.status import Status
from kit.batch.stopping import settled
from kit.batch.writing import Say, Sending
from kit.parameters import NOT_COMPARED

__all__ = ["next_chunks", "options_of", "resume"]

PER_CALL = ("dry_run", "retry_failed", "accept_changed")


def resume(
    path: str | Path, changes: Options, *, wait: bool = False, stop_first: bool = False, say: Say = print,
    show: Callable[[Status], object] = lambda _status: None,
) -> bool:  # fmt: skip
    """Send the points of a run that are not done once more, and tell whether there were any.

    Parameters
    ----------
    path : path
        The run.
    changes : Options
        Options that were set count; the others are those of the submission.
    wait, stop_first : bool
        What to do about jobs that still wait or run.
    say, show : callable
        Told sentences, and how the run stands.

    Raises
    ------
    SubmissionError
        If jobs still wait or run, the code of the notebook has changed, or what held the jobs is not mended.
    """
    batch = batch_run(path)
    options = options_of(batch, changes)
    status = settled(batch, wait=wait, stop_first=stop_first, say=say, show=show, dry=options.dry_run)
    if not _wanted(status, options):
        say(_nothing(status))
        return False
    chunks, sending, seconds = next_chunks(batch, status, options, say)
    write_and_send(batch, chunks, seconds, replace(sending, show=show))
    return True


def next_chunks(batch: BatchRun, status: Status, options: Options, say: Say) -> tuple[list[Chunk], Sending, float]:
    """Return the chunks of the next round, how they are sent, and the seconds of a point.

    Raises
    ------
    SubmissionError
        If nothing can be sent, the code of the notebook has changed, or what held the jobs is not mended.
    """
    indexes = _wanted(status, options)
    if not indexes:
        raise SubmissionError(_nothing(status))
    site, environment = where(options, batch.directory)
    site.check_ticket()
    _check_mended(status)
    _check_code(batch, options, say)
    groups = by_reason(status, indexes)
    options = with_more_time(groups, status, options)
    seconds = status.seconds or UNKNOWN_SECONDS
    sending = Sending(options, site, environment, say)
    chunks = chunks_of(groups, seconds, sending)
    say(f"{len(groups)} points are sent again" + told(groups))
    return chunks, sending, seconds


def options_of(batch: BatchRun, changes: Options) -> Options:
    """Return the options of the submission with those that `changes` sets in their place."""
    stored = {name: value for name, value in batch.submission["options"].items() if name not in PER_CALL}
    chosen = changes.model_fields_set & set(Options.model_fields) - set(NOT_COMPARED)
    return Options.build(stored | {name: getattr(changes, name) for name in chosen}, "options of the run")


def _wanted(status: Status, options: Options) -> list[int]:
    """Return the points that are not done; those that raised an error only when asked for."""
    letters = status.results.letters
    return [index for index in status.missing() if letters[index] != "f" or options.retry_failed]


def _nothing(status: Status) -> str:
    failed = status.counts["failed"]
    rest = (
        f", {failed} failed (the same code fails again; --retry-failed sends them all the same)" if failed else ""
    )
    return f"nothing is missing: {status.counts['done']} of {status.total} points are done{rest}"


def _check_mended(status: Status) -> None:
    """Refuse while the file that held the jobs is still not there.

    Raises
    ------
    SubmissionError
        Naming the file and how many jobs wait for it.
    """
    held: dict[str, int] = {}
    for state in status.chunks:
        if state.job and state.left and is_environment(state.job) and (name := named_file(state.job)):
            held[name] = held.get(name, 0) + 1
    for name, jobs in held.items():
        if not Path(name).exists() and not Path(name).name.startswith("condor_exec"):
            message = f"{name} is still not there, and {jobs} jobs were held for it; put it there, then resume"
            raise SubmissionError(message)


def _check_code(batch: BatchRun, options: Options, say: Say) -> None:
    """Refuse when the notebook, or the copy of it that runs, has changed; take it over when that is accepted.

    Raises
    ------
    SubmissionError
        Naming the first cell that differs.
    """
    how = batch.submission
    known = {batch.notebook: how["cells"], files.resolve(how["notebook"]): how.get("original", how["cells"])}
    # where the run was moved to another computer, its own copy is all there is
    there = [Notebook(path) for path in known if path.is_file()]
    changed = [notebook for notebook in there if cell_codes(notebook.content) != known[notebook.path]]
    if not changed:
        return
    notebook, *others = changed
    cells, where = cell_codes(notebook.content), files.shown(notebook.path)
    pairs = zip([*cells, None], [*known[notebook.path], None], strict=False)
    first = next(number for number, (one, other) in enumerate(pairs, 1) if one != other)
    if others and cell_codes(others[0].content) != cells:
        message = (
            f"{where} and {files.shown(others[0].path)} have both changed; copy the one that counts to the other"
        )
        raise SubmissionError(message)
    if not options.accept_changed:
        message = (
            f"{where} has changed since it was submitted, first in its code cell {first}; "
            "--accept-changed goes on with the new code (each line tells which code made it), or submit anew"
        )
        raise SubmissionError(message)
    say(f"the notebook has changed, first in its code cell {first}: the rest runs with the new code")
    take_over(batch, notebook, cells)


def take_over(batch: BatchRun, notebook: Notebook, cells: list[str]) -> None:
    """Let further rounds run the notebook as it is now."""
    write_copy(batch.notebook, notebook.content)
    original = Notebook(files.resolve(batch.submission["notebook"]))
    changes: dict[str, Any] = {
        "code": code_of(notebook.content),
        "cells": cells,
        "imports": checks.imports_of(notebook),
        "takes": [name for name in NOT_COMPARED if name in notebook.values],
    }
    if original.path.is_file():
        changes["original"] = cell_codes(original.content)
    batch.note(**changes)
