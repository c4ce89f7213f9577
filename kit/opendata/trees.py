"""One tree of a ROOT file, TTree or RNTuple alike: its branches, its cluster boundaries, flat arrays of a range.

All faults of a file show here. What is wrong with its bytes is a FormatError that names the file and, for
a damaged basket, the branch and the entries; what the network or the disk refuses stays an OSError, so that
a caller can tell what is worth another try. Paths go to uproot as they are: local, https://, root://,
simplecache::https://.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import re
import struct
import zlib
from collections.abc import Collection, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from kit import addresses
from kit.files import FormatError, is_remote
from kit.opendata.recognition import Tree
from kit.opendata.schemas import STORAGES, Storage

IntArray = npt.NDArray[np.int64]
LIST = re.compile(r"(?:(?:std::)?vector|ROOT::(?:VecOps::)?RVec)<(?P<vector>[^<>]+)>|(?P<counted>\w+)\[\]")
FLOATS = {"float", "double", "Float16_t", "Double32_t"}
MAGIC = b"root"
SMALLEST = 64  # bytes; a ROOT file cannot be smaller than its header
# fBEGIN and fEND stand behind the magic and the version; from version 1 000 000 fEND is a 64-bit number
HEADER, LARGE_HEADER, LARGE_VERSION = ">4siii", ">4siiq", 1_000_000


class Column(NamedTuple):
    """A branch over a range of entries: `content`, and for lists the `offsets` of entries in it, else None."""

    offsets: IntArray | None
    content: npt.NDArray[Any]


def _unreadable() -> tuple[type[Exception], ...]:
    """Return what the decoders raise on damaged bytes; the list comes from damaging files at random."""
    import cramjam
    from isal import isal_zlib
    from uproot.deserialization import DeserializationError

    fast: Any = isal_zlib.error  # where another system has told uproot to unpack with it
    return (
        ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError,
        EOFError, StopIteration, struct.error, zlib.error, LZMAError,
        fast, cramjam.DecompressionError, DeserializationError,
    )  # fmt: skip


@contextlib.contextmanager
def _faults_of(path: str, spot: str = "") -> Iterator[None]:
    """Turn what is wrong with a file's bytes into a FormatError, and a network's own faults into OSError."""
    try:
        yield
    except FormatError:
        raise
    except FileNotFoundError as fault:
        message = f"{path}: no such file"
        raise FileNotFoundError(message) from fault
    except OSError as fault:
        text = f"{path}: {spot}cannot be read: {_line(fault)}"
        # a local file that ends early or points to nowhere is damaged; a remote one may be better next time
        damaged = not is_remote(path) and fault.errno in (None, errno.EINVAL)
        raise (_fault_of_bytes(path) or (FormatError(text) if damaged else OSError(text))) from fault
    except _unreadable() as fault:
        raise (_fault_of_bytes(path) or FormatError(f"{path}: {spot}cannot be read: {_line(fault)}")) from fault
    except Exception as fault:
        if type(fault).__module__.startswith("aiohttp"):  # not all of its errors are OSErrors
            message = f"{path}: {_line(fault)}"
            raise OSError(message) from fault
        raise


def _line(fault: Exception) -> str:
    text = " ".join(str(fault).split("\n\n")[0].split())
    return f"{text[:200]} ({type(fault).__name__})" if text else type(fault).__name__


def _fault_of_bytes(path: str) -> FormatError | None:
    """Return what a file's size and first bytes say against it, None if nothing or if they cannot be had."""
    try:
        system, inner = addresses.filesystem(path)
        size = int(system.info(inner)["size"])
        head = system.cat_file(inner, start=0, end=min(size, SMALLEST)) if size else b""
    except (OSError, ImportError, KeyError, TypeError, ValueError):
        return None
    if not size:
        return FormatError(f"{path}: zero bytes, not a ROOT file")
    if not head.startswith(MAGIC):
        page = ", an HTML page" if head.lstrip()[:5].lower() in (b"<!doc", b"<html") else ""
        return FormatError(
            f"{path}: begins with {head[:16]!r}{page}, a ROOT file begins with {MAGIC!r}; {size} bytes"
        )
    if size < SMALLEST:
        return FormatError(f"{path}: truncated: {size} bytes, less than the header of a ROOT file")
    _, version, _, end = struct.unpack_from(HEADER, head)
    if version >= LARGE_VERSION:
        end = struct.unpack_from(LARGE_HEADER, head)[3]
    return FormatError(f"{path}: truncated: {size} bytes found, {end} expected") if size < end else None


class OpenFile:
    """A ROOT file open for reading, as a context manager.

    `storages` names the trees at its top level; they are loaded when they are asked for, since those with many
    branches take long. `strings` are its texts.
    """

    def __init__(self, path: str) -> None:
        import uproot

        self.path = path
        if not is_remote(path) and Path(path).is_dir():
            message = f"{path}: is a folder, should be a file; {path}/*.root names all files in it"
            raise FormatError(message)
        with _faults_of(path):
            # without uproot's caches: they know a file by its UUID, which a damaged copy shares
            self._directory = uproot.open({path: None}, object_cache=None, array_cache=None)
        try:
            self._read_header()
        except BaseException:
            self.close()
            raise

    def _read_header(self) -> None:
        with _faults_of(self.path):
            file = self._directory.file
            self.uuid = str(file.uuid)
            self.size = int(file.fEND)
            found = file.source.num_bytes
            if found is not None and found < self.size:
                message = f"{self.path}: truncated: {found} bytes found, {self.size} expected"
                raise FormatError(message)
            classes = self._directory.classnames(recursive=False, cycle=False)
            self.storages = {name: STORAGES[kind] for name, kind in classes.items() if kind in STORAGES}
            self._objects: dict[str, Any] = {}
            self.strings = {
                name: str(self._directory[name]) for name, kind in classes.items() if kind == "TObjString"
            }

    def describe(self, names: Collection[str] | None = None) -> list[Tree]:
        """Return what all trees, or those of these names, have."""
        wanted = [name for name in self.storages if names is None or name in names]
        return [Tree(name, self.storages[name], self.tree(name).branches()) for name in wanted]

    def tree(self, name: str) -> OpenTree:
        """Return the tree of this name."""
        if name not in self._objects:
            with _faults_of(self.path, f"tree {name} "):
                self._objects[name] = self._directory[name]
        return OpenTree(self.path, self.storages[name], self._objects[name])

    def close(self) -> None:
        """Close the file."""
        self._directory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()


