"""Analysis entries of users' procedure files: which scan, which distillery, which parameters; of both dialects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kit.hgcroc.planning.documents import Findings, Mapped
from kit.hgcroc.planning.procedures import Library

__all__ = ["Analysis", "read_analyses", "read_analysis"]


@dataclass(frozen=True)
class Analysis:
    """An entry of type analysis.

    Attributes
    ----------
    name : str
        By which procedures ask for its calibration.
    scans : tuple of str
        The procedures whose data it takes.
    method : str
        The distillery: ``module_name`` where that is given, else the entry's name.
    parameters : dict
        As they are written.
    spot : str
        Where it stands.
    """

    name: str
    scans: tuple[str, ...]
    method: str
    parameters: dict[str, Any] = field(default_factory=dict)
    spot: str = ""


def read_analysis(library: Library, name: str) -> Analysis:
    """Return the analysis `name`.

    Raises
    ------
    ProcedureError
        With a list of all analyses, if there is none of this name; with what is wrong with it.
    """
    entry = library.find(name, "analysis")
    findings = Findings()
    mapped = Mapped(entry.document, entry.keys, findings)
    mapped.take("name", str, "text")
    mapped.take("type", str, "analysis")
    scans = mapped.take("daq", (str, list), "the name of a scan, or a list of names")
    method = mapped.take("module_name", str, "the name of a distillery", name)
    parameters = mapped.take("parameters", dict, "a map", {})
    mapped.choose("compatible_modes", ("summary", "full", "both"), "summary")
    mapped.take("provides_calibration", bool, "true or false", False)
    names = [scans] if isinstance(scans, str) else list(scans or [])
    if scans is not None and (not names or not all(isinstance(each, str) for each in names)):
        mapped.fault(["daq"], f"is {scans!r}, should be the name of a scan, or a list of names")
    findings.refuse()
    return Analysis(name, tuple(names), str(method), dict(parameters or {}), mapped.spot(()))


def read_analyses(library: Library) -> list[Analysis]:
    """Return all analyses of a library."""
    return [read_analysis(library, name) for name in dict.fromkeys(library.names("analysis"))]
