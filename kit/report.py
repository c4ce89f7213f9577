"""A page of runs: every stage with its pictures, its numbers and links to what it left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kit import files
from kit.manifest import FinishedRun, number_text

__all__ = ["write_page"]

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
 :root { color-scheme: light dark; }
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
 nav a { margin-right: 1rem; }
 section { border-top: 1px solid #8888; margin-top: 2.5rem; padding-top: .5rem; }
 .state { border-radius: .3rem; padding: .1rem .5rem; font-size: .8rem; color: #fff; background: #2b6a99; }
 .state.failed { background: #bd1f01; }
 table { border-collapse: collapse; margin: .5rem 0; }
 td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
 td:first-child { color: #777; white-space: nowrap; }
 .pictures { columns: 30rem; column-gap: 1.5rem; }
 figure { margin: 0 0 1.5rem; break-inside: avoid; }
 figure img { width: 100%; max-height: 34rem; object-fit: contain; object-position: left top; background: #fff; }
 figcaption, small { color: #777; }
 .fault, .notice { white-space: pre-wrap; border-left: .3rem solid #bd1f01; padding-left: .7rem; }
 .notice { border-color: #ffa90e; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ sentence }}</p>
<nav>{% for run in runs %}<a href="#{{ run.stage }}">{{ run.stage }}</a>{% endfor %}</nav>
{% for run in runs %}
<section id="{{ run.stage }}">
<h2>{{ run.stage }} <span class="state {{ run.state }}">{{ run.state }}</span></h2>
{% if run.fault %}<p class="fault">{{ run.fault }}</p>{% endif %}
{% for notice in run.notices %}<p class="notice">{{ notice }}</p>{% endfor %}
<table>{% for name, value in run.summary %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>{% endfor %}</table>
<p>{% for name, link in run.links %}<a href="{{ link }}">{{ name }}</a> {% endfor %}
<small>{{ run.times }}</small></p>
<div class="pictures">
{% for name, link in run.pictures %}
<figure><a href="{{ link }}"><img src="{{ link }}" alt="{{ run.stage }}: {{ name }}" loading="lazy"></a>
<figcaption>{{ name }}</figcaption></figure>
{% endfor %}
</div>
</section>
{% endfor %}
</body>
</html>
"""


def write_page(path: Path, title: str, sentence: str, runs: Sequence[FinishedRun]) -> None:
    """Write one HTML page about `runs` to `path`; links are relative, so that the folder can be moved.

    Parameters
    ----------
    path : Path
        The page.
    title, sentence : str
        What stands on top.
    runs : sequence of FinishedRun
        In the order in which they are shown; failed ones show their fault.
    """
    import jinja2

    environment = jinja2.Environment(autoescape=True)
    page = environment.from_string(TEMPLATE).render(
        title=title, sentence=sentence, runs=[_entry(run, path.parent) for run in runs]
    )
    with files.whole(path) as part:
        part.write_text(page, encoding="utf-8")


def _entry(run: FinishedRun, folder: Path) -> dict[str, object]:
    # in the order in which they were drawn, which is that of the notebook
    pictures = sorted((run.directory / "plots").glob("*.png"), key=lambda picture: picture.stat().st_mtime_ns)
    paths = [
        *sorted(run.directory.glob("*.ipynb")),
        *(run.directory / output["path"] for output in run.manifest.get("outputs", [])),
        run.directory / "manifest.json",
    ]
    fault = run.manifest.get("fault")
    seconds = run.manifest.get("seconds")
    return {
        "stage": run.stage,
        "state": run.state,
        "fault": fault["message"] if fault else "",
        "notices": run.manifest.get("notices", []),
        "summary": [(name.replace("_", " "), number_text(value)) for name, value in run.summary.items()],
        "links": [(path.name, files.link(path, folder)) for path in paths],
        "pictures": [(path.stem.replace("_", " "), files.link(path, folder)) for path in pictures],
        "times": f"{run.manifest.get('started', '')}, {seconds:.1f} s" if seconds is not None else "",
    }
