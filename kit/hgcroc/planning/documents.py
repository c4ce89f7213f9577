"""YAML files of users: read once, and every fault told with file, line and key path, all at once."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from kit import files, wording

__all__ = ["Document", "Findings", "Mapped", "ProcedureError", "load", "parse"]

# the C parser is ten times faster; a power-on file has 8000 lines
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
REQUIRED = object()


class ProcedureError(ValueError):
    """Procedures that cannot be run as they are written; `faults` are told one a line."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = list(dict.fromkeys(faults))
        several = f"{len(self.faults)} faults before anything was sent:\n  " if len(self.faults) > 1 else ""
        super().__init__(several + "\n  ".join(self.faults))


@dataclass(frozen=True)
class Document:
    """A file and what it holds."""

    path: Path
    text: str
    content: Any

    def spot(self, keys: Sequence[Any] = ()) -> str:
        """Return file, line and key path of a place in it; of the nearest one that exists."""
        line = _line(self.text, tuple(keys))
        told = ".".join(map(str, keys))
        return f"{files.shown(self.path)}:{line}{': ' if told else ''}{told}"


@dataclass
class Findings:
    """What is wrong with procedures, and what only deserves a word."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def fault(self, spot: str, text: str) -> None:
        """Note something that must be mended."""
        self.faults.append(f"{spot}: {text}")

    def warn(self, spot: str, text: str) -> None:
        """Note something that works, but perhaps not as meant."""
        if (warning := f"{spot}: {text}") not in self.warnings:
            self.warnings.append(warning)

    def refuse(self) -> None:
        """Raise `ProcedureError` if there are faults."""
        if self.faults:
            raise ProcedureError(self.faults)


def load(path: Path, findings: Findings, spot: str = "") -> Document | None:
    """Return a YAML file, or None and a fault; `spot` is where it was named."""
    told = f"{spot}: " if spot else ""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        findings.faults.append(f"{told}{files.shown(path)}: is not UTF-8; should be a YAML file")
        return None
    except (OSError, ValueError) as fault:  # a name with a zero in it
        reason = getattr(fault, "strerror", None) or fault
        findings.faults.append(f"{told}{files.shown(path)}: {reason}; should be a YAML file")
        return None
    try:
        return Document(path, text, parse(text))
    except yaml.YAMLError as fault:
        findings.faults.append(f"{files.shown(path)}{yaml_fault(fault)}")
        return None


def yaml_fault(fault: yaml.YAMLError) -> str:
    """Return line and reason of a syntax fault."""
    mark = getattr(fault, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    return f"{line}: {getattr(fault, 'problem', None) or fault}; should be YAML"


def parse(text: str) -> Any:
    """Return what YAML text holds; long texts are parsed once, and everyone gets a copy."""
    if len(text) < 2000:
        return _load(text)
    return copy_tree(_parsed(hashlib.sha256(text.encode()).digest(), text))


@lru_cache(maxsize=16)
def _parsed(_digest: bytes, text: str) -> Any:
    return _load(text)


def _load(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except ValueError as fault:  # a month 13
        raise yaml.YAMLError(str(fault)) from fault


def copy_tree(tree: Any) -> Any:
    """Return a copy of maps and lists; what they hold is plain."""
    if isinstance(tree, dict):
        return {key: copy_tree(value) for key, value in tree.items()}
    return copy.deepcopy(tree) if isinstance(tree, list) else tree


def _line(text: str, keys: tuple[Any, ...]) -> int:
    """Return the line on which the place `keys` begins; 1 for the whole."""
    node = _composed(text)
    line = 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(key)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


@lru_cache(maxsize=16)
def _composed(text: str) -> Any:
    """Return the nodes of a text, with their lines; None where it is no YAML. Every word about a file needs it."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return None


class Mapped:
    """A map in a document, from which known names are taken one by one.

    Parameters
    ----------
    document : Document
        Where it stands.
    keys : sequence
        Its key path there.
    findings : Findings
        Where faults go; a value that cannot be used is None.
    missing : str
        The name under which there is no map at that place: this one is empty.
    """

    def __init__(self, document: Document, keys: Sequence[Any], findings: Findings, *, missing: str = "") -> None:
        self.document, self.keys, self.findings = document, tuple(keys), findings
        self.missing = missing
        self.content: Any = document.content
        for key in self.keys:
            self.content = self.content[key]
        if missing:
            self.content = {}
        self.known: list[str] = []
        if not isinstance(self.content, Mapping):
            self.fault((), f"is {wording.short(repr(self.content))}, should be a map")
            self.content = {}

    def fault(self, keys: Sequence[Any], text: str) -> None:
        """Note a fault at a place below this one."""
        self.findings.fault(self.spot(keys), text)

    def spot(self, keys: Sequence[Any]) -> str:
        """Return file, line and key path of a place below this one."""
        return self.document.spot((*self.keys, *keys))

    def below(self, name: str) -> Mapped:
        """Return the map under `name`, an empty one where there is none."""
        self.known.append(name)
        if self.content.get(name) is None:
            return Mapped(self.document, self.keys, self.findings, missing=name)
        return Mapped(self.document, (*self.keys, name), self.findings)

    def take(self, name: str, kind: type | tuple[type, ...], words: str, default: Any = REQUIRED) -> Any:
        """Return the value of `name` if it is of a `kind`, told as `words`; else default, or a fault and None."""
        self.known.append(name)
        value = self.content.get(name)
        if value is None:
            if default is REQUIRED:
                wanted = ".".join(filter(None, (self.missing, name)))
                self.fault((), f"has no {wanted}, should have one: {words}")
                return None
            return copy.copy(default)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fault((name,), f"is {wording.short(repr(value))}, should be {words}")
            return None if default is REQUIRED else copy.copy(default)
        return value

    def choose(self, name: str, choices: Sequence[str], default: str) -> str:
        """Return the value of `name`, one of `choices`."""
        value = self.take(name, str, f"one of {', '.join(choices)}", default)
        if value not in choices:
            self.fault((name,), f"is {value!r}, should be one of {', '.join(choices)}")
            return default
        return str(value)

    def refuse_others(self) -> None:
        """Note a fault for each name that was not taken."""
        for name in self.content:
            if name not in self.known:
                near = wording.suggestion(str(name), self.known) or f", should be one of {', '.join(self.known)}"
                self.fault((name,), f"is not known{near}")
