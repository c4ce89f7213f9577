"""The files of a run's points: unpacked where they are wanted, or listed for reading in place."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from kit import files
from kit.batch.faults import SubmissionError
from kit.batch.results import Results, note_damaged
from kit.batch.rounds import BatchRun
from kit.batch.status import Status
from kit.batch.worker.orders import points_in

__all__ = ["collect", "unpack"]

LISTED = "files.csv"  # where each file lies in the tars, for reading in place
PLACE = ("offset", "bytes", "sha256")


class DamagedError(SubmissionError):
    """A file of a point that is not as its line says."""


def collect(status: Status, naming: str = "", *, listed: bool = False) -> int:
    """Unpack the files of all points into ``outputs/<id>/``, and return how many files were written.

    A point of which a file has another sum than its line says is missing from now on; the rest is unpacked, or
    listed.
    Files of an earlier attempt that the one that counts has not left go again.

    Parameters
    ----------
    status : Status
        The run.
    naming : str
        A pattern such as ``{seed}_{scale:.2f}`` for the names of the folders; the ids where empty.
    listed : bool
        Only write where each file lies (``merged/files.csv``), for reading in place.

    Raises
    ------
    SubmissionError
        If a tar went to another place, the disk is too small, or two points get one name.
    """
    names = _names(status.run, naming)
    chosen = dict(_chosen(status))
    if listed:
        return _list_files(status, chosen)
    target = status.run.directory / "outputs"
    target.mkdir(exist_ok=True)
    places = {index: target / names.get(index, line["id"]) for index, line in chosen.items()}
    wanted = [
        _Wanted(_tar(status.run, line), output, _below(places[index], output["name"]), line["id"])
        for index, line in chosen.items()
        for output in line["outputs"]
        if not _is_there(_below(places[index], output["name"]), output)
    ]
    needed = sum(one.output["bytes"] for one in wanted)
    if (free := shutil.disk_usage(target).free) < needed:
        message = f"{files.shown(target)}: needs {needed / 1e6:.0f} MB, {free / 1e6:.0f} MB are free"
        raise SubmissionError(message)
    gone = _unpack_all(status, wanted)
    if not gone:
        _remove_superseded(status, chosen, places)
    return len(wanted) - gone


class _Wanted(NamedTuple):
    """A file of a point: where it is, what its line says of it, where it shall go, whose it is."""

    tar: Path
    output: Mapping[str, Any]
    path: Path
    point: str


def _unpack_all(status: Status, wanted: Sequence[_Wanted]) -> int:
    """Unpack files, and return how many were left out since their points are damaged."""
    damaged = set()
    for one in wanted:
        try:
            unpack(one.tar, one.output, one.path)
        except DamagedError:
            damaged.add((one.tar.stem, one.point))
    if not damaged:
        return 0
    _set_aside(status, damaged)
    gone = [one.path for one in wanted if (one.tar.stem, one.point) in damaged]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _remove_superseded(
    status: Status, chosen: Mapping[int, Mapping[str, Any]], places: Mapping[int, Path]
) -> None:
    """Remove what attempts that do not count have left, where the one that counts has no file of that name."""
    for line in status.results.lines():
        best, index = chosen[line["index"]], line["index"]
        if (line["round"], line["chunk"]) == (best["round"], best["chunk"]):
            continue
        names = {output["name"] for output in best["outputs"]}
        for output in line["outputs"]:
            path = _below(places[index], output["name"])
            if output["name"] not in names and _is_there(path, output):  # what a person has put there stays
                path.unlink()


def _set_aside(status: Status, damaged: set[tuple[str, str]]) -> None:
    """Note the points whose files are damaged, and read all anew: they are missing now."""
    note_damaged(status.run, damaged)
    status.results = Results(status.run)
    status.read()
    status.save()


def _chosen(status: Status) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line of each point that counts: done in any round, otherwise the latest."""
    found: dict[int, dict[str, Any]] = {}
    for line in status.results.lines():
        before = found.get(line["index"])
        if before is None or before["state"] != "done":
            found[line["index"]] = {key: line[key] for key in ("id", "state", "round", "chunk", "outputs")}
    yield from sorted(found.items())


def _tar(run: BatchRun, line: Mapping[str, Any]) -> Path:
    return run.results / f"r{line['round']}_{line['chunk']}.tar"


def _names(run: BatchRun, naming: str) -> dict[int, str]:
    """Return the folder of each point where a pattern is given."""
    if not naming:
        return {}
    names: dict[int, str] = {}
    for point in points_in(run.points):
        try:
            names[point.index] = naming.format(**point.parameters).replace("/", "_")
        except (KeyError, ValueError, IndexError, AttributeError, TypeError) as fault:
            message = f"the pattern {naming!r} does not fit point {point.index}: {fault}"
            raise SubmissionError(message) from None
    if len(set(names.values())) < len(names):
        message = f"the pattern {naming!r} gives one name to several points; take in what tells them apart"
        raise SubmissionError(message)
    return names


def _below(folder: Path, name: str) -> Path:
    """Return the place of a file of a point; what came back from a job decides no place outside its folder."""
    if Path(name).is_absolute() or ".." in Path(name).parts or folder.name in ("", ".", ".."):
        message = f"{name!r} leads out of {files.shown(folder)}; a result line that says so is not believed"
        raise SubmissionError(message)
    return folder / name


def _is_there(path: Path, output: Mapping[str, Any]) -> bool:
    """Tell whether a file is there as its line says: one of an earlier attempt may be as long."""
    there = path.is_file() and path.stat().st_size == output["bytes"]
    return there and files.sha256(path) == output["sha256"]


def unpack(tar: Path, output: Mapping[str, Any], path: Path) -> None:
    """Write one file of a tar to `path`, whole, and check its sum."""
    if not tar.is_file():
        message = f"{files.shown(tar)} is not here; it went to the address given as output_url"
        raise SubmissionError(message)
    with files.whole(path) as part, part.open("wb") as target:
        if _sum(_pieces(tar, output), target) != output["sha256"]:
            message = f"{files.shown(tar)}:{output['offset']}: {output['name']} has another sum than its line says"
            raise DamagedError(message)


def _pieces(tar: Path, output: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield what a file in a tar holds."""
    with tar.open("rb") as source:
        source.seek(output["offset"])
        left = output["bytes"]
        while left and (piece := source.read(min(files.BLOCK, left))):
            yield piece
            left -= len(piece)


def _sum(pieces: Iterable[bytes], target: BinaryIO | None = None) -> str:
    """Return the SHA-256 of `pieces`, which are written to `target` meanwhile."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        if target:
            target.write(piece)
    return digest.hexdigest()


def _list_files(status: Status, chosen: Mapping[int, Mapping[str, Any]]) -> int:
    run = status.run
    damaged = {
        (tar.stem, line["id"])
        for line in chosen.values()
        for output in line["outputs"]
        if (tar := _tar(run, line)).is_file() and _sum(_pieces(tar, output)) != output["sha256"]
    }
    if damaged:
        _set_aside(status, damaged)
        chosen = dict(_chosen(status))
    rows = [
        [line["id"], index, output["name"], _tar(run, line).name, *(output[name] for name in PLACE)]
        for index, line in chosen.items()
        for output in line["outputs"]
    ]
    run.merged.mkdir(exist_ok=True)
    with files.whole(run.merged / LISTED) as part, part.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["id", "index", "name", "tar", *PLACE])
        table.writerows(rows)
    return len(rows)
