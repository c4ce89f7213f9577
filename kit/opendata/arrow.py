"""Arrays of pyarrow made from NumPy's, and NumPy's from those, sharing their memory.

pyarrow's own ways import pandas first, which takes a quarter of a second:
more than many a job needs for its masses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["column", "plain", "words"]


def column(numbers: npt.NDArray[Any]) -> Any:
    """Return numbers, shape (n,), as an array of pyarrow of the same type."""
    import pyarrow as pa

    held = pa.py_buffer(np.ascontiguousarray(numbers).data)
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [None, held])


def words(places: npt.NDArray[np.int32], names: Sequence[str]) -> Any:
    """Return the word at each of the places in `names` as a dictionary array of pyarrow."""
    import pyarrow as pa

    encoded = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    text = pa.StringArray.from_buffers(len(names), pa.py_buffer(ends.data), pa.py_buffer(b"".join(encoded)))
    return pa.DictionaryArray.from_arrays(column(places), text)


def plain(numbers: Any) -> npt.NDArray[Any]:
    """Return numbers of pyarrow, an array or a column of a table, as NumPy's; they cannot be written to.

    Raises
    ------
    ValueError
        If some are null.
    """
    import pyarrow as pa

    whole = numbers.combine_chunks() if isinstance(numbers, pa.ChunkedArray) else numbers
    if whole.null_count:
        message = f"{whole.null_count} of {len(whole)} numbers are null, should be none"
        raise ValueError(message)
    found: npt.NDArray[Any] = np.from_dlpack(whole)
    return found
