"""Pictures of effort: how long jobs took, how much memory, how many events a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit import figures
from kit.figures import COLOURS
from kit.opendata import drawing
from kit.opendata.captions import Caption

__all__ = ["effort"]

QUANTITIES = {  # number of a summary: title of the axis
    "seconds": "Time of a job [s]",
    "peak_memory_mb": "Peak memory of a job [MB]",
    "events_per_second": "Events per second",
}
NOTHING = "no job has told of its effort"


def effort(summaries: Sequence[Mapping[str, Any]], caption: Caption) -> figures.Picture:
    """Draw time, memory and throughput of each job against the megabytes that it has read.

    Parameters
    ----------
    summaries : sequence of mapping
        Those of the runs, one for each job.
    """
    told = [summary for summary in summaries if all(name in summary for name in (*QUANTITIES, "mb"))]
    with figures.style(caption.style):
        if not told:
            return caption.nothing(NOTHING)
        picture, every = caption.panels(len(QUANTITIES))
        read = [summary["mb"] for summary in told]
        for (name, title), axes in zip(QUANTITIES.items(), every, strict=True):
            values = [float(summary[name]) for summary in told]
            axes.plot(read, values, "o", color=COLOURS[0], markersize=5, alpha=0.7)
            axes.set_xlabel("Read by a job [MB]")
            axes.set_ylabel(title)
            axes.set_xlim(0, 1.15 * max(*read, 1e-3))
            axes.set_ylim(0, 1.35 * max(*values, 1e-3))
            middle = sorted(values)[len(values) // 2]
            drawing.note(axes, f"{drawing.counted(len(told), 'job')}\nmedian {middle:.3g}\nmost {max(values):.3g}")
        return picture
