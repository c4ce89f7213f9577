"""The report of a board on one page: grades, bad channels, and what each analysis found with its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.distilleries import DISTILLERIES
from kit.hgcroc.calibration.grading import BadChannel, ChipGrade, worst
from kit.hgcroc.calibration.units import label_of
from kit.manifest import number_text

__all__ = ["PICTURES", "report_text"]

# pictures of each analysis, as `plots.distillation_figures` names them
PICTURES = {
    "pedestals": ("pedestals", "noise"),
    "inv_vref": ("inv_vref",),
    "noinv_vref": ("noinv_vref",),
    "phase": ("phase",),
    "phase_steps": ("phase_steps",),
    "trim_inv": ("trim_inv",),
    "gain": ("gain", "gain_map"),
    "crosstalk": ("crosstalk",),
    "toa_vref": ("toa_vref",),
    "trim_toa": ("trim_toa",),
    "toa_curves": ("toa_curves", "toa_map"),
    "time_walk": ("time_walk",),
    "tot_vref": ("tot_vref",),
    "trim_tot": ("trim_tot",),
    "tot_line": ("tot_line",),
    "joining": ("joining",),
}

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Board {{ board }}: {{ grade }}</title>
<style>
 :root { color-scheme: light dark; }
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
 section { border-top: 1px solid #8888; margin-top: 2rem; }
 table { border-collapse: collapse; margin: .5rem 0; }
 td, th { padding: .1rem 1rem .1rem 0; text-align: left; vertical-align: top; }
 th { color: #777; font-weight: normal; }
 .grade { border-radius: .3rem; padding: .1rem .5rem; color: #fff; background: #2b6a99; }
 .grade.okish { background: #9a6b00; } .grade.bad { background: #bd1f01; }
 img { max-width: 100%; background: #fff; }
 .remark { border-left: .3rem solid #ffa90e; padding-left: .7rem; }
 small { color: #777; }
</style>
</head>
<body>
<h1>Board {{ board }} <span class="grade {{ grade }}">{{ grade }}</span></h1>
<table>
<tr><th>chip</th><th>grade</th><th>why</th>{% for name in numbers %}<th>{{ label("", name) }}</th>{% endfor %}</tr>
{% for chip in chips %}<tr><td>{{ chip.chip }}</td><td><span class="grade {{ chip.grade }}">{{ chip.grade }}</span></td>
<td>{{ chip.reasons | join("; ") }}</td>{% for name in numbers %}<td>{{ told(chip.numbers[name]) }}</td>{% endfor %}</tr>
{% endfor %}</table>
<h2>Bad channels</h2>
{% if bad %}<table><tr><th>chip</th><th>channel</th><th>why</th><th>found by</th></tr>
{% for each in bad %}<tr><td>{{ each.chip }}</td><td>{{ each.channel }}{% if each.kind != "channel" %} ({{ each.kind }}){% endif %}</td>
<td>{{ each.reasons }}</td><td>{{ each.analyses | join(", ") }}</td></tr>
{% endfor %}</table>{% else %}<p>none</p>{% endif %}
{% if short %}<p>{{ short | length }} more are good, but a trim does not reach its target:
{% for each in short %}{{ each.chip }}.{% if each.kind != "channel" %}{{ each.kind }} {% endif %}{{ each.channel }} ({{ each.analyses | join(", ") }}){{ "" if loop.last else "; " }}{% endfor %}</p>{% endif %}
{% for each in analyses %}
<section id="{{ each.name }}">
<h2>{{ each.title }}</h2>
{% for remark in each.remarks %}<p class="remark">{{ remark }}</p>{% endfor %}
<table>{% for name, value in each.summary.items() %}<tr><td>{{ label(each.name, name) }}</td><td>{{ told(value) }}</td></tr>{% endfor %}</table>
<p><a href="{{ each.name }}/summary.csv">all channels</a>{% if each.overlay %}
<a href="{{ each.name }}/overlay.yaml">calibration</a>{% endif %} <small>{{ each.sources | join(", ") }}</small></p>
{% for picture in each.pictures %}<img src="plots/{{ picture }}.png" alt="{{ each.title }}: {{ picture.replace('_', ' ') }}" loading="lazy">
{% endfor %}
</section>
{% endfor %}
{% for name, names in own.items() %}
<section id="{{ name }}">
<h2>{{ name }}, an analysis of one's own</h2>
<p>{% for each in names %}<a href="{{ name }}/{{ each }}">{{ each }}</a> {% endfor %}</p>
{% for each in names if each.endswith(".png") %}<img src="{{ name }}/{{ each }}" alt="{{ name }}: {{ each }}" loading="lazy">
{% endfor %}
</section>
{% endfor %}
</body>
</html>
"""  # noqa: E501 - markup


def report_text(
    board: str, grades: Sequence[ChipGrade], bad: Sequence[BadChannel], found: Mapping[str, Distillate],
    short: Sequence[BadChannel] = (), own: Mapping[str, Sequence[str]] | None = None,
) -> str:  # fmt: skip
    """Return the page; pictures and tables are links beside it, so that the folder can be moved.

    `short` are channels against which there is nothing but a target that their trim does not reach; `own` are
    the files of analyses of the user's own.
    """
    import jinja2

    numbers = list(dict.fromkeys(name for each in grades for name in each.numbers))
    analyses = [
        {
            "name": name, "title": DISTILLERIES[name].title, "summary": each.summary, "sources": each.sources,
            "remarks": each.remarks, "overlay": bool(each.tree), "pictures": PICTURES.get(name, ()),
        }
        for name, each in found.items()
    ]  # fmt: skip
    return (
        jinja2.Environment(autoescape=True)
        .from_string(TEMPLATE)
        .render(
            board=board,
            grade=worst(list(grades)),
            chips=grades,
            bad=bad,
            short=short,
            own=own or {},
            label=label_of,
            analyses=analyses,
            numbers=numbers,
            told=_told,
        )
    )


def _told(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value))
    return f"{value:.4g}" if isinstance(value, float) else number_text(value)
