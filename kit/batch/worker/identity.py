"""By what a point is known, wherever it is made: before the submission, or inside a job from what another left."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["SHORT", "canonical", "digest", "identity"]

SHORT = 16  # hexadecimal digits of an id
_ENCODERS = {
    sort: json.JSONEncoder(sort_keys=sort, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for sort in (True, False)
}


def canonical(value: Any, *, sort: bool = True) -> str:
    """Return `value` as JSON without blanks, keys in order, floats as short as they can be read back.

    Raises
    ------
    ValueError
        For NaN, infinity, and what JSON does not know.
    """
    return _ENCODERS[sort].encode(value)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def identity(code: str, values: Mapping[str, Any], repeat: int | None = None) -> str:
    """Return the id of the point with these `values`; `repeat` tells equal points apart.

    The digits are the first 16 of the SHA-256 of ``{"code":…,"parameters":…}``.
    """
    about: dict[str, Any] = {"code": code, "parameters": values}
    if repeat is not None:
        about["repeat"] = repeat
    return digest(canonical(about))[:SHORT]
