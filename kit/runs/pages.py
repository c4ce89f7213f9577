"""The page of a run, of a batch run, of a campaign: numbers, values, files, and the executed notebook."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import files, manifest
from kit.manifest import FinishedRun, number_text
from kit.runs.finding import POINTS, FoundRun, runs_below
from kit.runs.rendering import notebook_html, write_html

__all__ = ["PAGE", "report"]

PAGE = "report.html"
CAMPAIGN = "campaign.json"
ROWS = 1000  # of points that a page lists; those that are not done come first

RUN = """
<h1>{{ stage }} <span class="state {{ state }}">{{ state }}</span></h1>
<p><small>{{ about }}</small></p>
{% if fault %}<p class="fault">{{ fault }}</p>{% endif %}
{% for notice in notices %}<p class="notice">{{ notice }}</p>{% endfor %}
<table>{% for name, value in summary %}<tr><td class="name">{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>
{% if points %}
<h2>Points</h2>
<p>{{ points.sentence }}</p>
<div class="wide"><table>
<tr>{% for name in points.columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in points.rows %}<tr>{% for value, link in row %}<td>{% if link %}<a href="{{ link }}">{{ value }}</a>
{% else %}{{ value }}{% endif %}</td>{% endfor %}</tr>
{% endfor %}</table></div>
{% endif %}
{% if pictures %}<h2>Pictures</h2>
<div class="pictures">{% for name, address in pictures %}
<figure><img src="{{ address }}" alt="{{ name }}"><figcaption>{{ name }}</figcaption></figure>{% endfor %}
</div>{% endif %}
{% if notebook %}<h2>Notebook, as it was executed</h2>
<div class="notebook">{{ notebook|safe }}</div>
{% elif why_no_notebook %}<p class="notice">{{ why_no_notebook }}</p>{% endif %}
{% if parameters %}<h2>Values</h2>
<table>{% for name, value in parameters %}<tr><td class="name">{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>{% endif %}
{% for title, entries in tables %}{% if entries %}<h2>{{ title }}</h2>
<div class="wide"><table><tr><th>file</th><th>bytes</th><th>checksum</th></tr>
{% for entry in entries %}<tr>{% for text in entry %}<td>{{ text }}</td>{% endfor %}</tr>
{% endfor %}</table></div>{% endif %}{% endfor %}
<h2>Software</h2>
<p>{{ software }}</p>
"""

CHAIN = """
<h1>Campaign {{ name }}</h1>
<table><tr><th>stage</th><th>what it ran</th><th>state</th><th>begun (UTC)</th><th>numbers</th></tr>
{% for row in rows %}<tr><td>{{ row.name }}</td><td>{% if row.link %}<a href="{{ row.link }}">{{ row.stage }}</a>
{% else %}{{ row.stage }}{% endif %}</td><td><span class="state {{ row.state }}">{{ row.state }}</span></td>
<td>{{ row.started }}</td><td>{{ row.numbers }}</td></tr>
{% endfor %}</table>
"""


def report(directory: Path) -> Path:
    """Write ``report.html`` into the directory of a run, a batch run or a campaign, and return its path.

    The page needs nothing beside it. Pages of a batch run and of a campaign link to those of what they
    consist of, which are written, too.

    Raises
    ------
    FileNotFoundError
        If the directory is none of the three.
    FormatError
        If a manifest or notebook is damaged.
    """
    if (directory / CAMPAIGN).is_file():
        return _campaign_page(directory)
    run = manifest.load(directory)
    points = _points(run) if (directory / POINTS).is_file() else None
    notebook, why_not = _notebook(run) if points is None else ("", "")
    path = directory / PAGE
    values = {**_told(run), "points": points, "notebook": notebook, "why_no_notebook": why_not}
    values["pictures"] = [] if notebook else list(_pictures(directory))
    write_html(path, f"{run.stage}: {directory.name}", RUN, values)
    return path


def _told(run: FinishedRun) -> dict[str, Any]:
    content = run.manifest
    seconds, cpu = content.get("seconds"), content.get("cpu_seconds")
    parts = [
        files.shown(run.directory),
        f"begun {content.get('started', '')} (UTC)",
        f"{seconds:.1f} s" if seconds else "",
        f"{cpu:.1f} s of CPU" if cpu else "",
        f"{content['peak_memory_mb']:.0f} MB at most" if content.get("peak_memory_mb") else "",
        f"on {content['host']}" if content.get("host") else "",
    ]
    software = content.get("software", {})
    versions = {name: software[name] for name in ("kit", "commit", "python", "system") if software.get(name)}
    return {
        "stage": run.stage,
        "state": run.state,
        "about": " · ".join(filter(None, parts)),
        "fault": (content.get("fault") or {}).get("message", ""),
        "notices": content.get("notices", []),
        "summary": [(name.replace("_", " "), number_text(value)) for name, value in run.summary.items()],
        "parameters": [(name, number_text(value)) for name, value in run.parameters.items()],
        "tables": [(title, list(_files(content.get(title.lower(), [])))) for title in ("Inputs", "Outputs")],
        "software": ", ".join(
            f"{name} {text}" for name, text in {**versions, **software.get("packages", {})}.items()
        ),
    }


def _files(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for entry in entries[:ROWS]:
        checksum = entry.get("sha256") or entry.get("checksum") or ""
        yield str(entry["path"]), number_text(entry.get("bytes")), str(checksum)
    if len(entries) > ROWS:
        yield f"and {number_text(len(entries) - ROWS)} more", "", ""


def _notebook(run: FinishedRun) -> tuple[str, str]:
    """Return the executed notebook as HTML, or why it is not shown."""
    path = run.directory / f"{run.stage.rpartition('/')[2]}.ipynb"
    if not path.is_file():
        return "", "no executed notebook was kept"
    try:
        return notebook_html(path), ""
    except ModuleNotFoundError as fault:
        return "", str(fault)


def _pictures(directory: Path) -> Iterator[tuple[str, str]]:
    """Yield pictures in the order in which they were drawn, which is that of the notebook."""
    for path in sorted((directory / "plots").glob("*.png"), key=lambda path: path.stat().st_mtime_ns):
        yield path.stem.replace("_", " "), files.picture_address(path)


def _points(run: FinishedRun) -> dict[str, Any]:
    """Return the table of a batch run's points, and write the page of each whose files have been collected."""
    table = run.directory / "merged" / "points.csv"
    if not table.is_file():
        return {"columns": [], "rows": [], "sentence": "The points are not merged yet: kit status merges them."}
    with table.open(newline="", encoding="utf-8") as stream:
        lines = csv.reader(stream)
        columns = next(lines)
        rows = list(lines)
    columns, rows = _telling(columns, rows)
    rows.sort(key=lambda row: row[columns.index("state")] == "done")  # keeps the order of the points otherwise
    shown = [
        [(row[0], _page_of(run.directory / "outputs" / row[0])), *((text, "") for text in row[1:])]
        for row in rows[:ROWS]
    ]
    more = f" The first {number_text(ROWS)} are shown, all are in merged/points.csv." if len(rows) > ROWS else ""
    return {
        "columns": columns,
        "rows": shown,
        "sentence": f"{number_text(len(rows))} points; what is the same for all is left out.{more}",
    }


def _telling(columns: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the table without columns that say the same of all points, apart from id and state."""
    kept = [
        number
        for number, name in enumerate(columns)
        if name in ("id", "state") or len({row[number] for row in rows}) > 1
    ]
    return [columns[number] for number in kept], [[row[number] for number in kept] for row in rows]


def _page_of(directory: Path) -> str:
    """Write the page of a point, and return its address; empty where it has not been collected."""
    if not (directory / manifest.MANIFEST).is_file():
        return ""
    return files.link(report(directory), directory.parent.parent)


def _campaign_page(directory: Path) -> Path:
    record = files.read_json(directory / CAMPAIGN)
    rows = [_chain_row(name, files.resolve(about["run"]), directory) for name, about in record["stages"].items()]
    path = directory / PAGE
    write_html(path, f"Campaign {record['campaign']}", CHAIN, {"name": record["campaign"], "rows": rows})
    return path


def _chain_row(name: str, place: Path, directory: Path) -> dict[str, str]:
    found: FoundRun | None = next(iter(runs_below(place)), None)
    if found is None:
        return {
            "name": name,
            "stage": files.shown(place),
            "state": "gone",
            "link": "",
            "started": "",
            "numbers": "",
        }
    summary = found.run.summary.items()
    return {
        "name": name,
        "stage": found.run.stage,
        "state": found.state,
        "link": files.link(report(found.directory), directory),
        "started": found.started[:19].replace("T", " "),
        "numbers": ", ".join(f"{key.replace('_', ' ')} {number_text(value)}" for key, value in summary),
    }
