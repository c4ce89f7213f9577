"""A page that needs nothing beside it: pictures and styles lie inside, nothing is fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit import files

__all__ = ["notebook_html", "write_html"]

TAGS = frozenset(
    [
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "div", "span", "blockquote", "a", "img"),
        *("ul", "ol", "li", "dl", "dt", "dd", "b", "strong", "i", "em", "u", "s", "sub", "sup", "small"),
        *("code", "pre", "kbd", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"),
    ]
)

STYLE = """
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
 h2 { border-top: 1px solid #8888; margin-top: 2.5rem; padding-top: .5rem; }
 .state { border-radius: .3rem; padding: .1rem .5rem; font-size: .8rem; color: #fff; background: #2b6a99; }
 .state.failed, .state.stopped { background: #bd1f01; }
 .state.running { background: #7a4a00; }
 table { border-collapse: collapse; margin: .5rem 0; }
 th, td { padding: .1rem 1rem .1rem 0; vertical-align: top; text-align: left; overflow-wrap: anywhere; }
 th { border-bottom: 1px solid #8888; }
 .wide { overflow-x: auto; }
 .wide th, .wide td { white-space: nowrap; }
 td.name { color: #777; white-space: nowrap; }
 figure { margin: 0 0 1.5rem; }
 .pictures { columns: 30rem; column-gap: 1.5rem; }
 .pictures figure { break-inside: avoid; }
 img { max-width: 100%; background: #fff; }
 figcaption, small { color: #777; }
 .fault, .notice { white-space: pre-wrap; border-left: .3rem solid #bd1f01; padding-left: .7rem; }
 .notice { border-color: #ffa90e; }
 pre { overflow-x: auto; }
 .notebook .input_area { background: #8881; border-radius: .3rem; padding: .1rem .6rem; }
 .notebook .prompt { color: #777; font-size: .75rem; }
 .notebook .anchor-link { display: none; }
 .notebook pre { margin: .4rem 0; font-size: .85rem; }
"""

FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style|safe }}</style>
</head>
<body>
{{ body|safe }}
</body>
</html>
"""


def write_html(path: Path, title: str, template: str, values: Mapping[str, Any]) -> None:
    """Write the page `path`: `template`, in the words of jinja2, filled with `values`; everything is escaped."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    body = environment.from_string(template).render(**values)
    page = environment.from_string(FRAME).render(title=title, style=STYLE, body=body)
    with files.whole(path) as part:
        part.write_text(page, encoding="utf-8")


def notebook_html(path: Path) -> str:
    """Return an executed notebook as HTML: prose, code, outputs, pictures inside; nothing in it can run.

    Raises
    ------
    ModuleNotFoundError
        If nbconvert is not installed.
    FormatError
        If the file is no notebook.
    """
    try:
        import bleach
        import nbconvert
        import nbformat
    except ModuleNotFoundError:
        message = "the notebook is shown where nbconvert is installed: pip install -e '.[lab]' in the project"
        raise ModuleNotFoundError(message) from None
    try:
        content = nbformat.read(path, as_version=4)
    except (ValueError, nbformat.ValidationError) as fault:
        message = f"{files.shown(path)}: is no notebook: {str(fault).splitlines()[0]}"
        raise files.FormatError(message) from None
    exporter: Any = nbconvert.HTMLExporter(template_name="basic", embed_images=True)  # type: ignore[no-untyped-call]
    body, _ = exporter.from_notebook_node(content)
    return _code_style() + str(
        bleach.clean(
            body, tags=TAGS, attributes=_may_stay, protocols=["http", "https", "mailto", "data"], strip=True
        )
    )


def _may_stay(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute may stay: nothing that runs, no picture that would be fetched."""
    if name in ("href", "src"):
        return (tag == "a" and not value.startswith("data:")) or (tag == "img" and value.startswith("data:image/"))
    return name in ("class", "id", "title", "alt", "colspan", "rowspan", "width", "height")


def _code_style() -> str:
    """Return the colours of code."""
    from pygments.formatters import HtmlFormatter

    return f"<style>{HtmlFormatter().get_style_defs('.highlight')}</style>"
