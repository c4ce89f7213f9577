"""Windows as TFRecord, without TensorFlow: SequenceExample messages in the records of its file format.

A record is its length, a checksum of that, the message, a checksum of the message. Nearly all parts of a message
have a length that is known before: they are made for all windows at once, and only put together one by one.
Sources: TensorFlow, `example.proto` and the description of TFRecord files; CRC-32C, RFC 3720.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from kit.ecal.access import Part
from kit.ecal.events import AnyArray, FloatArray, IntArray
from kit.ecal.features import Features

__all__ = ["HIT_KEYS", "WINDOW_CLASSES", "checksums", "classes_of", "masked", "messages", "records"]

HIT_KEYS = {"cl_h0": "ieta", "cl_h1": "iphi", "cl_h2": "iz", "cl_h4": "share"}
WINDOW_CLASSES = ("unmatched", "matched", "matched and calo seed")
POLYNOMIAL = 0x82F63B78  # of CRC-32C, bits reversed
MASK_DELTA = 0xA282EAD8
BATCH = 512  # records whose checksums are computed side by side


def classes_of(part: Part) -> IntArray:
    """Return 0 for windows of no particle, 1 for matched ones, 2 if their seed is the particle's main cluster."""
    matched, seed = (part.window[name].astype(np.int64) for name in ("is_seed_calo_matched", "is_seed_calo_seed"))
    return matched + (matched & seed)


def records(data: Sequence[bytes]) -> Iterator[bytes]:
    """Yield messages as they stand in the file."""
    for first in range(0, len(data), BATCH):
        some = data[first : first + BATCH]
        lengths = [len(message).to_bytes(8, "little") for message in some]
        heads, tails = masked(checksums(lengths)), masked(checksums(some))
        for message, length, head, tail in zip(some, lengths, heads.tolist(), tails.tolist(), strict=True):
            yield b"".join((length, head.to_bytes(4, "little"), message, tail.to_bytes(4, "little")))


def masked(values: AnyArray) -> AnyArray:
    """Return checksums turned and shifted, as the format wants them."""
    wide = values.astype(np.uint64)
    turned = ((wide >> np.uint64(15)) | (wide << np.uint64(17))) & np.uint64(0xFFFFFFFF)
    changed: AnyArray = (turned + np.uint64(MASK_DELTA)) & np.uint64(0xFFFFFFFF)
    return changed


