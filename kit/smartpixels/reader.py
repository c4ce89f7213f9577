"""Cluster files, block by block: fast where a cluster stands as PixelAV writes it, with care where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from kit.files import FormatError
from kit.smartpixels.blocks import Block, Work
from kit.smartpixels.engine import NUMPY, Engine
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import Cluster
from kit.smartpixels.recognition import compare, look_ahead, next_cluster, read_header, unusual
from kit.smartpixels.scrutiny import DamageError, Examined, Scrutiny, examine
from kit.smartpixels.stream import TextStream

__all__ = ["ClusterFile", "Dropped", "read_clusters"]


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
    engine : Engine
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
    damage : str
        What is wrong with the file though no cluster of it was cut, once all blocks are read.
    count : int
        Clusters met so far, good or not.

    Raises
    ------
    FormatError
        With line and reason, if the file cannot be used; also while its blocks are read.
    """

    def __init__(self, path: str, p: ClusterParameters, kernel_step: int = 10, engine: Engine = NUMPY) -> None:
        self.p, self.engine = p, engine
        self.stream = TextStream(path)
        self.name = self.stream.name
        self.dropped: list[Dropped] = []
        self.count = 0
        self.damage = ""
        self._cut = False  # whether a broken stream has cut off a cluster
        try:
            self.header = read_header(self.stream, compat=p.compat)
            line = self.stream.line
            self.layout, self.tags = look_ahead(self.stream, p)
            self.geometry, notes = compare(self.name, line, self.header, self.layout, p, kernel_step)
            self.notes = [*notes, *unusual(self.name, self.layout)]
        except BaseException:
            self.stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def blocks(self) -> Iterator[Block]:
        """Yield the clusters; each block holds until the next is asked for."""
        layout, stream, p = self.layout, self.stream, self.p
        work = Work(layout)
        stop = p.first + p.clusters_max if p.clusters_max else None
        longest = 0
        while stop is None or self.count < stop:
            done, place, odd = self.engine.parse(
                stream.text, stream.begin, stream.end, stream.ended, longest, self.tags, layout.fields, work
            )
            if done:
                longest = max(longest, int(np.diff(work.spans[:done, 0], append=place).max()))
                yield from self._wanted(
                    Block.parsed(layout, self.count, done, work, stream.text, stream.origin), stop
                )
                self.count += done
                stream.use_up(place, done * layout.lines)
            elif stream.ended and stream.begin == stream.end:
                break
            elif odd and (stream.ended or next_cluster(stream, stream.begin) > 0):
                yield from self._with_care(stop)
            else:
                stream.fill()
        if stream.damage and (stop is None or self.count < stop):
            last = (
                f"the last whole cluster is {self.count - 1}" if self.count else "before the first whole cluster"
            )
            if self._cut or not p.keep_good:
                self._drop(self.count, stream.line, f"{stream.damage}, {last}")
            else:
                self.damage = f"{self.name}: {stream.damage}, {last}"
                self.notes.append(self.damage)

    def _wanted(self, block: Block, stop: int | None) -> Iterator[Block]:
        """Yield the part of the block that lies between the first and last cluster asked for."""
        begin = min(max(self.p.first - self.count, 0), len(block))
        end = len(block) if stop is None else min(stop - self.count, len(block))
        if begin < end:
            yield block if end - begin == len(block) else block.part(begin, end)

    def _with_care(self, stop: int | None) -> Iterator[Block]:
        """Read one cluster line by line; yield it where it is good, else refuse the file or leave it out."""
        stream, layout = self.stream, self.layout
        behind = next_cluster(stream, stream.begin)
        end = stream.end if behind < 0 else behind
        expected = Scrutiny(
            self.count, layout.rows, layout.columns, layout.slices, layout.step, layout.fields, self.p.compat,
            last=behind < 0,
        )  # fmt: skip
        try:
            one = examine(bytes(stream.text.buffer[stream.begin : end]), expected)
        except DamageError as damage:
            if behind > 0 or not stream.damage:  # what a broken stream has cut off is told at the end
                self._drop(self.count, stream.line + damage.line, str(damage))
                self.count += 1
            else:
                self._cut = True
            stream.use_up(end)
            return
        if self.p.compat:
            self._note_what_was_taken(one)
        yield from self._wanted(Block.examined(self.count, one, stream.origin + stream.begin), stop)
        self.count += 1
        stream.use_up(end)

    def _drop(self, number: int, line: int, reason: str) -> None:
        if not self.p.keep_good:
            message = f"{self.name}:{line}: {reason}"
            raise FormatError(message)
        self.dropped.append(Dropped(number, line, reason))

    def _note_what_was_taken(self, one: Examined) -> None:
        """Warn of what only the original would take, once for each kind."""
        found, own = one.layout, self.layout
        kinds = {
            "values that are no numbers": not np.isfinite(one.charge).all(),
            "another number of slices": found.slices != own.slices,
            "another size of the array": (found.rows, found.columns) != (own.rows, own.columns),
            "another number of metadata": found.fields != own.fields,
            "other times of their slices": one.tags != self.tags.lines[: found.slices],
        }
        for kind, met in kinds.items():
            note = (
                f"{self.name}: clusters with {kind} are taken, as the original takes them; the first is cluster "
            )
            if met and not any(known.startswith(note) for known in self.notes):
                self.notes.append(f"{note}{self.count}")


def read_clusters(path: str, **values: Any) -> Iterator[Cluster]:
    """Yield the clusters of a file, one by one, whatever the time between their slices.

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
