"""The table of yields: one row a process, as CSV to look at and as JSON for the next stage."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kit.files import FormatError, read_json
from kit.mu2e.catalogue import Primary, catalogue_of
from kit.mu2e.processes import COSMICS

__all__ = ["UNITS", "Row", "Yields", "csv_text", "read_yields", "risk_text"]

UNITS = {"on_spill": "s", "wall": "s", "threshold": "MeV", "cosmic_seconds": "s"}
FORMAT = 1  # of yields.json
SMALLEST_RISK = 1e-6  # that is told as a number


@dataclass(frozen=True)
class Row:
    """The numbers of one process; None where something is not known or does not apply.

    Attributes
    ----------
    source : str
        What the numbers are from: spectrum, table of efficiencies.
    number : float
        Expected events before selection, N; for cosmics seconds.
    normaliser, reco, efficiency : float or None
        Events generated (cosmics: seconds), entries of the primary, their ratio.
    mean : float or None
        Expected events in the sample, μ.
    stat, rate, syst : float or None
        Relative errors: of the size of the sample, of the rate of stops, all else that is known.
    integral_shift : float or None
        What μ would change by, relatively, were the spectrum integrated instead of summed.
    """

    process: str
    source: str
    on_spill: float
    wall: float
    pot: float
    threshold: float | None
    fraction: float
    number: float
    normaliser: float | None = None
    reco: float | None = None
    efficiency: float | None = None
    mean: float | None = None
    stat: float | None = None
    rate: float | None = None
    syst: float | None = None
    integral_shift: float | None = None
    available: float | None = None
    headroom: float | None = None
    p_exhaust: float | None = None
    weight: float | None = None
    synthetic: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Yields:
    """What a run of `yields` left: its parameters, the catalogue that it found, its rows, its exposure."""

    parameters: Mapping[str, Any]
    catalogue: Mapping[str, Primary]
    rows: tuple[Row, ...]
    exposure: Mapping[str, Any]
    checksum: str = ""

    @property
    def tag(self) -> str:
        """Name of the ensemble."""
        return str(self.parameters["tag"])

    def _repr_html_(self) -> str:
        return html_table(self)

    def plain(self) -> dict[str, Any]:
        """Return it as ``yields.json`` holds it."""
        return {
            "format": FORMAT,
            "parameters": dict(self.parameters),
            "exposure": dict(self.exposure),
            "catalogue": {name: primary.plain() for name, primary in self.catalogue.items()},
            "rows": [row.plain() for row in self.rows],
        }


def html_table(made: Yields) -> str:
    """Return the rows as people read them, below the exposure in all its names."""
    heads = [
        "process",
        "above",
        "N before selection",
        "ε",
        "μ in the sample",
        "statistics",
        "stops",
        "systematics",
    ]
    heads += ["integral", "available", "headroom", "P(dry)"]
    lines = []
    for row in made.rows:
        unit = " s" if row.process in COSMICS else ""
        cells = [
            html.escape(row.process) + (" *" if row.synthetic else ""),
            "–" if row.threshold is None else f"{row.threshold:g} MeV",
            f"{row.number:.6g}{unit}",
            *(_digits(value) for value in (row.efficiency, row.mean)),
            *(_percent(value) for value in (row.stat, row.rate, row.syst, row.integral_shift)),
            *(_digits(value) for value in (row.available, row.headroom)),
            html.escape(risk_text(row.p_exhaust)),
        ]
        lines.append("".join(f"<td style='text-align:right; padding:0 .5em'>{cell}</td>" for cell in cells))
    e = made.exposure
    times = f"{e['on_spill_s']:.6g} s on spill, {e['wall_s']:.6g} s wall"
    above = f"{e['run_mode']}, {times}, {e['pot']:.5g} protons on target"
    below = "* simulated stand-in, not Mu2e simulation" if any(row.synthetic for row in made.rows) else ""
    head = "".join(f"<th style='padding:0 .5em'>{word}</th>" for word in heads)
    return f"<b>{above}</b><table><tr>{head}</tr><tr>" + "</tr><tr>".join(lines) + f"</tr></table>{below}"


def _digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def risk_text(value: float | None) -> str:
    """Return a probability in words that nobody has to read twice where it is next to nothing."""
    return "–" if value is None else f"{value:.1g}" if value >= SMALLEST_RISK else f"< {SMALLEST_RISK:g}"


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{100 * value:.2g} %"


def csv_text(rows: tuple[Row, ...]) -> str:
    """Return the rows as CSV, units in the heading; what is not known stays empty."""
    stream = io.StringIO()
    names = [field.name for field in fields(Row)]
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([f"{name} [{UNITS[name]}]" if name in UNITS else name for name in names])
    for row in rows:
        writer.writerow(["" if value is None else value for value in asdict(row).values()])
    return stream.getvalue()


def read_yields(path: Path) -> Yields:
    """Return what ``yields.json`` holds.

    Raises
    ------
    FormatError
        If it is no such file.
    """
    content = read_json(path)
    if (
        not isinstance(content, dict)
        or content.get("format") != FORMAT
        or not isinstance(content.get("rows"), list)
        or not all(isinstance(content.get(name), dict) for name in ("parameters", "exposure"))
        or not isinstance(content.get("catalogue", ""), dict | None)
    ):
        message = f"{path}: should be the yields.json that mu2e/yields writes"
        raise FormatError(message)
    try:
        rows = tuple(Row(**row) for row in content["rows"])
    except TypeError as fault:
        message = f"{path}: rows: {fault}"
        raise FormatError(message) from None
    catalogue = catalogue_of(content["catalogue"], str(path)) if content["catalogue"] else {}
    return Yields(content["parameters"], catalogue, rows, content["exposure"])
