"""A file of collision events, whatever its schema: what it is, and its objects over a range of entries.

`open_source` recognises a file and tells its identity; a `Reader` reads ranges of it. Values stay as they
are stored, in the unit of the file: the selection is what converts them. A type of object that a file does
not have counts as zero objects; asked for by name, it is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.opendata.chunks import Chunk, Objects, assemble, assemble_numbers, check_unit, nothing
from kit.opendata.description import Source, describe, list_branches
from kit.opendata.extras import with_extras
from kit.opendata.recognition import check_name
from kit.opendata.trees import OpenFile, OpenTree
from kit.opendata.wishes import NOTHING, Wish

__all__ = ["Chunk", "Objects", "Reader", "Source", "open_source"]


def open_source(
    path: str,
    schema: str = "auto",
    unit: str = "auto",
    objects: str | Sequence[str] = "auto",
    wish: Wish = NOTHING,
) -> Source:
    """Recognise one file and return what it is.

    Parameters
    ----------
    path : str
        Local path or address.
    schema : str
        What the file is said to be; `auto` leaves it to the content, which decides in any case.
    unit : str
        `GeV` or `MeV`; needed only for a tree `events` that does not tell its own.
    objects : str or list of str
        Letters of the types that must be there, or `auto` for e m j g t as far as the file has them
        (b too where a skim has b-tagged jets of its own).
    wish : Wish
        What is read besides, for options that need it.

    Raises
    ------
    FormatError
        If the file is no ROOT file, is cut short or damaged, has no known schema or another one than said,
        lacks a type asked for, or has it in branches of the wrong type.
    OSError
        If it cannot be reached.
    """
    check_name(schema, where=path)
    with OpenFile(path) as file:
        return describe(file, schema, unit, objects, wish)


class Reader:
    """Reads ranges of an open source; a context manager.

    Raises
    ------
    FormatError
        On entering, if the file is no longer what `source` says. From `read`, if a basket is damaged or
        the branches of a type do not fit together, with file, branch and entries; if the median pT of a
        type lies outside 1…5000 GeV.
    """

    def __init__(self, source: Source, file: OpenFile | None = None) -> None:
        self.source = source
        self._file = file
        self._tree: OpenTree
        if file:
            self._tree = file.tree(source.tree)
        lists, kinds = list_branches(source)
        counters = dict.fromkeys(b.counter for b in source.branches.values() if b.counter)
        self._names = list(dict.fromkeys([*lists, *kinds, *counters, *source.extras.names]))

    @classmethod
    def of(
        cls,
        path: str,
        schema: str = "auto",
        unit: str = "auto",
        objects: str | Sequence[str] = "auto",
        wish: Wish = NOTHING,
    ) -> Self:
        """Return an open reader of a file that is recognised on the way, with the same refusals as `open_source`.

        Opening a file of 1500 branches takes a third of a second: this does it once for planning and reading.
        """
        check_name(schema, where=path)
        file = OpenFile(path)
        try:
            return cls(describe(file, schema, unit, objects, wish), file)
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        if self._file:
            return self
        source = self.source
        self._file = OpenFile(source.path)
        if source.tree not in self._file.storages:
            self.__exit__()
            message = f"{source.path}: has no tree {source.tree} any more; was changed since it was planned"
            raise FormatError(message)
        self._tree = self._file.tree(source.tree)
        found = (self._file.uuid, self._file.size, self._tree.entries)
        if found != source.identity:
            self.__exit__()
            message = f"{source.path}: was changed since it was planned: is {found}, was {source.identity}"
            raise FormatError(message)
        return self

    def __exit__(self, *fault: object) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def read(self, first: int, last: int, ids: bool = False) -> Chunk:
        """Return the objects of the entries `first` to `last`, that one excluded, in one read of the file.

        Parameters
        ----------
        first, last : int
            The range; best both in `source.offsets`.
        ids : bool
            Whether to read the numbers of run, lumi, event and channel, too.
        """
        source = self.source
        if not 0 <= first <= last <= source.entries:
            message = f"{source.path}: entries {first} to {last} asked for, there are {source.entries}"
            raise ValueError(message)
        id_names = source.ids if ids else {}
        wanted = list(dict.fromkeys([*self._names, *id_names.values()]))
        columns = self._tree.read(wanted, first, last) if last > first else {}
        if not columns:
            return Chunk(first, last, source.unit, {letter: nothing(0) for letter in source.objects})
        objects = {
            letter: assemble(source.branches[letter], columns, first, source.path) for letter in source.objects
        }
        numbers = {column: assemble_numbers(name, columns, source.path) for column, name in id_names.items()}
        chunk = Chunk(first, last, source.unit, objects, numbers)
        check_unit(chunk, source.path)
        return with_extras(chunk, source.extras, columns, source.path) if source.extras.names else chunk

    def numbers(self, first: int, last: int) -> dict[str, npt.NDArray[Any]]:
        """Return run, lumi, event and channel of the entries, as far as the file has them, and nothing else."""
        source = self.source
        columns = self._tree.read(list(source.ids.values()), first, last) if last > first else {}
        none = np.empty(0, np.int64)
        return {
            column: assemble_numbers(name, columns, source.path) if columns else none
            for column, name in source.ids.items()
        }

    def sum_of(self, tree: str, branch: str) -> float:
        """Return the sum of a branch of another tree, such as the weights of all events that were generated."""
        assert self._file is not None
        if tree not in self._file.storages or branch not in self._file.tree(tree).branches():
            message = f"{self.source.path}: no tree {tree} with a branch {branch}"
            raise FormatError(message)
        opened = self._file.tree(tree)
        return float(opened.read([branch], 0, opened.entries)[branch].content.astype(np.float64).sum())
