"""Procedures as users have written them: entry file, libraries, and the one that shall run.

Both dialects are read without a change of the files: 0.1.2 (``target_settings``) and 1.0.15 (``system_settings``).
Only the entry that shall run must be right; faults of others in its library are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kit import files, wording
from kit.hgcroc.planning.dialects import Procedure
from kit.hgcroc.planning.documents import Document, Findings, Mapped, ProcedureError, load
from kit.hgcroc.planning.entries import read_current, read_legacy

__all__ = ["Dialect", "Library", "read_library", "read_procedure"]

Dialect = Literal["auto", "0.1.2", "1.0.15"]
MAIN_KEYS = ("libraries", "procedures", "workflows")


@dataclass(frozen=True)
class Entry:
    """An entry of a library: what it is called, which type it has, where it stands."""

    name: str
    type: str
    dialect: str
    document: Document
    keys: tuple[Any, ...]


@dataclass
class Library:
    """All entries that a main file leads to, and its workflows."""

    path: Path
    entries: list[Entry] = field(default_factory=list)
    workflows: dict[str, list[str]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    def names(self, kind: str = "daq") -> list[str]:
        """Return the names of all entries of a type."""
        return [entry.name for entry in self.entries if entry.type == kind]

    def find(self, name: str, kind: str = "daq") -> Entry:
        """Return the entry of this name.

        Raises
        ------
        ProcedureError
            With a list of all names, if there is none.
        """
        for entry in self.entries:
            if entry.name == name and entry.type == kind:
                return entry
        names = self.names(kind)
        near = wording.suggestion(name, names)
        told = ", ".join(names) or "none"
        message = f"{files.shown(self.path)}: there is no {kind} procedure {name!r}{near}; there are: {told}"
        raise ProcedureError([message])


def read_library(path: Path) -> Library:
    """Return all entries that a main file and its libraries hold.

    Raises
    ------
    ProcedureError
        With all files that cannot be read.
    """
    library = Library(path)
    _collect(path, library, set(), "")
    library.findings.refuse()
    seen: dict[tuple[str, str], Entry] = {}
    for entry in library.entries:
        before = seen.setdefault((entry.type, entry.name), entry)
        if before is not entry:
            first = before.document.spot(before.keys)
            library.findings.warn(
                entry.document.spot(entry.keys), f"{entry.name} stands at {first}, too, which is taken"
            )
    return library


def read_procedure(path: Path, name: str, dialect: Dialect = "auto") -> tuple[Procedure, Findings]:
    """Return the procedure `name` of a main file, and what is noticed about it.

    Raises
    ------
    ProcedureError
        With all faults of the procedure and of the files that it names.
    """
    library = read_library(path)
    entry = library.find(name)
    chosen = entry.dialect if dialect == "auto" else dialect
    findings = Findings(warnings=list(library.findings.warnings))
    procedure = _read(entry, chosen, findings)
    findings.refuse()
    for other in library.entries:
        if other.type == "daq" and other is not entry:
            looked = Findings()
            _read(other, other.dialect, looked, deep=False)
            for fault in looked.faults:
                findings.warnings.append(f"{fault} (of {other.name}, which does not run)")
    return procedure, findings


def _read(entry: Entry, dialect: str, findings: Findings, *, deep: bool = True) -> Procedure:
    reader = {"0.1.2": read_legacy, "1.0.15": read_current}[dialect]
    return reader(Mapped(entry.document, entry.keys, findings), deep=deep)


def _collect(path: Path, library: Library, seen: set[Path], spot: str) -> None:
    if path.resolve() in seen:
        return
    seen.add(path.resolve())
    document = load(path, library.findings, spot)
    if document is None or document.content is None:
        return
    if isinstance(document.content, list):
        library.entries += _entries(document, (), library.findings)
        return
    main = Mapped(document, (), library.findings)
    for name in main.content:
        if name not in MAIN_KEYS:
            library.findings.warn(document.spot([name]), f"is not known{wording.suggestion(str(name), MAIN_KEYS)}")
    if main.take("procedures", list, "a list of procedures", []):
        library.entries += _entries(document, ("procedures",), library.findings)
    for place, word in enumerate(main.take("libraries", list, "a list of paths", []) or []):
        if isinstance(word, str):
            _collect(path.parent / word, library, seen, document.spot(["libraries", place]))
        else:
            main.fault(["libraries", place], f"is {word!r}, should be a path")
    for flow in main.take("workflows", list, "a list of workflows", []) or []:
        if isinstance(flow, dict) and isinstance(flow.get("name"), str):
            library.workflows[flow["name"]] = [str(task) for task in flow.get("tasks") or []]


def _entries(document: Document, keys: tuple[Any, ...], findings: Findings) -> Iterator[Entry]:
    content = document.content
    for key in keys:
        content = content[key]
    for place, item in enumerate(content):
        spot = (*keys, place)
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            findings.warn(document.spot(spot), "is no procedure: has no name")
            continue
        kind = str(item.get("type", "")).lower()
        if kind not in ("daq", "analysis"):
            findings.warn(
                document.spot(spot), f"type of {item['name']} is {item.get('type')!r}, should be daq or analysis"
            )
        dialect = "0.1.2" if "target_settings" in item or "daq_settings" in item else "1.0.15"
        yield Entry(item["name"], kind, dialect, document, spot)
