"""The end of a run: its table, its report, its manifest."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.rounds import BatchRun
from kit.batch.status import Status
from kit.batch.worker.gathering import Gathered, gather, write_table
from kit.manifest import MANIFEST, now

__all__ = ["finish", "is_merged", "merge", "reopen"]


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
