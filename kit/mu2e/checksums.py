"""Short checksums of JSON content, by which configurations and plans are told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["checksum", "identity"]


def checksum(content: Any) -> str:
    """Return a short checksum of JSON content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def identity(record: Any) -> str:
    """Return a checksum of all that the record of a plan says: two that differ in one range differ in it."""
    return checksum(record.get("checksums") if isinstance(record, Mapping) else record)
