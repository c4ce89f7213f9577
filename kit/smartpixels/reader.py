"""Cluster files, block by block: fast where a cluster stands as PixelAV writes it, with care where not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from kit.files import FormatError
from kit.smartpixels.blocks import Block, Work
from kit.smartpixels.engine import Engine, engine_for
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import INTEGRATION, Cluster, Geometry, Layout, geometry_of, is_number
from kit.smartpixels.scrutiny import FEWEST_FIELDS, TAG_TOLERANCE, Damage, Examined, Scrutiny, examine
from kit.smartpixels.stream import TextStream
from kit.smartpixels.text import Tags

__all__ = ["ClusterFile", "Dropped", "read_clusters"]

CLUSTER = b"<cluster>"
TAG = re.compile(rb"^<time slice +(\S+) +ps>[^\n]*\n", re.MULTILINE)
KNOWN_ARRAYS = ((13, 21), (16, 16), (32, 32), (192, 48))
STANDARD = Geometry(50.0, 12.5, 100.0, 10.0)
LONGEST_HEADER = 1 << 20  # bytes


@dataclass(frozen=True)
class Dropped:
    """A cluster that was left out, or the end of a file that could not be read."""

    number: int
    line: int
    reason: str


class ClusterFile:
    """A cluster file that is open for reading; what it holds is known before its first block is asked for.

    Parameters
    ----------
    path : str
        Local file or address.
    p : ClusterParameters
        What is expected of it.
    kernel_step : int
        Step in ps that its slices should have, where they are not resampled.
    engine : Engine, optional
        The loops to use.

    Attributes
    ----------
    header : list of bytes
        The lines before the first cluster.
    geometry : Geometry
        What its geometry line says, else the values that `p` gives, else those of the standard sensor.
    layout : Layout
        Shape of its clusters.
    notes : list of str
        What a user should hear about it.
    dropped : list of Dropped
        What was left out, once all blocks are read.
    count : int
        Clusters met so far, good or not.

    Raises
    ------
    FormatError
        With line and reason, if the file cannot be used; also while its blocks are read.
    """

    def __init__(
        self, path: str, p: ClusterParameters, kernel_step: int = 10, engine: Engine | None = None
    ) -> None:
        self.p = p
        self.stream = TextStream(path)
        self.name = self.stream.name
        self.engine = engine or engine_for(0)
        self.notes: list[str] = []
        self.dropped: list[Dropped] = []
        self.count = 0
        try:
            self.header = self._read_header()
            self.layout, self._tags = self._look_ahead()
            self.geometry = self._compare(kernel_step)
        except BaseException:
            self.stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def blocks(self) -> Iterator[Block]:
        """Yield the clusters; each block holds until the next is asked for."""
        layout, stream = self.layout, self.stream
        work = Work(layout)
        stop = self.p.first + self.p.clusters_max if self.p.clusters_max else None
        longest = 0
        while stop is None or self.count < stop:
            needed = 0 if stream.ended else longest
            done, place, odd = self.engine.parse(
                stream.text, stream.begin, stream.end, stream.ended, needed, self._tags, layout.fields, work
            )
            if done:
                longest = max(longest, int(np.diff(work.spans[:done, 0], append=place).max()))
                yield from self._wanted(Block.parsed(layout, self.count, done, work, stream.text), stop)
                self.count += done
                stream.use_up(place, done * layout.lines)
            elif odd and (stream.ended or self._next_cluster() >= 0):
                if stream.begin == stream.end:
                    break
                yield from self._with_care(stop)
            elif stream.ended and stream.begin == stream.end:
                break
            else:
                stream.fill()
        if stream.damage and (stop is None or self.count < stop):
            self._drop(self.count, stream.line, stream.damage, f", {self._last_whole()}")

    def _wanted(self, block: Block, stop: int | None) -> Iterator[Block]:
        """Yield the part of the block that lies between the first and last cluster asked for."""
        begin = min(max(self.p.first - self.count, 0), len(block))
        end = len(block) if stop is None else min(stop - self.count, len(block))
        if begin < end:
            yield block if end - begin == len(block) else block.part(begin, end)

    def _with_care(self, stop: int | None) -> Iterator[Block]:
        """Read one cluster line by line; yield it where it is good, else refuse the file or leave it out."""
        stream = self.stream
        behind = self._next_cluster()
        end = stream.end if behind < 0 else behind
        text = bytes(stream.text.buffer[stream.begin : end])
        layout = self.layout
        expected = Scrutiny(
            self.count, layout.rows, layout.columns, layout.slices, layout.step, layout.fields, self.p.compat,
            last=behind < 0,
        )  # fmt: skip
        try:
            one = examine(text, expected)
        except Damage as damage:
            if not (stream.damage and behind < 0):
                self._drop(self.count, stream.line + damage.line, str(damage))
                self.count += 1
            stream.use_up(end)
            return
        if self.p.compat:
            self._note_what_was_taken(one)
        yield from self._wanted(Block.examined(self.count, one), stop)
        self.count += 1
        stream.use_up(end)

    def _drop(self, number: int, line: int, reason: str, more: str = "") -> None:
        if not self.p.keep_good:
            message = f"{self.name}:{line}: {reason}{more}"
            raise FormatError(message)
        self.dropped.append(Dropped(number, line, reason + more))

    def _last_whole(self) -> str:
        return f"the last whole cluster is {self.count - 1}" if self.count else "before the first whole cluster"

    def _next_cluster(self) -> int:
        """Return where the cluster after the one at hand begins, or -1."""
        return self.stream.find(b"\n" + CLUSTER, self.stream.begin) + 1 or -1

    def _read_header(self) -> list[bytes]:
        """Return the lines before the first cluster, and stand at it."""
        stream = self.stream
        while True:
            stream.fill()
            place = 0 if stream.text.buffer.startswith(CLUSTER) else stream.find(b"\n" + CLUSTER, 0) + 1
            if place or stream.ended or stream.end > LONGEST_HEADER or stream.text.buffer.startswith(CLUSTER):
                break
        if not place and not stream.text.buffer.startswith(CLUSTER):
            message = f"{self.name}:1: holds no line <cluster>" + (f"; {stream.damage}" if stream.damage else "")
            raise FormatError(message)
        text = bytes(stream.text.buffer[:place])
        lines = [line.rstrip(b"\r") for line in text.split(b"\n")[:-1]]
        for number, line in enumerate(lines, 1):
            if line.lstrip().startswith(b"<") and not self.p.compat:
                shown = line.decode("ascii", "backslashreplace")[:40]
                message = f"{self.name}:{number}: {shown!r} before the first <cluster>, should be a header"
                raise FormatError(message)
        stream.use_up(place)
        return lines

    def _look_ahead(self) -> tuple[Layout, Tags]:
        """Return the layout of the clusters and their tag lines, as the first one has them.

        Where good clusters are to be kept although the first may be cut short, the first one at hand that spans
        PixelAV's integration time decides.
        """
        stream = self.stream
        while not stream.ended and self._next_cluster() < 0:
            stream.fill()
        begin, line, damage = stream.begin, stream.line, None
        chosen: tuple[Layout, Tags] | None = None
        while begin < stream.end and stream.text.buffer.startswith(CLUSTER, begin):
            behind = stream.find(b"\n" + CLUSTER, begin) + 1
            if not behind and not stream.ended:
                break
            text = bytes(stream.text.buffer[begin : behind or stream.end])
            try:
                found = _sketch(text, self.p) or _examined(text, self.p, stream.ended and not behind)
                chosen = chosen or found
                if not self.p.keep_good or _spans_integration(found[0]):
                    return found
            except Damage as fault:
                damage = damage or (line + fault.line, fault)
                if not self.p.keep_good:
                    break
            line += text.count(b"\n")
            begin = behind or stream.end
        if chosen:
            return chosen
        where, what = damage or (line, Damage(0, stream.damage or "no whole cluster"))
        message = f"{self.name}:{where}: {stream.damage or what}"
        if stream.damage:
            message += ", before the first whole cluster"
        raise FormatError(message)

    def _compare(self, kernel_step: int) -> Geometry:
        """Return the geometry, once it, the layout and what the parameters say agree."""
        p, layout, stream = self.p, self.layout, self.stream
        described = [found for found in map(geometry_of, self.header) if found]
        header = described[-1] if described else None
        faults = []
        for name, found in (("rows", layout.rows), ("columns", layout.columns), ("slices", layout.slices)):
            wanted = getattr(p, name)
            if wanted and wanted != found and not p.compat:
                faults.append(f"the clusters have {found} {name}, the parameter says {wanted}")
        if p.input_step and _differ(p.input_step, layout.step):
            faults.append(f"the slices are {layout.step:g} ps apart, input_step says {p.input_step:g} ps")
        if header and _differ(header.step, layout.step):
            faults.append(f"the slices are {layout.step:g} ps apart, the geometry line says {header.step:g} ps")
        if _differ(layout.step, kernel_step) and p.resample == "refuse":
            faults.append(
                f"the slices are {layout.step:g} ps apart, the kernel is in steps of {kernel_step} ps; "
                "resample: linear draws lines between them"
            )
        values = {}
        for name in ("pitch_x", "pitch_y", "thickness"):
            wanted, found = getattr(p, name), getattr(header or STANDARD, name)
            if wanted and header and _differ(wanted, found):
                faults.append(f"{name} is {found:g} um in the geometry line, the parameter says {wanted:g} um")
            values[name] = wanted or found
        if faults and not p.compat:
            message = f"{self.name}:{stream.line}: " + "; ".join(faults)
            raise FormatError(message)
        self.notes += [f"{self.name}: taken although {fault.partition('; ')[0]}" for fault in faults]
        self._note_what_is_unusual(header, values)
        return Geometry(**values, step=layout.step)

    def _note_what_is_unusual(self, header: Geometry | None, values: dict[str, float]) -> None:
        layout = self.layout
        if header is None:
            told = ", ".join(f"{name} {value:g} um" for name, value in values.items())
            self.notes.append(f"{self.name}: has no geometry line; {told}")
        if (layout.rows, layout.columns) not in KNOWN_ARRAYS:
            self.notes.append(
                f"{self.name}: an array of {layout.rows} rows and {layout.columns} columns is not known"
            )
        if not _spans_integration(layout):
            span = layout.slices * layout.step
            self.notes.append(f"{self.name}: clusters span {span:g} ps, PixelAV's {INTEGRATION:g} ps are usual")

    def _note_what_was_taken(self, one: Examined) -> None:
        """Warn of what only the original would take, once for each kind."""
        found, own = one.layout, self.layout
        kinds = {
            "values that are no numbers": not np.isfinite(one.charge).all(),
            "another number of slices": found.slices != own.slices,
            "another size of the array": (found.rows, found.columns) != (own.rows, own.columns),
            "another number of metadata": found.fields != own.fields,
        }
        for kind, met in kinds.items():
            note = f"{self.name}: clusters with {kind} are taken, as the original takes them"
            if met and note not in self.notes:
                self.notes.append(f"{note}; the first is cluster {self.count}")


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > TAG_TOLERANCE * abs(other)


def _spans_integration(layout: Layout) -> bool:
    return not _differ(layout.slices * layout.step, INTEGRATION)


def _sketch(text: bytes, p: ClusterParameters) -> tuple[Layout, Tags] | None:
    """Return layout and tags of a cluster that looks as it should; nothing else is checked."""
    tags = list(TAG.finditer(text))
    if len(tags) < 2 or not all(is_number(tag[1]) for tag in tags):
        return None
    step = float(tags[0][1])
    times = step * np.arange(1, len(tags) + 1)
    if not p.compat and (abs(np.array([float(tag[1]) for tag in tags]) - times) > TAG_TOLERANCE * times).any():
        return None
    rows = text[tags[0].end() : tags[1].start()].split(b"\n")[:-1]
    fields = text[: tags[0].start()].split(b"\n")[1].split()
    if not rows or len(fields) < FEWEST_FIELDS:
        return None
    layout = Layout(len(rows), len(rows[0].split()), len(tags), step, len(fields))
    return layout, Tags(tag[0] for tag in tags)


def _examined(text: bytes, p: ClusterParameters, last: bool) -> tuple[Layout, Tags]:
    one = examine(text, Scrutiny(0, compat=p.compat, last=last))
    return one.layout, Tags(one.tags)


def read_clusters(path: str, **values: Any) -> Iterator[Cluster]:
    """Yield the clusters of a file, one by one.

    Parameters
    ----------
    path : str
        Local file or address.
    **values
        Parameters of `ClusterParameters`, such as ``first`` and ``clusters_max``.

    Raises
    ------
    FormatError
        With line and reason, at the first cluster that is not as it should be.
    """
    p = ClusterParameters(clusters=[path], **{"resample": "linear", **values})
    with ClusterFile(path, p) as source:
        for block in source.blocks():
            yield from block.clusters()
