"""What happens to a chunk before cuts: weights, duplicates out, triggers, jets split by b-tag."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from kit.files import FormatError, resolve
from kit.opendata.chunks import Chunk
from kit.opendata.description import Source
from kit.opendata.duplicates import VETO, Vetoes, find_duplicates
from kit.opendata.listings import Kind
from kit.opendata.origins import Origins, find_inputs
from kit.opendata.pieces import Piece
from kit.opendata.portions import DESK
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader
from kit.opendata.weights import Weighing, kind_of
from kit.opendata.wishes import EXTRAS, Wish
from kit.run import Run

__all__ = ["Preparation", "prepared_inputs"]


@dataclass(frozen=True)
class Preparation:
    """What the options of a selection need to know to be applied; picklable, for workers."""

    p: Selection
    origins: Origins
    weighing: Weighing | None = None
    vetoes: Vetoes | None = None

    def wish(self, path: str) -> Wish:
        """Return what is read of a file: of data no weights."""
        kind = self.p.sample if self.p.sample != "auto" else self.origins.of(path).kind
        wish = replace(self.p.wish, ids=self.p.deduplicate and not self.p.veto_list)
        return replace(wish, weights=False) if kind == "data" else wish

    def read(self, reader: Reader, piece: Piece, *, ids: bool = False) -> Chunk:
        """Return a piece of a file with weights, and without the duplicates."""
        chunk = reader.read(piece.first, piece.last, ids=ids)
        if self.weighing:
            chunk = self.weighing.weigh(chunk, reader.source)
        return chunk.after("de-duplicated", self.vetoes.kept(piece)) if self.vetoes else chunk

    def about(self, source: Source) -> tuple[Kind, float | None]:
        """Return what a file holds, and the luminosity in fb⁻¹ that its weights stand for, if it has any."""
        kind = kind_of(source, self.p, self.origins.of(source.path))
        weighed = self.weighing if kind == "simulation" else None
        return kind, weighed.luminosity(source) if weighed else None

    def prepare(self, chunk: Chunk, source: Source) -> Chunk:
        """Return the chunk with the events that a trigger has fired for, and with b-jets apart."""
        if self.p.triggers:
            fired = np.zeros(chunk.events, bool)
            for flags in chunk.triggers.values():
                fired |= flags
            chunk = chunk.after("trigger", fired)
        return self._split(chunk, source) if self.p.b_tag else chunk

    def _split(self, chunk: Chunk, source: Source) -> Chunk:
        jets = chunk.objects.get("j")
        if jets is None:
            return chunk
        if "b" in chunk.objects:
            message = f"{source.path}: b_tag is on, and it has b-jets of its own; set b_tag to False"
            raise FormatError(message)
        score = np.empty(0) if jets.score is None else jets.score  # None only where there is no entry
        threshold = self.p.b_threshold if self.p.b_threshold is not None else _threshold(source)
        tagged = score >= threshold
        return replace(chunk, objects={**chunk.objects, "j": jets.of(~tagged), "b": jets.of(tagged)})


def _threshold(source: Source) -> float:
    """Return the smallest score of a b-jet in a release; a skim has that of the release it was made of."""
    release = source.schema.release or source.schema.name
    return next(
        (extras.threshold for (name, _), extras in EXTRAS.items() if name == release and extras.threshold),
        0.5,
    )


def prepared_inputs(p: Selection, run: Run) -> tuple[list[str], Preparation]:
    """Return the files of all jobs, and what the options need.

    Where no veto list is given, duplicates are looked for; a file that cannot be read for that is not in the
    list, and fails when it is its turn.
    """
    paths, origins = find_inputs(p, run.work)
    if p.sample == "auto" and {"data", "simulation"} <= {origins.of(path).kind for path in paths}:
        run.notice(
            "collisions and simulation are both among the inputs, and are added; should be runs of their own"
        )
    weighing = Weighing.of(p, paths, origins) if p.weights != "off" else None
    preparation = Preparation(p, origins, weighing)
    if p.veto_list:
        return paths, replace(preparation, vetoes=Vetoes(str(resolve(p.veto_list))))
    if p.deduplicate:
        opened = (functools.partial(DESK.open, path, p, preparation.wish(path)) for path in paths)
        shown = run.progress(opened, "file", len(paths), label="duplicates")
        try:
            find_duplicates(shown, run.work / "numbers", run.work / VETO)
        except BaseException:
            DESK.clear()
            raise
        return paths, replace(preparation, vetoes=Vetoes(str(run.work / VETO)))
    return paths, preparation