def checksums(data: Sequence[bytes]) -> AnyArray:
    """Return the CRC-32C of each of the byte strings, all computed side by side, eight bytes at a time."""
    if not data:
        return np.zeros(0, np.uint32)
    tables = _tables()
    order = sorted(range(len(data)), key=lambda i: -len(data[i]))
    lengths = np.array([len(data[i]) for i in order])
    width = -(-int(lengths.max()) // 8) * 8
    rows = np.zeros((len(data), width), np.uint8)
    for row, i in enumerate(order):
        rows[row, : len(data[i])] = np.frombuffer(data[i], np.uint8)
    words = rows.view("<u4").astype(np.uint32).T.copy() if width else np.zeros((0, len(data)), np.uint32)
    state = np.full(len(data), 0xFFFFFFFF, np.uint32)
    active = np.searchsorted(-lengths, -8 * (np.arange(width // 8) + 1), side="right")  # longest ones stand first
    for step, number in enumerate(active.tolist()):
        low, high = words[2 * step, :number] ^ state[:number], words[2 * step + 1, :number]
        mixed = (
            tables[7][low & 255]
            ^ tables[6][(low >> 8) & 255]
            ^ tables[5][(low >> 16) & 255]
            ^ tables[4][low >> 24]
        )
        mixed ^= tables[3][high & 255] ^ tables[2][(high >> 8) & 255]
        state[:number] = mixed ^ tables[1][(high >> 16) & 255] ^ tables[0][high >> 24]
    rest = lengths % 8
    for byte in range(7):
        own = np.flatnonzero(rest > byte)
        value = rows[own, lengths[own] - rest[own] + byte]
        state[own] = (state[own] >> np.uint32(8)) ^ tables[0][(state[own] ^ value) & 255]
    found = np.empty(len(data), np.uint32)
    found[order] = state ^ np.uint32(0xFFFFFFFF)
    return found


@cache
def _tables() -> AnyArray:
    """Return what a byte at each of eight places contributes."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, (first >> np.uint32(1)) ^ np.uint32(POLYNOMIAL), first >> np.uint32(1))
    tables = [first]
    for _ in range(7):
        tables.append((tables[-1] >> np.uint32(8)) ^ first[tables[-1] & 255])
    return np.array(tables, np.uint32)


def messages(part: Part, features: Features, weight: FloatArray, absent: float | None = None) -> Iterator[bytes]:
    """Yield a SequenceExample for each window.

    Parameters
    ----------
    part : Part
        Windows with all that the vectors name, and hits.
    features : Features
        Which fields make which vector.
    weight : ndarray
        Of each window.
    absent : float, optional
        The number that stands for NaN in the input; here NaN stays NaN.
    """
    vectors = features.vectors
    classes = classes_of(part)
    flavour = np.where(classes > 0, part.window["flavour"].astype(np.int64), 0)
    whole = {
        **{key: _floats(part.window, vectors[key], absent) for key in ("s_f", "s_m", "w_f", "w_m")},
        "s_l": _whole_numbers(np.stack([part.window[name] for name in vectors["s_l"]], 1)),
        "w_cl": _whole_numbers(classes[:, None]),
        "n_cl": _whole_numbers(np.diff(part.offsets)[:, None]),
        "f": _whole_numbers(flavour[:, None]),
        "wi": _packed_floats(weight[:, None]),
    }
    context = [[_entry(key, value) for value in values] for key, values in whole.items()]
    lists = [
        _rows("cl_f", _floats(part.cluster, vectors["cl_f"], absent), part.offsets),
        _rows("cl_m", _floats(part.cluster, vectors["cl_m"], absent), part.offsets),
        _rows("cl_l", _whole_numbers(np.stack([part.cluster[n] for n in vectors["cl_l"]], 1)), part.offsets),
        *(_rows(key, _hit_lists(part, name), part.offsets) for key, name in HIT_KEYS.items()),
    ]
    seed_hits = _seed_hits(part)
    for w in range(len(part)):
        first = b"".join([*(values[w] for values in context), seed_hits[w]])
        second = b"".join([values[w] for values in lists])
        yield b"".join((_tagged(1, first), _tagged(2, second)))


def _varint(value: int) -> bytes:
    """Return a number in seven bits a byte; negative ones take ten bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _tagged(field: int, content: bytes) -> bytes:
    """Return a field that holds bytes or another message."""
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _entry(key: str, feature: bytes) -> bytes:
    """Return an entry of a map from names to messages."""
    return _tagged(1, _tagged(1, key.encode()) + _tagged(2, feature))


def _floats(columns: Any, names: Sequence[str], absent: float | None) -> list[bytes]:
    values = np.stack([columns[name] for name in names], 1).astype(np.float64)
    return _packed_floats(np.where(values == absent, np.nan, values) if absent is not None else values)


def _packed_floats(values: FloatArray) -> list[bytes]:
    """Return a Feature with a list of floats for each row."""
    content = np.ascontiguousarray(values, "<f4").tobytes()
    size = 4 * values.shape[1]
    head = _tagged(2, _tagged(1, bytes(size)))[: -size or None]  # all but the numbers, which stand last
    return [head + content[place : place + size] for place in range(0, len(content), size)]


def _whole_numbers(values: AnyArray) -> list[bytes]:
    """Return a Feature with a list of whole numbers for each row."""
    known = {int(value): _varint(int(value)) for value in np.unique(values)}
    rows = (b"".join([known[value] for value in row]) for row in values.astype(np.int64).tolist())
    return [_tagged(3, _tagged(1, row)) for row in rows]


def _rows(key: str, features: Sequence[bytes], offsets: IntArray) -> list[bytes]:
    """Return a feature list for each window, of the features of its clusters."""
    listed = [_tagged(1, feature) for feature in features]
    bounds = offsets.tolist()
    return [_entry(key, b"".join(listed[first:last])) for first, last in itertools.pairwise(bounds)]


def _hit_lists(part: Part, name: str) -> list[bytes]:
    """Return a Feature with one number of all hits for each cluster."""
    assert part.hits is not None
    content = part.hits[name].astype("<f4").tobytes()
    bounds = (4 * part.hits.offsets).tolist()
    return [_tagged(2, _tagged(1, content[first:last])) for first, last in itertools.pairwise(bounds)]


def _seed_hits(part: Part) -> list[bytes]:
    """Return for each window the hits of its seed, as the bytes of a TensorProto of float32, shape (hits, 4)."""
    assert part.hits is not None
    seeds = np.flatnonzero(part.cluster["is_seed"])
    hits = part.hits.take(seeds)
    rows = np.stack([hits[name] for name in HIT_KEYS.values()], 1)
    content, bounds = rows.astype("<f4").tobytes(), hits.offsets.tolist()
    made = []
    for first, last in itertools.pairwise(bounds):
        sizes = b"".join(_tagged(2, b"\x08" + _varint(size)) for size in (last - first, 4))
        tensor = b"\x08\x01" + _tagged(2, sizes) + _tagged(4, content[16 * first : 16 * last])
        made.append(_entry("s_h", _tagged(1, _tagged(1, tensor))))
    return made
