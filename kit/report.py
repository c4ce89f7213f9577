"""A page of runs: every stage with its numbers, links to what it left, and its pictures, which lie inside."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from kit import files
from kit.manifest import FinishedRun, number_text

__all__ = ["write_page"]

SLIMMEST = 0.6  # shorter over longer side of a picture that can stand on a card

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
 :root { color-scheme: light dark; --line: #8885; --soft: light-dark(#5b5b5b, #adadad); }
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
 h1 { margin-bottom: .2rem; }
 a { color: light-dark(#1a5fb4, #8ab8ff); }
 .lead { font-size: 1.15rem; margin: 0; max-width: 50rem; }
 .about, small, figcaption, td:first-child { color: var(--soft); }
 nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
 nav a { display: flex; flex-direction: column; border: 1px solid var(--line); border-radius: .5rem;
   overflow: hidden; text-decoration: none; color: inherit; }
 nav a:hover, nav a:focus-visible { outline: 3px solid #1a5fb4; }
 nav .cover { height: 10rem; background: #fff; display: flex; align-items: center; justify-content: center; }
 nav .cover img { max-width: 100%; max-height: 100%; object-fit: contain; }
 nav .words { padding: .5rem .8rem .7rem; font-size: .9rem; line-height: 1.4; }
 nav strong { display: block; font-size: 1rem; }
 nav small { font-weight: normal; }
 section { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .5rem; }
 h2 { margin-bottom: .2rem; }
 h2 small { font-weight: normal; font-size: .9rem; }
 .state { border-radius: .3rem; padding: .1rem .5rem; font-size: .8rem; color: #fff; background: #2b6a99; }
 .state.failed { background: #b01c00; }
 .numbers { columns: 22rem; column-gap: 2rem; margin: .8rem 0; }
 table { border-collapse: collapse; width: 100%; }
 tr { break-inside: avoid; }
 td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
 td:first-child { min-width: 9em; }
 td:last-child { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; min-width: 7em; }
 section small a { overflow-wrap: anywhere; }
 .pictures { columns: 30rem; column-gap: 1.5rem; }
 figure { margin: 0 0 1.5rem; break-inside: avoid; }
 figure img { width: 100%; max-height: 34rem; object-fit: contain; object-position: left top; background: #fff; }
 .fault, .notice { white-space: pre-wrap; overflow-wrap: anywhere;
   border-left: .3rem solid #b01c00; padding-left: .7rem; }
 .notice { border-color: #ffa90e; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="lead">{{ sentence }}</p>
<p class="about">{{ about }}</p>
<nav aria-label="stages">{% for run in runs %}
<a href="#{{ run.stage }}">
{% if run.cover %}<span class="cover"><img src="{{ run.cover }}" alt=""></span>{% endif %}
<span class="words"><strong>{{ run.title }} <small>{{ run.stage }}</small></strong>{{ run.sentence }}
{% if run.state != "complete" %}<span class="state {{ run.state }}">{{ run.state }}</span>{% endif %}
</span></a>{% endfor %}</nav>
{% for run in runs %}
<section id="{{ run.stage }}">
<h2>{{ run.title }} <small>{{ run.stage }}</small> <span class="state {{ run.state }}">{{ run.state }}</span></h2>
{% if run.sentence %}<p>{{ run.sentence }}</p>{% endif %}
{% if run.fault %}<p class="fault">{{ run.fault }}</p>{% endif %}
{% for notice in run.notices %}<p class="notice">{{ notice }}</p>{% endfor %}
<div class="pictures">
{% for name, link, content in run.pictures %}
<figure><a href="{{ link }}"><img src="{{ content }}" alt="{{ run.stage }}: {{ name }}"></a>
<figcaption>{{ name }}</figcaption></figure>
{% endfor %}
</div>
<div class="numbers"><table>{% for name, value in run.summary %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table></div>
<p><small>Beside this page: {% for name, link in run.links %}<a href="{{ link }}">{{ name }}</a> {% endfor %}
· {{ run.times }}</small></p>
</section>
{% endfor %}
</body>
</html>
"""


def write_page(
    path: Path,
    title: str,
    sentence: str,
    runs: Sequence[FinishedRun],
    about: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Write one HTML page about `runs` to `path`.

    Pictures lie inside, so that the page alone can be sent; links are relative, so that the folder can be moved.

    Parameters
    ----------
    path : Path
        The page.
    title, sentence : str
        What stands on top.
    runs : sequence of FinishedRun
        In the order in which they are shown; failed ones show their fault.
    about : mapping of str to pair of str, optional
        Heading and first sentence of each stage.
    """
    import jinja2

    environment = jinja2.Environment(autoescape=True)
    page = environment.from_string(TEMPLATE).render(
        title=title,
        sentence=sentence,
        about=_about(runs),
        runs=[_entry(run, path.parent, *(about or {}).get(run.stage, (run.stage, ""))) for run in runs],
    )
    with files.whole(path) as part:
        part.write_text(page, encoding="utf-8")


def _about(runs: Sequence[FinishedRun]) -> str:
    """Return what is common to all runs: how many, how long, when, with what."""
    if not runs:
        return ""
    seconds = sum(run.manifest.get("seconds") or 0.0 for run in runs)
    last = runs[-1].manifest
    software = last.get("software", {})
    versions = [f"{name} {software[name][:8]}" for name in ("kit", "commit", "python") if software.get(name)]
    begun = last.get("started", "")[:16].replace("T", " ")
    return " · ".join([f"{len(runs)} stages in {seconds:.0f} s", f"{begun} UTC", *versions])


def _cover(pictures: Sequence[Path]) -> Path | None:
    """Return the picture that is legible when it is small: the first that is neither a strip nor a tower.

    Where all are, the one that is so the least.
    """
    slimness = {picture: _slimness(picture) for picture in pictures}
    fitting = [picture for picture, slim in slimness.items() if slim > SLIMMEST]
    return fitting[0] if fitting else max(slimness, key=slimness.__getitem__, default=None)


def _slimness(picture: Path) -> float:
    """Return the shorter over the longer side of a picture, 0 where it has none."""
    sides: tuple[int, int] = struct.unpack(">II", picture.read_bytes()[16:24].ljust(8, b"\0"))  # of a PNG's header
    return min(sides) / max(*sides, 1)


def _entry(run: FinishedRun, folder: Path, title: str, sentence: str) -> dict[str, object]:
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
        "title": title,
        "sentence": sentence,
        "state": run.state,
        "fault": fault["message"] if fault else "",
        "notices": run.manifest.get("notices", []),
        "summary": [(name.replace("_", " "), number_text(value)) for name, value in run.summary.items()],
        "links": [(path.name, files.link(path, folder)) for path in paths],
        "pictures": [
            (path.stem.replace("_", " "), files.link(path, folder), files.picture_address(path))
            for path in pictures
        ],
        "cover": files.picture_address(cover) if (cover := _cover(pictures)) else "",
        "times": f"{seconds:.1f} s" if seconds is not None else "",
    }
