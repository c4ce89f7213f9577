"""A procedure, of either dialect: its layers of settings, its axes, and how it is to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kit import wording
from kit.hgcroc.planning.documents import Document, Findings

__all__ = ["SECTIONS", "AxisText", "Layer", "Mode", "Procedure", "sections"]

Mode = Literal["summary", "full"]
SECTIONS = ("target", "daq", "client")
STRAY = ("hostname", "port")  # address the target in files of older tools; they are no registers


@dataclass(frozen=True)
class Layer:
    """Settings from one place: a file, or a part of the procedure.

    Attributes
    ----------
    kind : str
        ``default``, ``init``, ``override`` or ``calibration``.
    document : Document
        Where they stand.
    roots : dict of str to tuple
        The key path of each section in the document.
    tree : dict
        Sections ``target``, ``daq``, ``client``.
    """

    kind: str
    document: Document
    roots: dict[str, tuple[Any, ...]]
    tree: dict[str, Any]

    def spot(self, section: str, path: Sequence[Any]) -> str:
        """Return file, line and key path of a setting."""
        return self.document.spot((*self.roots.get(section, ()), *path))


@dataclass(frozen=True)
class AxisText:
    """An axis as it is written: a key or a template, and values."""

    document: Document
    keys: tuple[Any, ...]
    values: list[Any]
    key: list[Any] | None = None
    template: str | None = None
    default: str | None = None

    def spot(self, *keys: Any) -> str:
        """Return file, line and key path of a part of the axis."""
        return self.document.spot((*self.keys, *keys))


@dataclass(frozen=True)
class Procedure:
    """A procedure that may run; what it says of registers is not checked yet."""

    name: str
    dialect: str
    spot: str
    layers: list[Layer]
    axes: list[AxisText]
    repeat: int = 1
    merge: bool = True
    mode: Mode = "summary"
    data_format: str = "raw"
    start_tdc: bool = False
    calibrations: list[str] = field(default_factory=list)
    data_columns: list[str] = field(default_factory=list)


def sections(
    kind: str,
    document: Document,
    root: tuple[Any, ...],
    tree: dict[Any, Any],
    findings: Findings,
    *,
    warn: bool = True,
) -> Layer:
    """Return settings sorted into target, daq and client; ROCs may stand without ``target`` above them.

    The original makes a branch of its own of such a ROC, which is never sent: here it is meant as it reads.
    """
    roots: dict[str, tuple[Any, ...]] = {section: (*root, section) for section in SECTIONS}
    parts: dict[str, Any] = {}
    for name, below in tree.items():
        if name in STRAY:
            continue
        if name in SECTIONS:
            if not isinstance(below, dict):
                findings.fault(document.spot((*root, name)), f"is {wording.short(repr(below))}, should be a map")
                continue
            stray = STRAY if name == "target" else ()
            parts.setdefault(name, {}).update({k: v for k, v in below.items() if k not in stray})
        elif isinstance(name, str) and name.startswith("roc"):
            roots["target"] = root
            parts.setdefault("target", {})[name] = below
            if warn:
                findings.warn(document.spot((*root, name)), "stands without target above it, which is added")
        else:
            findings.warn(document.spot((*root, name)), "is neither target nor daq nor client and is never sent")
    return Layer(kind, document, roots, parts)
