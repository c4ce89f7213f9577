"""Many files of windows as one row of windows, of which only a few are open at a time.

What parquet says of a file of fifty thousand windows takes a megabyte, so that is read again where it is needed.
"""

from __future__ import annotations

import bisect
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from kit.ecal.access import Part, WindowFile
from kit.ecal.events import IntArray

__all__ = ["WindowFiles"]

MOST_OPEN = 8  # files
Progress = Callable[[int, int], object]


class WindowFiles:
    """Files of windows, one behind the other; a context manager. Several threads may read.

    Raises
    ------
    FormatError
        If one holds no windows.
    """

    def __init__(self, paths: Sequence[Path | str]) -> None:
        self.paths = [Path(path) for path in paths]
        self._lock = threading.RLock()
        self._opened: OrderedDict[int, WindowFile] = OrderedDict()
        self._bounds = [0]
        self._places: list[tuple[int, int]] = []
        for number in range(len(self.paths)):
            for group, rows in enumerate(self._file(number).rows):
                self._places.append((number, group))
                self._bounds.append(self._bounds[-1] + rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._bounds[-1]

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            while self._opened:
                self._opened.popitem()[1].close()

    def locate(self, number: int) -> tuple[WindowFile, int, int]:
        """Return file, row group and row of a window.

        Raises
        ------
        IndexError
            If there is no such window.
        """
        if not 0 <= number < len(self):
            message = f"window {number} asked for, there are {len(self)}"
            raise IndexError(message)
        place = bisect.bisect_right(self._bounds, number) - 1
        file, group = self._places[place]
        return self._file(file), group, number - self._bounds[place]

    def one(self, number: int) -> Part:
        """Return everything about one window."""
        with self._lock:
            file, group, row = self.locate(number)
            part = file.read(group, calos=True, hits=True)
        return part.take(np.array([row]))

    def parts(
        self, fields: Sequence[str], *, calos: bool = False, most: int | None = None, say: Progress | None = None
    ) -> Iterator[Part]:
        """Yield some fields of all windows, a row group at a time; fields that a file does not have are left out.

        Parameters
        ----------
        most : int, optional
            Windows after which no further row group is read.
        say : callable, optional
            Is told how many windows have been read, and how many there are.
        """
        for place in range(len(self._places)):
            if most is not None and self._bounds[place] >= most:
                return
            yield self._read(place, fields, calos=calos)
            if say:
                say(self._bounds[place + 1], len(self))

    def some(self, numbers: IntArray, fields: Sequence[str], most: int) -> Iterator[tuple[IntArray, Part]]:
        """Yield windows by their rising numbers, with these, from at most so many row groups."""
        bounds = np.searchsorted(numbers, self._bounds)
        for place in np.flatnonzero(np.diff(bounds))[:most].tolist():
            own = numbers[bounds[place] : bounds[place + 1]]
            yield own, self._read(place, fields).take(own - self._bounds[place])

    def _read(self, place: int, fields: Sequence[str], *, calos: bool = False) -> Part:
        number, group = self._places[place]
        with self._lock:
            file = self._file(number)
            return file.read(group, [name for name in fields if name in file.groups], calos=calos)

    def _file(self, number: int) -> WindowFile:
        """Return a file, opened if it is not; the one that was not used for longest is closed for it."""
        with self._lock:
            if number not in self._opened:
                self._opened[number] = WindowFile(self.paths[number])
                if len(self._opened) > MOST_OPEN:
                    self._opened.popitem(last=False)[1].close()
            self._opened.move_to_end(number)
            return self._opened[number]
