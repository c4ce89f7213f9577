"""The ledger of a run: what became of each input file. Who reads the manifest finds it; who was stopped goes on.

A file's record is written after its outputs, so that it means that all is there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kit import files
from kit.ecal.sample import Piece, SampleParameters
from kit.files import NO_ROOM, FormatError
from kit.run import Run, RunError

__all__ = ["Work", "refuse_failures", "work_off"]

Work = Callable[[Piece], dict[str, Any]]


def work_off(p: SampleParameters, run: Run, pieces: list[Piece], work: Work) -> list[dict[str, Any]]:
    """Do `work` on each file, unless an earlier attempt has; note it in the manifest, return what is done.

    Parameters
    ----------
    work : callable
        Makes the outputs of a file in the run's directory and returns its record, the names of these outputs under
        ``outputs``, and of what it left in the work folder under ``parts``. It runs in a process of its own where
        there are several workers.

    Raises
    ------
    FormatError
        If two of the files are copies of one.
    RunError
        If more files failed than `max_failed_fraction` allows; what is done is kept.
    OSError
        If a disk is full.
    """
    records = {piece.number: found for piece in pieces if (found := _earlier(run, piece))}
    todo = [piece for piece in pieces if piece.number not in records]
    earlier = len(records)
    for piece, result in run.map(functools.partial(_do, work, run.work), todo, "file", p.workers):
        if isinstance(result, OSError) and result.errno in NO_ROOM:
            raise result  # no fault of the input, and no other file would fare better
        if isinstance(result, Exception):
            result = {"number": piece.number, "path": piece.path, "state": "failed", "reason": str(result)}
        records[piece.number] = result
    ordered = [records[piece.number] for piece in pieces]
    _refuse_copies(ordered)
    for record in ordered:
        for name in record.get("outputs", []):
            run.has(name)
    if earlier:
        run.notice(f"{earlier} of {len(pieces)} files were done by an earlier attempt")
    run.pieces = ordered
    refuse_failures(ordered, p.max_failed_fraction, run)
    return [record for record in ordered if record["state"] == "done"]


def refuse_failures(records: Iterable[dict[str, Any]], allowed: float, run: Run) -> None:
    """Raise a RunError with all faults if more than the share `allowed` failed; else say what is left out."""
    records = list(records)
    failed = [record["reason"] for record in records if record["state"] == "failed"]
    if len(failed) > allowed * len(records):
        head = f"{len(failed)} of {len(records)} files failed, {allowed:g} of them may; what is done is kept:"
        tail = f"to try again what failed, run with the same parameters and output {files.shown(run.directory)}"
        message = "\n  ".join([head, *failed, tail])
        raise RunError(message)
    for reason in failed:
        run.notice(f"left out: {reason}")


def _do(work: Work, folder: Path, piece: Piece) -> dict[str, Any]:
    record = {"number": piece.number, "path": piece.path, "state": "done", "reason": "", **work(piece)}
    files.write_json(_record(folder, piece), record)
    return record


def _record(folder: Path, piece: Piece) -> Path:
    return folder / f"{piece.number}.json"


def _earlier(run: Run, piece: Piece) -> dict[str, Any] | None:
    """Return the record of a file that is done, and has not changed since; its outputs must be there."""
    try:
        record: dict[str, Any] = files.read_json(_record(run.work, piece))
    except (FileNotFoundError, FormatError):
        return None
    same = record["path"] == piece.path and record["size"] == files.size(piece.path)
    made = [run.directory / name for name in record["outputs"]] + [
        run.work / name for name in record.get("parts", [])
    ]
    return record if same and all(path.is_file() for path in made) else None


def _refuse_copies(records: list[dict[str, Any]]) -> None:
    known: dict[str, str] = {}
    for record in records:
        if record["state"] != "done":
            continue
        if record["uuid"] in known:
            message = (
                f"{known[record['uuid']]} and {record['path']} are the same file: its events would count twice"
            )
            raise FormatError(message)
        known[record["uuid"]] = record["path"]
