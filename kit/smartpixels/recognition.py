"""What a cluster file is, found out before its clusters are read: header, shape of a cluster, geometry."""

from __future__ import annotations

import math
import re

import numpy as np

from kit.files import FormatError
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import INTEGRATION, Geometry, Layout, geometry_of, is_number
from kit.smartpixels.scrutiny import FEWEST_FIELDS, TAG_TOLERANCE, DamageError, Scrutiny, examine
from kit.smartpixels.stream import TextStream
from kit.smartpixels.text import Tags

__all__ = ["CLUSTER", "compare", "differ", "look_ahead", "next_cluster", "read_header", "unusual"]

CLUSTER = b"<cluster>"
TAG = re.compile(rb"^<time slice +(\S+) +ps>[^\n]*\n", re.MULTILINE)
KNOWN_ARRAYS = ((13, 21), (16, 16), (32, 32), (192, 48))
STANDARD = Geometry(50.0, 12.5, 100.0, 10.0)
LONGEST_HEADER = 1 << 20  # bytes


def next_cluster(stream: TextStream, begin: int) -> int:
    """Return where the cluster after the one at `begin` begins, or -1."""
    return stream.find(b"\n" + CLUSTER, begin) + 1 or -1


def differ(one: float, other: float) -> bool:
    """Tell whether two steps or lengths are not the same."""
    return abs(one - other) > TAG_TOLERANCE * abs(other)


def read_header(stream: TextStream, *, compat: bool) -> list[bytes]:
    """Return the lines before the first cluster, and stand at it.

    Raises
    ------
    FormatError
        If there is no cluster, or something of one stands before the first.
    """
    place = -1
    while place < 0 and not stream.ended and stream.end < LONGEST_HEADER:
        stream.fill()
        place = 0 if stream.text.buffer.startswith(CLUSTER) else next_cluster(stream, 0)
    if place < 0:
        message = f"{stream.name}:1: holds no line <cluster>" + (f"; {stream.damage}" if stream.damage else "")
        raise FormatError(message)
    lines = [line.rstrip(b"\r") for line in bytes(stream.text.buffer[:place]).split(b"\n")[:-1]]
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(b"<") and not compat:
            shown = line.decode("ascii", "backslashreplace")[:40]
            message = f"{stream.name}:{number}: {shown!r} before the first <cluster>, should be a header"
            raise FormatError(message)
    stream.use_up(place)
    return lines


def look_ahead(stream: TextStream, p: ClusterParameters) -> tuple[Layout, Tags]:
    """Return the layout of the clusters and their tag lines, as the first one has them.

    Where good clusters are to be kept although the first may be cut short, the first one at hand that spans
    PixelAV's integration time decides.

    Raises
    ------
    FormatError
        If there is none that could be read.
    """
    while not stream.ended and next_cluster(stream, stream.begin) < 0:
        stream.fill()
    begin, line = stream.begin, stream.line
    first: tuple[Layout, Tags] | None = None
    fault = ""
    while begin < stream.end:
        behind = next_cluster(stream, begin)
        if behind < 0 and not stream.ended:
            break
        end = stream.end if behind < 0 else behind
        text = bytes(stream.text.buffer[begin:end])
        try:
            found = _sketched(text, p) or _examined(text, p, last=behind < 0)
            if not p.keep_good or _spans_integration(found[0]):
                return found
            first = first or found
        except DamageError as damage:
            fault = fault or f"{stream.name}:{line + damage.line}: {damage}"
            if not p.keep_good:
                break
        line += text.count(b"\n")
        begin = end
    if first:
        return first
    if stream.damage:
        fault = f"{stream.name}:{line}: {stream.damage}, before the first whole cluster"
    raise FormatError(fault)


def compare(
    name: str, line: int, header: list[bytes], layout: Layout, p: ClusterParameters, kernel_step: int
) -> tuple[Geometry, list[str]]:
    """Return the geometry, once it, the layout and what the parameters say agree, and notes on what does not.

    Raises
    ------
    FormatError
        With all that disagrees; with ``compat`` that is taken, with a note.
    """
    described = [found for found in map(geometry_of, header) if found]
    geometry = described[-1] if described else None
    faults = []
    for word, count in (("rows", layout.rows), ("columns", layout.columns), ("slices", layout.slices)):
        if getattr(p, word) not in (0, count):
            faults.append(f"the clusters have {count} {word}, the parameter says {getattr(p, word)}")
    apart = f"the slices are {layout.step:g} ps apart"
    if p.input_step and differ(p.input_step, layout.step):
        faults.append(f"{apart}, input_step says {p.input_step:g} ps")
    if geometry and differ(geometry.step, layout.step):
        faults.append(f"{apart}, the geometry line says {geometry.step:g} ps")
    if differ(layout.step, kernel_step) and p.resample == "refuse":
        remedy = "resample: linear draws lines between them"
        faults.append(f"{apart}, the kernel is in steps of {kernel_step} ps ({remedy})")
    values = {}
    for word in ("pitch_x", "pitch_y", "thickness"):
        wanted, found = getattr(p, word), getattr(geometry or STANDARD, word)
        if wanted and geometry and differ(wanted, found):
            faults.append(f"{word} is {found:g} um in the geometry line, the parameter says {wanted:g} um")
        if found <= 0:
            faults.append(f"{word} is {found:g} um in the geometry line, should be above 0")
        values[word] = wanted or found
    if faults and not p.compat:
        message = f"{name}:{line}: " + "; ".join(faults)
        raise FormatError(message)
    notes = [f"{name}: taken although {fault}" for fault in faults]
    if geometry is None:
        told = ", ".join(f"{word} {value:g} um" for word, value in values.items())
        notes.append(f"{name}: has no geometry line; {told}")
    return Geometry(**values, step=layout.step), notes


def unusual(name: str, layout: Layout) -> list[str]:
    """Return notes on what no known production has."""
    notes = []
    if (layout.rows, layout.columns) not in KNOWN_ARRAYS:
        notes.append(f"{name}: an array of {layout.rows} rows and {layout.columns} columns is not known")
    if not _spans_integration(layout):
        span = layout.slices * layout.step
        notes.append(f"{name}: clusters span {span:g} ps, {INTEGRATION:g} ps are usual")
    return notes


def _spans_integration(layout: Layout) -> bool:
    return not differ(layout.slices * layout.step, INTEGRATION)


def _sketched(text: bytes, p: ClusterParameters) -> tuple[Layout, Tags] | None:
    """Return layout and tags of a cluster that looks as it should; its numbers are not looked at."""
    tags = list(TAG.finditer(text))
    if len(tags) < 2 or not all(is_number(tag[1]) for tag in tags):
        return None
    step = float(tags[0][1])
    stated = np.array([float(tag[1]) for tag in tags])
    if not (np.isfinite(stated).all() and math.isfinite(step * len(tags))):
        return None
    times = step * np.arange(1, len(tags) + 1)
    if not p.compat and (abs(stated - times) > TAG_TOLERANCE * times).any():
        return None
    rows = text[tags[0].end() : tags[1].start()].split(b"\n")
    rows = [line for line in rows if line.strip()]
    fields = text[len(CLUSTER) : tags[0].start()].split()
    if not rows or len(fields) < FEWEST_FIELDS or step <= 0:
        return None
    layout = Layout(len(rows), len(rows[0].split()), len(tags), step, len(fields))
    return layout, Tags(tag[0] for tag in tags)


def _examined(text: bytes, p: ClusterParameters, *, last: bool) -> tuple[Layout, Tags]:
    one = examine(text, Scrutiny(0, compat=p.compat, last=last))
    return one.layout, Tags(one.tags)
