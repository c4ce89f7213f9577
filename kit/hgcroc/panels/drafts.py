"""Procedures that are being written: the settings of one that there is, with axes of one's own, in its dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from kit import files, wording
from kit.hgcroc.panels.building import axis_values
from kit.hgcroc.planning.dialects import Procedure
from kit.hgcroc.planning.documents import Document, Findings, Mapped, parse
from kit.hgcroc.planning.entries import read_current, read_legacy
from kit.hgcroc.planning.procedures import read_library

__all__ = ["Draft", "read_draft"]

PATHS = (  # names of files, which are named relative to the file they stand in
    ("system_settings", ("default", "init")),
    ("target_settings", ("power_on_default", "initial_config")),
    ("daq_settings", ("default",)),
)


@dataclass(frozen=True)
class Draft:
    """An entry whose axes are changed; make it with `read_draft`.

    Attributes
    ----------
    content : dict
        The entry as it was read, its files named by absolute paths.
    dialect : str
        ``0.1.2`` or ``1.0.15``.
    axes : tuple of dict
        The slowest first, see `building`.
    changed : bool
        Whether they are others than those of the file.
    """

    content: dict[str, Any]
    dialect: str
    axes: tuple[dict[str, Any], ...]
    changed: bool = False

    def with_axes(self, axes: Sequence[dict[str, Any]]) -> Draft:
        """Return the draft with other axes."""
        return replace(self, axes=tuple(axes), changed=self.changed or tuple(axes) != self.axes)

    def text(self, name: str) -> str:
        """Return the draft as a main file with this one entry.

        Raises
        ------
        ValueError
            If the dialect cannot say an axis: 0.1.2 knows ranges of registers in even steps alone.
        """
        parts = [_legacy(axis) for axis in self.axes] if self.dialect == "0.1.2" else list(self.axes)
        entry = self.content | {"name": name, "parameters": parts}
        if not parts and self.dialect != "0.1.2":
            del entry["parameters"]
        content = {"procedures": [entry]}
        return str(yaml.dump(content, Dumper=_Plain, sort_keys=False, default_flow_style=None, width=115))

    def procedure(self, name: str) -> tuple[Procedure, Findings]:
        """Return the draft as it reads back from its text, with what is noticed about it.

        Raises
        ------
        ProcedureError, ValueError
            With its faults; see `text`.
        """
        text, findings = self.text(name), Findings()
        entry = Mapped(Document(Path(f"{name}.yaml"), text, parse(text)), ("procedures", 0), findings)
        procedure = (read_legacy if self.dialect == "0.1.2" else read_current)(entry)
        findings.refuse()
        return procedure, findings

    def write(self, path: Path, name: str) -> Path:
        """Write the draft as a main file, which appears when it is whole."""
        text = self.text(name)
        with files.whole(path) as part:
            part.write_text(text, encoding="utf-8")
        return path


class _Plain(yaml.SafeDumper):
    """YAML without anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def read_draft(config: Path, procedure: str) -> Draft:
    """Return a procedure of a main file, ready to be changed.

    Raises
    ------
    ProcedureError
        If it is not there.
    """
    entry = read_library(config).find(procedure)
    content: Any = entry.document.content
    for key in entry.keys:
        content = content[key]
    axes = [axis for axis in content.get("parameters") or [] if isinstance(axis, dict)]
    if entry.dialect == "0.1.2":
        axes = [{"key": ["target", *axis.get("key", [])], "values": axis.get("range")} for axis in axes]
    return Draft(_absolute(content, entry.document.path.parent.resolve()), entry.dialect, tuple(axes))


def _legacy(axis: dict[str, Any]) -> dict[str, Any]:
    if "key" not in axis or axis["key"][0] != "target":
        message = "dialect 0.1.2 steps single registers alone, no templates, coupled registers or settings"
        raise ValueError(message)
    if isinstance(axis["values"], dict):
        return {"key": axis["key"][1:], "range": axis["values"]}
    values = axis_values(axis)
    steps = set(np.diff(values).tolist())
    if len(steps) > 1 or 0 in steps:
        message = f"dialect 0.1.2 knows ranges of even steps alone, not {wording.short(str(values))}"
        raise ValueError(message)
    step = steps.pop() if steps else 1
    limits = {"start": values[0], "stop": values[-1] + (1 if step > 0 else -1), "step": step}
    return {"key": axis["key"][1:], "range": limits}


def _absolute(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return an entry with absolute paths."""

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(part) for part in value]
        return str(folder / value) if isinstance(value, str) else value

    kept = dict(content)
    for section, names in PATHS:
        if isinstance(kept.get(section), dict):
            kept[section] = {key: placed(v) if key in names else v for key, v in kept[section].items()}
    return kept
