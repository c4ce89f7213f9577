"""What a panel says of a run beside its pictures: a table of its jobs, its kinds of failure, numbers in words."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from kit.batch.snapshot import ChunkSeen, Failure, Snapshot, relative

__all__ = ["chunk_table", "chunks_told", "failure_list", "use_told"]

MOST_ROWS = 20  # of a table that is looked at, not searched
LINK = 'style="text-decoration: underline" target="_blank"'
FIRST = ("held", "missing", "running", "waiting", "ended")  # what a person looks for comes first
HEADS = ("chunk", "state", "done", "failed", "starts", "where")
CELL = '<td style="padding: 0 1em 0 0">'


def chunk_table(chunks: Sequence[ChunkSeen]) -> str:
    """Return the chunks of the latest round as a table, those first that a person looks for."""
    if not chunks:
        return ""
    ordered = sorted(chunks, key=lambda chunk: (FIRST.index(chunk.state), not chunk.failed))
    rows = [_row(_cells(chunk)) for chunk in ordered[:MOST_ROWS]]
    more = len(chunks) - MOST_ROWS
    rest = f"<div>and {more} more</div>" if more > 0 else ""
    return f"<table><thead>{_row(HEADS)}</thead><tbody>{''.join(rows)}</tbody></table>{rest}"


def _cells(chunk: ChunkSeen) -> Iterable[object]:
    done = f"{chunk.done}/{chunk.points}"
    return chunk.name, _state_of(chunk), done, chunk.failed, chunk.starts, chunk.slot


def _state_of(chunk: ChunkSeen) -> str:
    if chunk.state == "missing":
        return "ended, points are missing"
    if chunk.state == "ended" and chunk.failed:
        return "failed" if chunk.failed == chunk.points else "some failed"
    return "done" if chunk.state == "ended" else chunk.state


def _row(cells: Iterable[object]) -> str:
    return f"<tr>{''.join(f'{CELL}{html.escape(str(cell))}</td>' for cell in cells)}</tr>"


def chunks_told(shown: Snapshot) -> str:
    """Return how many chunks are in which state."""
    states = Counter(_state_of(chunk) for chunk in shown.chunks)
    return f"{len(shown.chunks)} chunks: {', '.join(f'{number} {state}' for state, number in states.items())}"


def use_told(shown: Snapshot) -> str:
    """Return what points took, in numbers."""
    if not shown.seconds:
        return "no point has ended yet"
    middle = sorted(shown.seconds)[len(shown.seconds) // 2]
    return (
        f"time of a point: {middle:.3g} s in the middle, {max(shown.seconds):.3g} s at most; memory: "
        f"{max(shown.rss_mb):.0f} MB at most, {shown.requested_mb} MB requested, {shown.proposed_mb} MB would do"
    )


def failure_list(found: Iterable[Failure], folder: Path) -> str:
    """Return the kinds of failure with their last lines, and with links as a page in `folder` must have them.

    A link leads to the executed notebook, at the cell that failed, and to what the job has printed.
    """
    rows = []
    for failure in found:
        links = []
        if failure.notebook:
            place = html.escape(relative(failure.notebook, folder))
            links.append(f'<a href="{place}#papermill-error-cell" {LINK}>executed notebook</a>')
        if failure.log:
            links.append(f'<a href="{html.escape(relative(failure.log, folder))}" {LINK}>what it printed</a>')
        lines = html.escape("\n".join(failure.tail))
        last = f"<details><summary>last lines</summary><pre>{lines}</pre></details>" if lines else ""
        rows.append(f"<li>{html.escape(failure.told)} {' · '.join(links)}{last}</li>")
    return f"<ul>{''.join(rows)}</ul>" if rows else ""
