"""The results of many jobs become one: each piece counted once, nothing missing, nothing different.

A job may have been sent twice, a run copied, a share given out anew: the pieces of all results
are compared, by what copies of their files have in common, not by job or path. What cannot be
added is refused with all reasons at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kit.files import FormatError, shown
from kit.opendata.massfile import MassFile
from kit.opendata.pieces import Piece, refuse_overlaps
from kit.opendata.spectra import PieceRecord, Spectra, merge
from kit.run import RunError

LISTED = 10  # so many missing pieces are named, the others counted


@dataclass(frozen=True)
class Merged:
    """The sum of all pieces.

    `duplicates` tells for each piece that came more than once which results hold it, `missing`
    what the jobs should have done and have not, in words. `schemas` counts the pieces of each.
    """

    spectra: Spectra
    cutflow: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    schemas: dict[str, int] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    duplicates: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def merge_masses(
    results: Sequence[MassFile], *, expected_jobs: int | None = None, accept_partial: bool = False
) -> Merged:
    """Add the results of jobs.

    Parameters
    ----------
    results : sequence of MassFile
        At least one; their order does not matter.
    expected_jobs : int, optional
        How many jobs there should be; else as many as the results themselves say.
    accept_partial : bool
        Whether missing jobs and pieces are only listed.

    Raises
    ------
    FormatError
        If selections or grids differ, if a piece has come with two results, or if two pieces
        overlap.
    RunError
        If jobs or pieces are missing and `accept_partial` is false.
    """
    refuse_differing(results)
    missing = missing_work(results, expected_jobs)
    if missing and not accept_partial:
        text = "\n  ".join(["the results are not complete:", *missing])
        raise RunError(f"{text}\nrun what is missing, or set accept_partial to true")
    chosen = first_of_each(results)
    refuse_overlaps(piece for result in results for piece in chosen[result.path])
    total = Merged(
        Spectra(results[0].grid),
        pieces=[piece for result in results for piece in chosen[result.path]],
        duplicates=_refuse_different_copies(results),
        missing=missing,
    )
    spectra = merge(_counted(results, chosen, total), results[0].grid)
    return Merged(**{**vars(total), "spectra": spectra})


def first_of_each(results: Sequence[MassFile]) -> dict[str, set[Piece]]:
    """Return which pieces of each result are counted, by its path: those that no earlier one holds."""
    seen: set[str] = set()
    chosen: dict[str, set[Piece]] = {}
    for result in results:
        new = {piece.key: piece for piece in result.pieces if piece.key not in seen}
        seen |= new.keys()
        chosen[result.path] = set(new.values())
    return chosen


def _counted(
    results: Sequence[MassFile], chosen: Mapping[str, set[Piece]], total: Merged
) -> Iterator[Spectra]:
    """Yield the spectra of the chosen pieces, and add what else their records tell to `total`."""
    for result in results:
        for record in result.records():
            if record.piece not in chosen[result.path]:
                continue
            _add(total.cutflow, record.cutflow)
            _add(total.dropped, record.dropped)
            _add(total.schemas, {record.schema: 1})
            yield record.spectra


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for name, number in more.items():
        total[name] = total.get(name, 0) + number


def refuse_differing(results: Sequence[MassFile]) -> None:
    """Raise a FormatError that names every parameter in which results differ."""
    first = results[0]
    faults = []
    for other in results[1:]:
        ours, theirs = ({**r.about["selection"], "grid": r.about["grid"]} for r in (first, other))
        faults += [
            f"{name} is {ours.get(name)} in {shown(first.path)}, {theirs.get(name)} in {shown(other.path)}"
            for name in {**ours, **theirs}
            if ours.get(name) != theirs.get(name)
        ]
    if faults:
        text = "\n  ".join(["results of different selections cannot be added:", *faults])
        raise FormatError(text)


def missing_work(results: Sequence[MassFile], expected_jobs: int | None = None) -> list[str]:
    """Return in words which jobs and pieces are missing from the results."""
    return [*_missing_jobs(results, expected_jobs), *_missing_pieces(results)]


def _missing_jobs(results: Sequence[MassFile], expected_jobs: int | None) -> list[str]:
    shares: dict[int, set[int]] = {}
    for result in results:
        shares.setdefault(int(result.about["jobs"]), set()).add(int(result.about["job"]))
    texts = []
    for jobs, there in shares.items():
        if lacking := [str(job) for job in range(1, jobs + 1) if job not in there]:
            texts.append(f"{len(lacking)} of {jobs} jobs: {_some(lacking)}")
    distinct = {(r.about["job"], r.about["jobs"], frozenset(p.key for p in r.pieces)) for r in results}
    if not texts and expected_jobs is not None and len(distinct) < expected_jobs:
        texts.append(f"{expected_jobs - len(distinct)} of {expected_jobs} expected jobs")
    return texts


def _missing_pieces(results: Sequence[MassFile]) -> list[str]:
    """Return the pieces that were planned, or failed, and that no result holds."""
    done = {piece.key for result in results for piece in result.pieces}
    paths = {piece.path for result in results for piece in result.pieces}
    lacking: dict[str, str] = {}
    for result in results:
        for planned in (Piece(**entry) for entry in result.about["planned"]):
            if planned.key not in done:
                lacking.setdefault(planned.key, _place(planned))
        for failed in result.about["failed"]:
            if failed["path"] not in paths or any(planned_of(failed, key) for key in lacking):
                lacking[failed["path"]] = f"{failed['path']}: {failed['reason']}"
    texts = list(lacking.values())
    more = [f"and {len(texts) - LISTED} more"] if len(texts) > LISTED else []
    return texts[:LISTED] + more
