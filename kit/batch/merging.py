"""The end of a run: its table, its report, its manifest; and its files, unpacked, where they are wanted."""

from __future__ import annotations

import csv
import json
import shutil
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.faults import SubmissionError
from kit.batch.rounds import BatchRun
from kit.batch.status import Status
from kit.batch.worker.gathering import Gathered, gather, write_table
from kit.manifest import MANIFEST, now

__all__ = ["collect", "finish", "is_merged", "merge", "reopen", "unpack"]

LISTED = "files.csv"  # where each file lies in the tars, for reading in place


def merge(status: Status, accept: float) -> dict[str, Any]:
    """Write ``merged/points.csv`` (and parquet) and ``merged/report.json``, and return the report."""
    run = status.run
    gathered = gather(status.results.lines())
    run.merged.mkdir(exist_ok=True)
    with files.whole(run.merged / "points.csv") as part:
        write_table(part, run.points, gathered)
    _write_parquet(run.merged / "points.csv", run.merged / "points.parquet")
    report = _report(status, gathered, accept)
    files.write_json(run.merged / "report.json", report)
    return report


def _report(status: Status, gathered: Gathered, accept: float) -> dict[str, Any]:
    counts = gathered.counts(status.total)
    requests = [chunk.chunk.memory_mb for chunk in [*status.earlier, *status.chunks]]
    return {
        "points": status.total,
        "counts": counts,
        "accepted": counts["done"] >= accept * status.total,
        "accept": accept,
        "failures": gathered.groups(),
        "cpu_seconds": round(gathered.cpu_seconds, 1),
        "wasted_cpu_seconds": round(gathered.cpu_seconds - gathered.done_cpu_seconds, 1),
        "seconds": _spread(gathered.seconds),
        "rss_mb": _spread(gathered.rss_mb),
        "memory_requested_mb": max(requests, default=0),
        "rounds": len(status.run.rounds),
        "problems": [f"{name} {text}" for name, text in status.results.problems.items()],
        "merged": now(),
    }


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"least": values[0], "median": round(statistics.median(values), 3), "most": values[-1]}


def _write_parquet(table: Path, target: Path) -> None:
    """Write the table as parquet, too, where pyarrow is there; lists stay as text."""
    try:
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError:
        return
    texts = dict.fromkeys(("id", "state", "error"), pa.string())  # an id may look like a number
    options = pyarrow.csv.ConvertOptions(column_types=texts)
    with files.whole(target) as part:
        pyarrow.parquet.write_table(pyarrow.csv.read_csv(table, convert_options=options), part)


def is_merged(run: BatchRun) -> bool:
    """Tell whether the manifest says that the run is over."""
    return files.read_json(run.directory / MANIFEST).get("state") in ("complete", "failed")


def finish(status: Status, accept: float) -> dict[str, Any]:
    """Merge a run to which nothing comes any more, and close its manifest; return the report."""
    run = status.run
    report = merge(status, accept)
    good = bool(report["accepted"])
    record = run.directory / MANIFEST
    content = files.read_json(record)
    bad = ", ".join(
        f"{number} {state}" for state, number in report["counts"].items() if number and state != "done"
    )
    outputs = [path for path in sorted(run.merged.iterdir()) if not path.name.startswith(".")]
    content |= {
        "state": "complete" if good else "failed",
        "summary": {"points": report["points"], **report["counts"], "cpu_seconds": report["cpu_seconds"]},
        "fault": None if good else {"kind": "SubmissionError", "message": f"of {report['points']} points {bad}"},
        "ended": now(),
        "outputs": [
            {
                "path": str(path.relative_to(run.directory)),
                "bytes": path.stat().st_size,
                "sha256": files.sha256(path),
            }
            for path in outputs
        ],
    }
    files.write_json(record, content)
    return report


def reopen(batch: BatchRun) -> None:
    """Let the manifest of a merged run say again that it is running."""
    if is_merged(batch):
        record = batch.directory / MANIFEST
        files.write_json(record, files.read_json(record) | {"state": "running", "fault": None})


def collect(status: Status, naming: str = "", *, listed: bool = False) -> int:
    """Unpack the files of all points into ``outputs/<id>/``, and return how many files were written.

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
        If a tar went to another place, a sum is wrong, the disk is too small, or two points get one name.
    """
    run = status.run
    names = _names(run, naming)
    chosen = dict(_chosen(status))
    if listed:
        return _list_files(run, chosen)
    target = run.directory / "outputs"
    target.mkdir(exist_ok=True)
    wanted = [
        (_tar(run, line), output, target / names.get(index, line["id"]) / output["name"])
        for index, line in chosen.items()
        for output in line["outputs"]
    ]
    wanted = [item for item in wanted if not _is_there(item[2], item[1])]
    needed = sum(output["bytes"] for _, output, _ in wanted)
    if (free := shutil.disk_usage(target).free) < needed:
        message = f"{files.shown(target)}: needs {needed / 1e6:.0f} MB, {free / 1e6:.0f} MB are free"
        raise SubmissionError(message)
    for tar, output, path in wanted:
        unpack(tar, output, path)
    return len(wanted)


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
    with run.points.open(encoding="utf-8") as stream:
        for line in stream:
            point = json.loads(line)
            try:
                names[point["index"]] = naming.format(**point["parameters"]).replace("/", "_")
            except (KeyError, ValueError, IndexError, AttributeError, TypeError) as fault:
                message = f"the pattern {naming!r} does not fit point {point['index'] + 1}: {fault}"
                raise SubmissionError(message) from None
    if len(set(names.values())) < len(names):
        message = f"the pattern {naming!r} gives one name to several points; take in what tells them apart"
        raise SubmissionError(message)
    return names


def _is_there(path: Path, output: Mapping[str, Any]) -> bool:
    """Tell whether a file is there as its line says: one of an earlier attempt may be as long."""
    there = path.is_file() and path.stat().st_size == output["bytes"]
    return there and files.sha256(path) == output["sha256"]


def unpack(tar: Path, output: Mapping[str, Any], path: Path) -> None:
    """Write one file of a tar to `path`, whole, and check its sum."""
    if not tar.is_file():
        message = f"{files.shown(tar)} is not here; it went to the address given as output_url"
        raise SubmissionError(message)
    with files.whole(path) as part:
        with tar.open("rb") as source, part.open("wb") as target:
            source.seek(output["offset"])
            left = output["bytes"]
            while left and (piece := source.read(min(files.BLOCK, left))):
                target.write(piece)
                left -= len(piece)
        if files.sha256(part) != output["sha256"]:
            message = f"{files.shown(tar)}:{output['offset']}: {output['name']} has another sum than its line says"
            raise SubmissionError(message)


def _list_files(run: BatchRun, chosen: Mapping[int, Mapping[str, Any]]) -> int:
    rows = [
        [
            line["id"],
            index,
            output["name"],
            _tar(run, line).name,
            output["offset"],
            output["bytes"],
            output["sha256"],
        ]
        for index, line in chosen.items()
        for output in line["outputs"]
    ]
    run.merged.mkdir(exist_ok=True)
    with files.whole(run.merged / LISTED) as part, part.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["id", "index", "name", "tar", "offset", "bytes", "sha256"])
        table.writerows(rows)
    return len(rows)
