"""The results of many jobs become one: each piece counted once, nothing missing, nothing different.

A job may have been sent twice, a run copied, a share given out anew: the pieces of all results
are compared, by what copies of their files have in common, not by job or path. What cannot be
added is refused with all reasons at once.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
    what the jobs should have done and have not, in words. `schemas` counts the pieces of each,
    `seen` the objects of each type that were read, `results` the files that were added. `generated` says
    that the kit's own demo has made some of the events, so that they cannot be called an experiment's. `kinds`
    counts the pieces of data, of simulation, and of what is unknown; `luminosity` is in fb⁻¹ what all weights of
    simulation stand for, None without weights or where they differ.
    """

    spectra: Spectra
    cutflow: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    schemas: dict[str, int] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    duplicates: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    luminosity: float | None = None
    generated: bool = False
    results: list[str] = field(default_factory=list)

    @property
    def types(self) -> frozenset[str]:
        """The letters of the types that the files have."""
        return frozenset(self.seen)


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
        listed = "\n  ".join(["the results are not complete:", *missing])
        message = f"{listed}\nrun what is missing, or set accept_partial to true"
        raise RunError(message)
    chosen = first_of_each(results)
    refuse_overlaps(itertools.chain(*chosen))
    duplicates = _refuse_different_copies(results)
    told: dict[str, dict[str, int]] = {"cutflow": {}, "seen": {}, "dropped": {}, "schemas": {}, "kinds": {}}
    spectra = merge(_counted(results, chosen, told), results[0].grid)
    pieces, paths = list(itertools.chain(*chosen)), [result.path for result in results]
    heads = [head for result in results for head in result.about["pieces"]]
    luminosities = {head.get("luminosity") for head in heads if head.get("kind") == "simulation"}
    return Merged(
        spectra,
        pieces=pieces,
        duplicates=duplicates,
        missing=missing,
        generated=any(head.get("generated", False) for head in heads),
        luminosity=luminosities.pop() if len(luminosities) == 1 else None,
        results=paths,
        **told,
    )


def first_of_each(results: Sequence[MassFile]) -> list[list[Piece]]:
    """Return for each result the pieces that are counted: those that no earlier one holds."""
    seen: set[str] = set()
    chosen = []
    for result in results:
        chosen.append([piece for piece in result.pieces if piece.key not in seen])
        seen |= {piece.key for piece in result.pieces}
    return chosen


def _counted(
    results: Sequence[MassFile], chosen: Sequence[Sequence[Piece]], told: Mapping[str, dict[str, int]]
) -> Iterator[Spectra]:
    """Yield the spectra of the chosen pieces, and add what else their records tell to `told`."""
    for result, pieces in zip(results, chosen, strict=True):
        wanted = {piece.key for piece in pieces}
        for record in result.records() if wanted else []:
            if record.piece.key in wanted:
                _add(told["cutflow"], record.cutflow)
                _add(told["seen"], record.seen)
                _add(told["dropped"], record.dropped)
                _add(told["schemas"], {record.schema: 1})
                _add(told["kinds"], {record.kind: 1})
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
        message = "\n  ".join(["results of different selections cannot be added:", *_some(faults)])
        raise FormatError(message)


def missing_work(results: Sequence[MassFile], expected_jobs: int | None = None) -> list[str]:
    """Return in words which jobs and pieces are missing from the results."""
    return [*_missing_jobs(results, expected_jobs), *_missing_pieces(results)]


def _missing_jobs(results: Sequence[MassFile], expected_jobs: int | None) -> list[str]:
    shares: dict[int, set[int]] = {}
    inputs: dict[int, set[str | None]] = {}
    for result in results:
        shares.setdefault(int(result.about["jobs"]), set()).add(int(result.about["job"]))
        inputs.setdefault(int(result.about["jobs"]), set()).add(result.about.get("inputs"))
    complete = set[str | None]().union(*(inputs[jobs] for jobs, there in shares.items() if len(there) == jobs))
    texts = []
    for jobs, there in shares.items():
        if inputs[jobs] <= complete - {None}:
            continue  # these files were also shared otherwise, and all of those jobs are there
        if lacking := [str(job) for job in range(1, jobs + 1) if job not in there]:
            which = ", ".join(_some(lacking))
            one = len(lacking) == 1
            texts.append(f"job {which} of {jobs} is missing" if one else f"jobs {which} of {jobs} are missing")
    distinct = {(r.about["job"], r.about["jobs"], frozenset(p.key for p in r.pieces)) for r in results}
    if not texts and expected_jobs is not None and len(distinct) < expected_jobs:
        texts.append(f"{expected_jobs - len(distinct)} of {expected_jobs} expected jobs missing")
    return texts


def _missing_pieces(results: Sequence[MassFile]) -> list[str]:
    """Return in words the pieces that were planned, or failed, and that no result holds."""
    done = {piece.key for result in results for piece in result.pieces}
    planned = [Piece(**entry) for result in results for entry in result.about["planned"]]
    lacking = {piece.key: piece for piece in planned if piece.key not in done}
    failed = [(entry["path"], entry["reason"]) for result in results for entry in result.about["failed"]]
    reasons = {path: reason.removeprefix(f"{path}: ") for path, reason in failed}
    known = {piece.path for result in results for piece in result.pieces} | {p.path for p in lacking.values()}
    texts = [_place(piece, reasons.get(piece.path, "not done")) for piece in lacking.values()]
    texts += [f"{shown(path)}: {reason}" for path, reason in reasons.items() if path not in known]
    return _some(texts)


def _place(piece: Piece, reason: str) -> str:
    return f"{shown(piece.path)}, entries {piece.first} to {piece.last}: {reason}"


def _refuse_different_copies(results: Sequence[MassFile]) -> dict[str, list[str]]:
    """Return which results hold the pieces that came more than once; a FormatError if they disagree."""
    holders: dict[str, list[str]] = {}
    for result in results:
        for piece in result.pieces:
            holders.setdefault(piece.key, []).append(result.path)
    twice = {key: paths for key, paths in holders.items() if len(paths) > 1}
    contents: dict[str, tuple[str, str]] = {}
    faults = []
    for result in results if twice else []:
        for record in result.records():
            key = record.piece.key
            if key not in twice:
                continue
            path, content = contents.setdefault(key, (result.path, fingerprint(record)))
            if content != fingerprint(record):
                faults.append(_place(record.piece, f"{shown(path)} and {shown(result.path)} differ"))
    if faults:
        message = "\n  ".join(["the same piece has come with two results:", *_some(faults)])
        raise FormatError(message)
    return twice


def fingerprint(record: PieceRecord) -> str:
    """Return what two records share if and only if they hold the same counts."""
    spectra = merge([record.spectra])  # brings pairs and rows into order
    told = [spectra.events, spectra.pairs, record.cutflow, record.dropped, record.schema, record.sums]
    seal = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for rows in (spectra.pair, spectra.bin, spectra.count):
        seal.update(rows.astype("int64").tobytes())
    for sums in (spectra.weight, spectra.square):
        seal.update(b"" if sums is None else sums.tobytes())
    return seal.hexdigest()


def _some(texts: list[str]) -> list[str]:
    """Return the first few texts, and how many more there are."""
    more = [f"and {len(texts) - LISTED} more"] if len(texts) > LISTED else []
    return texts[:LISTED] + more
