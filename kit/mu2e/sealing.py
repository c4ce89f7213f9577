"""Blinding by commitment: the conversion rate and the seed in a sealed file, whose checksum is told at once.

Who reveals the file later proves by its checksum that nothing was changed in between.
"""

from __future__ import annotations

import json
import math
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.files import FormatError, read_json, sha256, whole

__all__ = ["Sealed", "read_sealed", "reveal", "seal", "write_private"]

NONCE_BITS = 128  # with fewer, rates could be tried until the checksum fits
LARGEST_RATE = 1e-9


@dataclass(frozen=True)
class Sealed:
    """What a sealed file holds; `range` is public, the rest is not."""

    r_mue: float
    seed: int
    nonce: str
    range: tuple[float, float]
    checksum: str


def seal(path: str | os.PathLike[str], low: float, high: float) -> str:
    """Write a sealed file with a random conversion rate, without showing it, and return its checksum.

    Parameters
    ----------
    path : path
        The file; only its owner may read it. It must not exist.
    low, high : float
        The rate lies between, evenly in its logarithm; evenly where `low` is 0.

    Raises
    ------
    ValueError
        If there is no rate between.
    FileExistsError
        If the file is there.
    """
    if not 0 <= low < high <= LARGEST_RATE:
        message = f"rates from {low:g} to {high:g} cannot be sealed, should be 0 ≤ low < high ≤ {LARGEST_RATE:g}"
        raise ValueError(message)
    final = Path(path)
    if final.exists():
        message = f"{final} is there: a sealed file is never written again"
        raise FileExistsError(message)
    share = secrets.randbits(53) / 2**53
    rate = low + (high - low) * share if low == 0 else low * math.exp(math.log(high / low) * share)
    content = {"r_mue": rate, "seed": secrets.randbits(32), "nonce": secrets.token_hex(32), "range": [low, high]}
    write_private(final, json.dumps(content, indent=1) + "\n")
    return sha256(final)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    with whole(path) as part:
        part.touch(mode=0o600)
        part.write_text(text, encoding="utf-8")


def read_sealed(path: Path) -> Sealed:
    """Return what a sealed file holds.

    Raises
    ------
    FormatError
        Naming what is missing in it; its values are never told.
    """
    content = read_json(path)
    faults = []
    if not isinstance(content, dict):
        content, faults = {}, ["should be a map with r_mue, seed and nonce"]
    if not _number(content.get("r_mue")) or not 0 <= content["r_mue"] <= LARGEST_RATE:
        faults.append(f"r_mue should be a number from 0 to {LARGEST_RATE:g}")
    if not isinstance(content.get("seed"), int) or not 0 <= content["seed"] < 2**32:
        faults.append("seed should be a whole number from 0 to 4294967295")
    if len(str(content.get("nonce", ""))) * 4 < NONCE_BITS:
        faults.append(f"nonce should have {NONCE_BITS} bit, {NONCE_BITS // 4} hexadecimal digits, or more")
    limits = content.get("range", [0.0, LARGEST_RATE])
    if not isinstance(limits, list) or len(limits) != 2 or not all(map(_number, limits)):
        faults.append("range should be the lowest and the highest rate")
    if faults:
        raise FormatError("\n".join(f"{path}: {text}" for text in faults))
    low, high = limits
    return Sealed(content["r_mue"], content["seed"], str(content["nonce"]), (low, high), sha256(path))


def reveal(path: str | os.PathLike[str], commitment: str) -> Sealed:
    """Return what was sealed, if the file is the one whose checksum was told.

    Raises
    ------
    FormatError
        With both checksums, if it is not.
    """
    found = sha256(path)
    if found != commitment:
        message = f"{os.fspath(path)}: checksum is {found}, but {commitment} was told: it is not what was sealed"
        raise FormatError(message)
    return read_sealed(Path(path))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