class OpenTree:
    """A tree of an open file."""

    def __init__(self, path: str, storage: Storage, tree: Any) -> None:
        self.path, self.storage, self._tree = path, storage, tree
        with _faults_of(path):
            self.entries = int(tree.num_entries)

    def branches(self) -> frozenset[str]:
        """Return the names of all branches, also of those below others; of an RNTuple the fields at its top."""
        with _faults_of(self.path):
            deep = {"full_paths": False} if self.storage == "TTree" else {"recursive": False}
            return frozenset(self._tree.keys(**deep))

    def boundaries(self, names: Collection[str]) -> tuple[int, ...]:
        """Return the entries at which the clusters of all branches `names` begin, and the number of entries.

        Ranges that begin and end there are read without decompressing anything twice.
        """
        with _faults_of(self.path):
            if self.storage == "RNTuple":
                return (*(int(c.num_first_entry) for c in self._tree.cluster_summaries), self.entries)
            shared = {0, self.entries}
            if names:
                shared |= set.intersection(*({int(n) for n in self._tree[name].entry_offsets} for name in names))
            return tuple(sorted(shared))

    def check_lists(self, names: Collection[str], floats: bool) -> None:
        """Raise a FormatError unless each branch is a list of numbers per entry; of `floats`, or of integers."""
        wanted = "a list of float" if floats else "a list of integers"
        for name in names:
            with _faults_of(self.path):
                kind = str(self._tree[name].typename)
            match = LIST.fullmatch(kind)
            element = (match["vector"] or match["counted"]).strip() if match else ""
            right = element in FLOATS if floats else "int" in element
            if not right:
                message = f"{self.path}:{name}: is {kind}, must be {wanted} per entry"
                raise FormatError(message)

    def read(self, names: Collection[str], first: int, last: int) -> dict[str, Column]:
        """Return the branches `names` over the entries `first` to `last`, that one excluded, in one read."""
        try:
            with _faults_of(self.path):
                arrays = self._arrays(names, first, last)
                return {name: _column(arrays[name], last - first) for name in names}
        except FormatError as fault:
            raise (self._damage(names, first, last) or fault) from fault

    def _arrays(self, names: Collection[str], first: int, last: int) -> dict[str, Any]:
        span = {"entry_start": first, "entry_stop": last, "array_cache": None}
        if self.storage == "TTree":
            arrays: dict[str, Any] = self._tree.arrays(list(names), how=dict, **span)
            return arrays
        # by field, not by name: a name would also select the columns inside collections
        record = self._tree.arrays(filter_field=lambda f: f.parent is self._tree and f.name in names, **span)
        return {name: record[name] for name in names}

    def _damage(self, names: Collection[str], first: int, last: int) -> FormatError | None:
        """Return where a range cannot be read, by trying branch after branch and basket after basket."""
        for name in names:
            edges = [first, *(n for n in self.boundaries([name]) if first < n < last), last]
            for start, stop in itertools.pairwise(edges):
                try:
                    with _faults_of(self.path, f"{name}: entries {start} to {stop - 1}: "):
                        _column(self._arrays([name], start, stop)[name], stop - start)
                except FormatError as fault:
                    return fault
        return None


def _column(array: Any, entries: int) -> Column:
    """Return the buffers of an awkward array without copying them, offsets counted from zero."""
    layout = array.layout
    if len(layout) != entries:
        message = f"{len(layout)} entries found, {entries} expected"
        raise ValueError(message)
    if layout.is_numpy:
        return Column(None, np.asarray(layout.data))
    if layout.is_list and layout.content.is_list and layout.content.content.is_numpy:
        return _first_of_each(layout)
    if not layout.is_list or not layout.content.is_numpy:
        message = f"is {array.type.content}, must be one number or a list of numbers per entry"
        raise ValueError(message)
    layout = layout.to_ListOffsetArray64(False)
    offsets, content = np.asarray(layout.offsets.data, dtype=np.int64), np.asarray(layout.content.data)
    start, stop = int(offsets[0]), int(offsets[-1])
    return Column(offsets - start if start else offsets, content[start:stop])


def _first_of_each(layout: Any) -> Column:
    """Return the first value of each inner list, 0 where it is empty."""
    outer = layout.to_ListOffsetArray64(True)
    inner = outer.content.to_ListOffsetArray64(False)
    begins = np.asarray(inner.offsets.data, dtype=np.int64)
    content = np.append(np.asarray(inner.content.data), 0)  # an empty list at the end has a place to point to
    first = np.where(np.diff(begins) > 0, content[begins[:-1]], 0)
    offsets = np.asarray(outer.offsets.data, dtype=np.int64)
    return Column(offsets - offsets[0], first[offsets[0] : offsets[-1]])
