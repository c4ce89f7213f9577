"""Calibrations as files: a tree of registers in YAML, and in its comments where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

import kit
from kit import files
from kit.hgcroc.planning.dialects import Layer, sections
from kit.hgcroc.planning.documents import Findings, load

__all__ = ["OVERLAY", "layer_of", "overlay_text", "write_overlay"]

OVERLAY = "overlay.yaml"


def overlay_text(tree: dict[str, Any], method: str, sources: Sequence[str], remarks: Sequence[str] = ()) -> str:
    """Return an overlay as text: the scans and the method it comes from as comments, then the tree."""
    told = [
        f"Registers found by {method}, kit {kit.__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        *(f"from scan {source}" for source in sources),
        *remarks,
    ]
    comments = "".join(f"# {' '.join(line.split())}\n" for line in told)
    return comments + yaml.safe_dump({"target": tree}, default_flow_style=None, sort_keys=True, width=115)


def write_overlay(
    path: Path, tree: dict[str, Any], method: str, sources: Sequence[str], remarks: Sequence[str] = ()
) -> None:
    """Write an overlay; it appears when it is whole."""
    with files.whole(path) as part:
        part.write_text(overlay_text(tree, method, sources, remarks), encoding="utf-8")


def layer_of(path: Path) -> Layer:
    """Return an overlay as a layer of a plan; ROCs may stand on top, or below ``target``.

    Raises
    ------
    ProcedureError
        If the file cannot be read, or holds something else.
    """
    findings = Findings()
    document = load(path, findings)
    findings.refuse()
    assert document is not None
    if not isinstance(document.content, dict):
        findings.fault(document.spot(), f"is a {type(document.content).__name__}, should be a tree of registers")
        findings.refuse()
    layer = sections("calibration", document, (), document.content, findings, warn=False)
    findings.refuse()
    return layer
